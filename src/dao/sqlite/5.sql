-- Version 5: since when an account has a device, and when it was there last; 0: not known.
ALTER TABLE devices ADD COLUMN since INTEGER NOT NULL DEFAULT 0;
ALTER TABLE devices ADD COLUMN seen INTEGER NOT NULL DEFAULT 0;
