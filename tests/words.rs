//! Messages about messages: answers, edits, deletions, reactions; what others hear of them, and
//! what is left to read for who comes later.

mod client;
mod frames;
mod later;
mod lines;
mod rights;
mod search;

use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

use crate::support::peers::Extended;

/// Does something to a message and waits for the answer.
fn act(peer: &mut Extended, kind: &str, mut data: Value) -> Value {
    static N: AtomicU64 = AtomicU64::new(0);
    if data.get("clientRef").is_none() {
        data["clientRef"] = json!(format!("act {}", N.fetch_add(1, Ordering::Relaxed)));
    }
    peer.send(kind, &data.to_string());
    heard(peer, "AckMes")
}

/// The next frame of this type. Only who comes and goes, and one's own acknowledgements, may come
/// before it; before an answer to what was asked, also what others say.
fn heard(peer: &mut Extended, kind: &str) -> Value {
    let is_answer = matches!(kind, "AckMes" | "HistoryResMes" | "SearchResMes");
    loop {
        let (found, data) = peer.next(kind);
        if found == kind {
            return data;
        }
        let may_come = ["NotifyUserStatusMes", "WhoResMes", "AckMes", "MyRoomsMes", "RoomMes"];
        let may_come = is_answer || may_come.contains(&found.as_str());
        assert!(may_come, "{found} {data}, and not {kind}");
    }
}

/// Everything in a page of history.
fn history(peer: &mut Extended, room: &str) -> Vec<Value> {
    peer.send("HistoryMes", &json!({"room": room}).to_string());
    heard(peer, "HistoryResMes")["messages"].as_array().unwrap().clone()
}
