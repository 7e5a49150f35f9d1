//! A server among others on the same store: how it presents itself, what it begins with, and the
//! threads that hear of the others.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;

use crossbeam_channel::Sender;

use crate::clock;
use crate::config::Options;
use crate::dao::{Membership, Sign};
use crate::hub::Item;
use crate::journal::{self, Ears};
use crate::session::{Encryption, Servers};
use crate::stage::Inbox;
use crate::state::State;

/// How this server presents itself. Its name is the machine's and that of its first port, which no
/// other can have while it runs.
pub(super) fn sign(options: &Options, ports: &[(SocketAddr, Encryption)]) -> Sign {
    // Where there is no such file, the port alone must do.
    let machine = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let machine = machine.trim().replace(char::is_whitespace, "_");
    let port = ports.first().map_or_else(String::new, |(addr, _)| addr.to_string());
    Sign {
        name: format!("{machine}/{port}"),
        address: options.advertise.clone().unwrap_or_default(),
    }
}

/// The rules, with nobody here yet.
pub(super) fn state(epoch: &Arc<str>, place: Option<&Membership>) -> State {
    let epoch = Arc::clone(epoch);
    match place {
        Some(place) => {
            let state = State::new(epoch, place.node.first_nonce());
            state.among(place.node, place.feeds.len(), &place.others)
        }
        None => State::new(epoch, first_nonce()),
    }
}

/// Nonces of a later run are above those of an earlier one: they begin with the time, and a run
/// has a million of them per millisecond.
fn first_nonce() -> u64 {
    u64::try_from(clock::now_ms().0).unwrap_or(0) << 20
}

/// Starts to hear of the others; `servers` has where clients reach them.
pub(super) fn start(
    place: Membership,
    servers: &Arc<Servers>,
    (hub, replaced): (Inbox<Item>, Sender<()>),
) -> io::Result<(journal::Membership, Vec<JoinHandle<()>>)> {
    let servers = Arc::clone(servers);
    let addresses = Box::new(move |addresses| servers.set(addresses));
    let Membership { node, others, feeds } = place;
    log::info!("node {node}, with {} others", others.len());
    journal::start_feeds(feeds, Ears { hub, replaced, addresses })
}
