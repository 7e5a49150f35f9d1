//! The one integration binary; each module says what belongs in it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    unreachable_pub,
    reason = "a test that finds something else than it expects shall fail at once, and clippy's \
              own exception covers functions marked as tests only"
)]

mod fronts;
