//! What several tests need to have around them.

pub mod redis;
