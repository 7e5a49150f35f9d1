-- Version 9: whom an account ignores.

CREATE TABLE ignored (
    account INTEGER NOT NULL,
    whom    INTEGER NOT NULL,      -- may be no account any more
    PRIMARY KEY (account, whom)
) STRICT, WITHOUT ROWID;
