//! What several tests need to have around them.

pub mod peers;
pub mod program;
pub mod proxy;
pub mod redis;
pub mod replicas;
pub mod server;
pub mod tls;
pub mod wire;
