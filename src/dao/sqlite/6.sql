-- Version 6: who is banned, muted or slowed, and what was done to keep order.

-- record is the line of an export (docs/store.md), which says the rest.
CREATE TABLE sanctions (
    room   INTEGER NOT NULL,       -- named.number; 0: the whole server
    name   TEXT NOT NULL,          -- measure and against whom, with a blank between
    record TEXT NOT NULL,
    PRIMARY KEY (room, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE deeds (
    time   INTEGER NOT NULL,
    nonce  INTEGER NOT NULL,       -- the attempt that wrote it
    record TEXT NOT NULL,
    PRIMARY KEY (time, nonce)
) STRICT, WITHOUT ROWID;
