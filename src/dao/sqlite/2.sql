-- Version 2: tokens, read marks, what others may see of them; old references, and copies.

CREATE TABLE tokens (
    digest  BLOB PRIMARY KEY,     -- 32 bytes; the token itself is nowhere
    account INTEGER NOT NULL,
    device  TEXT NOT NULL,        -- '' is the one that clients share
    expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX tokens_by_account ON tokens (account, expires, digest);

CREATE TABLE reads (
    account INTEGER NOT NULL,
    room    INTEGER NOT NULL,
    up_to   INTEGER NOT NULL,
    PRIMARY KEY (account, room)
) STRICT, WITHOUT ROWID;
-- In the lobby, where nobody is told about it, what was taken counts as read.
INSERT INTO reads SELECT account, room, up_to FROM cursors WHERE device = '' AND room = 1;

-- Others may see that a private message has reached a device; that it was read.
ALTER TABLE users ADD COLUMN show_delivered INTEGER NOT NULL DEFAULT 1;
ALTER TABLE users ADD COLUMN show_read INTEGER NOT NULL DEFAULT 1;

-- References are forgotten by age. Times increase, so the index grows at its end.
CREATE INDEX refs_by_time ON refs (time);

-- 1: a backup that no server has opened yet. The first one makes a new epoch, or ids that were
-- given after the backup would be given again for something else.
ALTER TABLE meta ADD COLUMN is_copy INTEGER NOT NULL DEFAULT 0;
