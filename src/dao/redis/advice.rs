//! What the operator should know of the settings of a Redis.

use std::collections::BTreeMap;

use redis::cmd;

use super::Redis;

/// One line for each setting that loses something.
pub(super) fn advice(redis: &Redis) -> Vec<String> {
    let ask = |name: &str| {
        redis.ask(|redis| {
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
