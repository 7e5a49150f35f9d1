//! Hubbub: a chat server for a whole crowd that one person can read, run and trust.
//!
//! One OS thread per connection, blocking I/O, no async runtime.
//! The modules in reading order, lowest row first; a module uses only rows below its own, and
//! `tests/tidy.rs` holds it to that:
//!
//! | row | modules |
//! |---|---|
//! | 0 | [`protocol`] the vocabulary; [`threads`] |
//! | 1 | [`clock`]; [`limits`] buckets and budgets; [`texts`] what people read |
//! | 2 | [`envelope`] an event and its bytes; [`state`] the rules; [`config`]; [`transport`]; [`tls`]; [`logging`] |
//! | 3 | [`stage`] a batch stage; [`outbox`] the byte path to a peer; [`dao`] the stores |
//! | 4 | [`hub`] the broadcast stage; [`front`] the wire languages; [`auth`] passwords |
//! | 5 | [`session`] the life of a connection; [`journal`] group commit; [`client`] the connection library |
//! | 6 | [`server`] bind, accept, shut down; [`client::ui`] the faces of the client |
//! | 7 | the programs `bin/server` and `bin/client` |

pub mod protocol;
pub mod threads;

pub mod clock;
pub mod limits;
pub mod texts;

pub mod config;
pub mod envelope;
pub mod logging;
pub mod state;
pub mod tls;
pub mod transport;

pub mod dao;
pub mod outbox;
pub mod stage;

pub mod auth;
pub mod front;
pub mod hub;

pub mod client;
pub mod journal;
pub mod session;

pub mod server;
