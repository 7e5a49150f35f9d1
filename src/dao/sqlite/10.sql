-- Version 10: accounts that are gone and whose words are not yet.

CREATE TABLE erasing (account INTEGER PRIMARY KEY) STRICT;
