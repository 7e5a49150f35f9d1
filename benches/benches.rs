//! Micro-benchmarks: `cargo bench --bench benches [-- WORD...]`, where the words choose among
//! codec, state, envelope, outbox, store and search. What whole servers cost is measured by the yardstick.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    missing_docs,
    unreachable_pub,
    reason = "a benchmark that finds something else than it expects shall fail at once"
)]

mod codec;
mod harness;
mod outbox;
mod search;
mod state;
mod store;

/// Name and what it runs.
const ALL: &[(&str, fn())] = &[
    ("codec", codec::run),
    ("state", state::run),
    ("envelope", codec::envelope),
    ("outbox", outbox::run),
    ("store", store::run),
    ("search", search::run),
];

fn main() {
    // Cargo itself adds words that begin with a dash.
    let words: Vec<String> = std::env::args().skip(1).filter(|w| !w.starts_with('-')).collect();
    let chosen = |name: &str| words.is_empty() || words.iter().any(|word| word == name);
    ALL.iter().filter(|(name, _)| chosen(name)).for_each(|(_, run)| run());
}
