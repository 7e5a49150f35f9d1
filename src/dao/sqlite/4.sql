-- Version 4: references stand in the order in which they come, whoever sends them: a commit then
-- changes one page of them, not one for each sender.

CREATE TABLE new_refs (
    room      INTEGER NOT NULL,
    sender    INTEGER NOT NULL,
    device    TEXT NOT NULL,
    reference TEXT NOT NULL,
    id        INTEGER NOT NULL,
    time      INTEGER NOT NULL,
    digest    BLOB NOT NULL,      -- BLAKE2b, 16 bytes, of the text
    nonce     INTEGER NOT NULL,
    PRIMARY KEY (room, reference, sender, device)
) STRICT, WITHOUT ROWID;
INSERT INTO new_refs SELECT * FROM refs;
DROP TABLE refs;
ALTER TABLE new_refs RENAME TO refs;
CREATE INDEX refs_by_time ON refs (time);
