//! The integration tests: one binary, for it links once. A module for each part.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::missing_panics_doc,
    reason = "a test fails by panicking; clippy's own exception covers test functions only, not \
              the helpers beside them"
)]

mod client;
