-- Version 12: rooms that were closed.

-- rooms.no of what is still to be removed; its key there is that of no room.
CREATE TABLE closed (room INTEGER PRIMARY KEY) STRICT;
