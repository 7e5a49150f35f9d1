//! What the client does for scripts: one thing, then it ends, and its exit code says how it
//! went. Each job has a file; its options are the rows of `--help`.

mod export;
mod history;
mod lists;
mod moment;
mod out;
mod search;
mod send;
mod sign;
mod tail;
mod target;
mod visit;

use clap::Subcommand;

use super::{Ending, Options};

/// Something to do instead of talking.
#[derive(Debug, Subcommand)]
pub enum Job {
    /// Log in and keep that, so that scripts and the next start need no password
    Login(sign::Login),
    /// End what `login` and earlier starts have kept for this account
    Logout,
    /// Say something; the exit code tells whether it is stored
    Send(send::Send),
    /// Print what is said as it comes, from where the last tail stopped
    Tail(tail::Tail),
    /// Write what is yours into a file: the account, where it is a member, what it said
    Export(export::Export),
    /// Print what was said
    History(history::History),
    /// Print what was said with these words, the newest first
    Search(search::Search),
    /// Print who is online, or who is in a room
    Who(lists::Present),
    /// Print the rooms there are
    Rooms(lists::Rooms),
}

/// Does it. Blocks until it is done.
pub(super) fn run(job: &Job, options: &Options) -> Ending {
    let done = match job {
        Job::Login(login) => sign::log_in(login, options),
        Job::Logout => sign::log_out(options),
        Job::Send(send) => send::run(send, options),
        Job::Tail(tail) => tail::run(tail, options),
        Job::Export(export) => export::run(export, options),
        Job::History(history) => history::run(history, options),
        Job::Search(search) => search::run(search, options),
        Job::Who(present) => lists::who(present, options),
        Job::Rooms(rooms) => lists::rooms(rooms, options),
    };
    done.unwrap_or_else(|ending| ending)
}
