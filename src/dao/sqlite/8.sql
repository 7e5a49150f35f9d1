-- Version 8: invitation codes.

CREATE TABLE codes (
    digest  BLOB PRIMARY KEY,       -- BLAKE2b, 32 bytes, of the code
    uses    INTEGER NOT NULL,       -- accounts that can still be made with it
    expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
