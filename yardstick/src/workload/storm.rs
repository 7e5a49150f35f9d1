//! The server is started anew while everybody is in, and everybody comes back at once.

use std::io;
use std::time::Duration;

use super::{Meter, PATIENCE, QUIET, broken};
use crate::clock;
use crate::crowd::{Crowd, ignore};
use crate::proc::{self, Pids};
use crate::report::Row;

/// How the restart goes.
pub struct Restart<'a> {
    /// Restarts the server and gives its new process, once that listens.
    pub server: &'a mut dyn FnMut() -> io::Result<u32>,
    /// Who comes back has forgotten the token, and gives the password.
    pub by_password: bool,
    /// How many come back at once.
    pub n_at_once: usize,
}

/// Everybody comes in at leisure, the server is restarted, everybody comes back. The times count
/// from where the new server listens.
///
/// # Errors
/// Somebody does not get in, or keeps a connection to the old server; the kernel's.
pub fn run(
    crowd: &mut Crowd,
    n_at_first: usize,
    Restart { server, by_password, n_at_once }: Restart<'_>,
) -> io::Result<Row> {
    let everybody: Vec<usize> = (0..crowd.n()).collect();
    crowd.bring_in(&everybody, n_at_first, &mut ignore)?;
    crowd.settle(QUIET)?;
    let pids = Pids::new(&[server()?]);
    let mut row = Row::default();
    let (meter, began) = (Meter::start(pids), clock::now());
    wait_for_the_end(crowd)?;
    if by_password {
        crowd.forget_tokens();
    }
    let entered = crowd.bring_in(&everybody, n_at_once, &mut ignore)?;
    let elapsed = clock::seconds(clock::now() - began);
    crowd.settle(QUIET)?;
    meter.stop(crowd.n() as u64, &mut row);
    let usage = proc::usage(pids);
    #[expect(clippy::cast_precision_loss, reason = "for people")]
    let per_second = crowd.n() as f64 / elapsed;
    row.number("secs", elapsed).number("per_s", per_second.round());
    row.set("later", entered.n_later).latency("enter", &entered.latency);
    row.set("rss_top_kib", usage.rss_top_kib).set("rss_kib", usage.rss_kib);
    row.set("gone", (crowd.n() - crowd.n_in()) as u64);
    Ok(row)
}

/// Everybody sees that the old server is gone.
fn wait_for_the_end(crowd: &mut Crowd) -> io::Result<()> {
    let end = clock::now() + PATIENCE;
    while crowd.n_in() > 0 {
        if clock::now() > end {
            return Err(broken(format!("{} connections outlived the server", crowd.n_in())));
        }
        crowd.poll(Duration::from_millis(10), &mut ignore)?;
    }
    crowd.forget_trouble();
    Ok(())
}
