//! What several tests need to have around them.

pub mod peers;
pub mod program;
pub mod proxy;
pub mod redis;
pub mod replicas;
pub mod server;
pub mod tls;
pub mod wire;

/// So many more cases than usual are wanted: `HUBBUB_FUZZ_RUNS`, of tests that chance drives.
pub fn more_cases() -> u32 {
    std::env::var("HUBBUB_FUZZ_RUNS").ok().and_then(|n| n.parse().ok()).unwrap_or(0)
}
