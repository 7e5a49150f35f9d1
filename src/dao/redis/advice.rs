//! What the operator should know of the settings of a Redis.

use std::collections::{BTreeMap, BTreeSet};

use redis::cmd;

use super::Redis;
use super::part::Part;

/// One line for each setting that loses something, of each Redis.
pub(super) fn advice(redis: &Redis) -> Vec<String> {
    if redis.parts.others().is_empty() {
        return advice_of(redis.home());
    }
    let mut places = BTreeSet::new();
    let parts = redis.parts.iter().filter(|part| places.insert(part.place.as_str()));
    let of = |part: &Part| {
        let lines = advice_of(part).into_iter();
        lines.map(|line| format!("{}: {line}", part.place)).collect::<Vec<_>>()
    };
    parts.flat_map(of).collect()
}

fn advice_of(part: &Part) -> Vec<String> {
    let ask = |name: &str| {
        part.ask(|redis| {
            let answer: BTreeMap<String, String> =
                cmd("CONFIG").arg("GET").arg(name).query(redis)?;
            Ok(answer.get(name).cloned().unwrap_or_default())
        })
    };
    let settings = ["appendonly", "appendfsync", "maxmemory", "maxmemory-policy"].map(ask);
    let [Ok(appendonly), Ok(appendfsync), Ok(maxmemory), Ok(policy)] = settings else {
        let unknown = "redis does not tell its settings (CONFIG GET), so what it would lose \
             in a crash is not known";
        return vec![unknown.to_owned()];
    };
    let evicts = maxmemory != "0" && policy != "noeviction";
    let lost = match (appendonly.as_str(), appendfsync.as_str()) {
        ("yes", "always") => None,
        ("yes", "everysec") => Some("appendfsync everysec: a power cut loses the last second"),
        ("yes", _) => Some("appendfsync no: a power cut loses the last half minute or more"),
        _ => Some("appendonly no: a crash or a kill loses everything since the last snapshot"),
    };
    // Only references expire, so only they are volatile.
    let evicted = if policy.starts_with("volatile-") {
        "where memory is short, repeated messages are no longer known as repeated"
    } else {
        "where memory is short, accounts and messages are thrown away"
    };
    let lost = lost.map(|lost| format!("redis has {lost}"));
    let evicted = evicts.then(|| format!("redis has maxmemory-policy {policy}: {evicted}"));
    lost.into_iter().chain(evicted).collect()
}
