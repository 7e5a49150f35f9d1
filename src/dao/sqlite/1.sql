-- Version 1. Times are milliseconds since 1970 (UTC), ids as in the protocol.

-- One row.
CREATE TABLE meta (
    epoch      TEXT NOT NULL,
    key        BLOB NOT NULL,
    next_user  INTEGER NOT NULL,  -- the next id the store gives by itself, upwards
    next_guest INTEGER NOT NULL   -- the next guest's id, downwards
) STRICT;

CREATE TABLE users (
    id       INTEGER PRIMARY KEY,
    name     TEXT NOT NULL,
    name_key TEXT NOT NULL,       -- what names are compared by (RFC 8266)
    secret   TEXT NOT NULL        -- an Argon2id PHC string
) STRICT;
CREATE INDEX users_by_name ON users (name_key, id);

-- Ids at or above next_user that had an owner: the store does not give them to another.
CREATE TABLE retired (id INTEGER PRIMARY KEY) STRICT;

-- Keys are long and in every message: messages carry the number.
CREATE TABLE rooms (
    no      INTEGER PRIMARY KEY,
    key     TEXT NOT NULL UNIQUE, -- lobby, @100,200
    last_id INTEGER NOT NULL      -- the newest id ever given in this room
) STRICT;
INSERT INTO rooms (no, key, last_id) VALUES (1, 'lobby', 0);

-- seq is the order over all rooms and never used twice: what indexes the messages later knows
-- by it how far it is.
CREATE TABLE messages (
    seq       INTEGER PRIMARY KEY AUTOINCREMENT,
    room      INTEGER NOT NULL,
    id        INTEGER NOT NULL,
    sender    INTEGER NOT NULL,
    name      TEXT NOT NULL,
    time      INTEGER NOT NULL,
    text      TEXT NOT NULL,
    reference TEXT NOT NULL,
    UNIQUE (room, id)
) STRICT;

-- A reference outlives its message, so it has a table of its own. device '' is the one that
-- clients share which cannot acknowledge.
CREATE TABLE refs (
    room      INTEGER NOT NULL,
    sender    INTEGER NOT NULL,
    device    TEXT NOT NULL,
    reference TEXT NOT NULL,
    id        INTEGER NOT NULL,
    time      INTEGER NOT NULL,
    digest    BLOB NOT NULL,      -- BLAKE2b, 16 bytes, of the text
    nonce     INTEGER NOT NULL,
    PRIMARY KEY (room, sender, device, reference)
) STRICT, WITHOUT ROWID;

-- Who is in which private room. since: what lies up to there was not for this account, its id
-- had another owner then.
CREATE TABLE members (
    account INTEGER NOT NULL,
    room    INTEGER NOT NULL,
    since   INTEGER NOT NULL,
    PRIMARY KEY (account, room)
) STRICT, WITHOUT ROWID;

-- used grows within an account: the smallest is the device used longest ago.
CREATE TABLE devices (
    account INTEGER NOT NULL,
    device  TEXT NOT NULL,
    used    INTEGER NOT NULL,
    PRIMARY KEY (account, device)
) STRICT, WITHOUT ROWID;

CREATE TABLE cursors (
    account INTEGER NOT NULL,
    device  TEXT NOT NULL,
    room    INTEGER NOT NULL,
    up_to   INTEGER NOT NULL,
    PRIMARY KEY (account, device, room)
) STRICT, WITHOUT ROWID;
