-- Version 13: an index of words. The table `words` is made by index.rs, wherever it is missing.

-- Up to which messages.seq it is.
ALTER TABLE meta ADD COLUMN indexed INTEGER NOT NULL DEFAULT 0;

-- What was edited behind it: the words of the message that was edited are out of date there.
CREATE INDEX edits ON messages (room, id, about) WHERE what = 'edit';
