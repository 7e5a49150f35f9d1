//! The one integration binary, so that it is linked once; each module says what belongs in it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::missing_panics_doc,
    unreachable_pub,
    missing_docs,
    reason = "a test that finds something else than it expects shall fail at once, and clippy's \
              own exception covers functions marked as tests only, not the helpers beside them"
)]

mod client;
mod cluster;
mod course;
mod crash;
mod entry;
mod erasing;
mod export;
mod extended;
mod faults;
mod fronts;
mod fuzz;
mod ignore;
mod keeping;
mod lines;
mod man;
mod order;
mod own_devices;
mod presence;
mod rooms;
mod rules;
mod scenario;
mod scripts;
mod stage;
mod stores;
mod support;
mod texts;
mod tidy;
mod tls;
mod words;
