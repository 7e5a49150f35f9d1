//! What append.lua is told for the other servers of the store.

use redis::{Cmd, ErrorKind, RedisResult};
use serde::Serialize;

use crate::protocol::Tiding;

/// What the others are told, and what they must know of who is here when they come later.
pub(super) fn add_tidings(call: &mut Cmd, tidings: &[Tiding]) -> RedisResult<()> {
    let (mut is_all, mut people) = (false, Vec::new());
    for tiding in tidings {
        match tiding {
            Tiding::Here(present) => people.push((present.user, json(present)?)),
            Tiding::Gone(user, _) => people.push((*user, String::new())),
            Tiding::All(all) => {
                (is_all, people) = (true, Vec::new());
                for present in all {
                    people.push((present.user, json(present)?));
                }
            }
            // Heard by who is there.
            _ => {}
        }
    }
    call.arg("tell").arg(json(&tidings)?).arg(i32::from(is_all)).arg(people.len());
    for (user, present) in people {
        call.arg(user.0).arg(present);
    }
    Ok(())
}

/// As the other servers read it.
pub(super) fn json<T: Serialize>(value: &T) -> RedisResult<String> {
    serde_json::to_string(value)
        .map_err(|error| (ErrorKind::Client, "a write", error.to_string()).into())
}
