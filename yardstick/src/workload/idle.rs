//! Coming in, and then saying nothing: what a connection costs to make, and to keep.

use std::io;
use std::time::Duration;

use super::{Meter, QUIET};
use crate::clock;
use crate::crowd::{Crowd, ignore};
use crate::proc::{self, Pids};
use crate::report::Row;

/// Everybody comes in, at most `n_at_once` at a time; then nobody says anything for `span`.
///
/// # Errors
/// Somebody does not get in; the kernel's.
pub fn run(
    crowd: &mut Crowd,
    n_at_once: usize,
    span: Duration,
    pids: Pids,
) -> io::Result<Vec<Row>> {
    let n = crowd.n() as u64;
    let (kernel, before) = (proc::kernel(), proc::usage(pids));
    let meter = Meter::start(pids);
    let everybody: Vec<usize> = (0..crowd.n()).collect();
    let entered = crowd.bring_in(&everybody, n_at_once, &mut ignore)?;
    let mut coming = Row::default();
    coming.set("pace", "coming");
    crowd.settle(QUIET)?;
    meter.stop(n, &mut coming);
    #[expect(clippy::cast_precision_loss, reason = "for people")]
    let per_second = n as f64 / clock::seconds(entered.elapsed);
    coming.number("secs", clock::seconds(entered.elapsed)).number("per_s", per_second.round());
    coming.set("later", entered.n_later).latency("enter", &entered.latency);
    coming.set("rss_top_kib", proc::usage(pids).rss_top_kib);
    let mut staying = Row::default();
    staying.set("pace", "staying");
    let (meter, quiet) = (Meter::start(pids), proc::usage(pids));
    let end = clock::now() + clock::nanos(span);
    while clock::now() < end {
        crowd.poll(Duration::from_millis(100), &mut ignore)?;
    }
    meter.stop(n, &mut staying);
    let (after, now) = (proc::usage(pids), proc::kernel());
    let each = |name: &str, after: u64, before: u64, row: &mut Row| {
        #[expect(clippy::cast_precision_loss, reason = "for people")]
        row.number(name, after.saturating_sub(before) as f64 / n as f64);
    };
    staying.number(
        "cpu_percent",
        100.0 * (clock::seconds(after.cpu - quiet.cpu)) / span.as_secs_f64(),
    );
    each("rss_each_kib", after.rss_kib, before.rss_kib, &mut staying);
    each("stacks_each_kib", now.stacks_kib, kernel.stacks_kib, &mut staying);
    each("slab_each_kib", now.slab_kib, kernel.slab_kib, &mut staying);
    each("tables_each_kib", now.tables_kib, kernel.tables_kib, &mut staying);
    staying.set("threads", after.n_threads).set("gone", (crowd.n() - crowd.n_in()) as u64);
    Ok(vec![coming, staying])
}
