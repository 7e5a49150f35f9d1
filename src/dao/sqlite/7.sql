-- Version 7: messages about messages.

-- The id of the message that it is about, and in what way: reply, edit, delete, react, unreact.
ALTER TABLE messages ADD COLUMN about INTEGER;
ALTER TABLE messages ADD COLUMN what TEXT;

-- What has become of messages, so that nobody has to read all that was ever done to them. It
-- follows from the messages.
CREATE TABLE changes (
    room   INTEGER NOT NULL,
    id     INTEGER NOT NULL,      -- the message that was changed
    what   TEXT NOT NULL,         -- edit, delete, react
    sender INTEGER NOT NULL,      -- who reacts; else 0
    emoji  TEXT NOT NULL,         -- with what; else ''
    by     INTEGER NOT NULL,      -- the message that did it
    PRIMARY KEY (room, id, what, sender, emoji)
) STRICT, WITHOUT ROWID;
