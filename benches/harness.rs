//! How time is taken: rounds of equal length after a warm-up, their median and their ends.

use std::time::Duration;

use hubbub::clock;

/// Rounds of each measurement; their median is told.
const ROUNDS: usize = 15;

/// A round repeats its work until it takes so long.
const ROUND: Duration = Duration::from_millis(20);

/// Runs `work` again and again and prints its nanoseconds per item, `n_items` of which one run of
/// it does.
pub fn measure(name: &str, n_items: usize, mut work: impl FnMut()) {
    let mut time = |n_runs: usize| {
        let began = clock::now();
        (0..n_runs).for_each(|_| work());
        clock::now() - began
    };
    let mut n_runs = 1;
    while time(n_runs) < ROUND {
        n_runs *= 2;
    }
    let mut rounds: Vec<f64> =
        (0..ROUNDS).map(|_| time(n_runs).as_nanos() as f64 / (n_runs * n_items) as f64).collect();
    rounds.sort_by(f64::total_cmp);
    let (least, median, most) = (rounds[0], rounds[ROUNDS / 2], rounds[ROUNDS - 1]);
    println!("{name:<44} {median:>12.1} ns  [{least:.1} - {most:.1}]");
}

/// The median and the value that 99 of 100 stay within.
pub fn quantiles(times: &mut [Duration]) -> (Duration, Duration) {
    times.sort();
    (times[times.len() / 2], times[times.len() * 99 / 100])
}
