-- Version 11: accounts that an operator has still to let in.

CREATE TABLE applicants (
    id     INTEGER PRIMARY KEY,    -- in no row of users
    name   TEXT NOT NULL,
    secret TEXT NOT NULL,
    since  INTEGER NOT NULL
) STRICT;
