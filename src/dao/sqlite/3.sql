-- Version 3: rooms with a name, who is in them, who may come in; operators.

-- The named rooms: what stands in rooms under the key !NUMBER.
CREATE TABLE named (
    room   INTEGER PRIMARY KEY,    -- rooms.no
    number INTEGER NOT NULL UNIQUE,
    name   TEXT NOT NULL UNIQUE,   -- with its #
    topic  TEXT NOT NULL,
    kind   TEXT NOT NULL,          -- open, invite, hidden
    guests INTEGER NOT NULL,
    nonce  INTEGER NOT NULL        -- the attempt that made it
) STRICT;

-- The number that the next one gets.
ALTER TABLE meta ADD COLUMN next_room INTEGER NOT NULL DEFAULT 1;

-- NULL in private rooms; in named ones 1 member, 2 moderator, 3 owner.
ALTER TABLE members ADD COLUMN role INTEGER;
CREATE INDEX members_by_room ON members (room, account) WHERE role IS NOT NULL;

CREATE TABLE invitations (
    account INTEGER NOT NULL,
    room    INTEGER NOT NULL,
    PRIMARY KEY (account, room)
) STRICT, WITHOUT ROWID;

-- 1: may keep order in every room.
ALTER TABLE users ADD COLUMN is_operator INTEGER NOT NULL DEFAULT 0;
