//! Frames as the Go course has them: what was captured from its programs, byte for byte, and the
//! ways in which they die.

mod captured;
mod edges;
mod redis;
mod rules;
mod slow;
