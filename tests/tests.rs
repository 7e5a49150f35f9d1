//! The integration tests: one binary, so that they are linked once.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::cast_possible_truncation,
    clippy::missing_panics_doc,
    unreachable_pub,
    missing_docs,
    reason = "a test ends by panicking; helpers are no API"
)]

mod stores;
mod support;
