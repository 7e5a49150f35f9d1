//! Named rooms, over every front and every store: coming in, talking, leaving, and who is told.

mod client;
mod closing;
pub mod frames;
pub mod lines;

use hubbub::dao::STORES;

use crate::support::redis::Redis;
use crate::support::server::Server;

/// Plays a scene on every store.
pub fn on_every_store(play: fn(&Server)) {
    for kind in STORES {
        let redis = if kind.scheme == "redis" { Redis::start() } else { None };
        let url = match kind.scheme {
            "sqlite" => String::new(),
            "redis" => match &redis {
                Some(redis) => redis.url(),
                None => continue,
            },
            scheme => format!("{scheme}:"),
        };
        println!("stored in {}", kind.scheme);
        play(&Server::start_on(&url, &[]));
    }
}
