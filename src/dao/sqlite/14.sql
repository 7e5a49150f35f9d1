-- Version 14: what the command line tells the server that serves from this file.

CREATE TABLE told (
    id     INTEGER PRIMARY KEY AUTOINCREMENT,   -- none is given again: a server remembers the last
    time   INTEGER NOT NULL,
    tiding TEXT NOT NULL                        -- JSON, a Tiding
) STRICT;
