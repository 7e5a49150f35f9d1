use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::sync::Mutex;
use std::time::Duration;

use crossbeam_channel::bounded;

use super::*;
use crate::limits::Budget;
use crate::outbox::{Flusher, Outbox};
use crate::protocol::RoomNo;

/// The pushes that were made: what each offered the kernel. For the one test of this file.
static PUSHES: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());

fn count(bytes: &[u8], _segment: usize) -> usize {
    PUSHES.lock().unwrap().push(bytes.to_vec());
    bytes.len()
}

/// Says of each event how many messages lie before those replayed.
static COUNTED: Dialect = Dialect {
    name: "counted",
    slot: 0,
    encode: |event, out| match event {
        Event::Skipped { count, .. } => out.extend_from_slice(format!("{count} ").as_bytes()),
        other => panic!("{other:?}"),
    },
    echo: true,
    rooms: true,
    cut: Some(count),
};

fn told(n: u64) -> Arc<Event> {
    Arc::new(Event::Skipped { room: RoomId::Lobby, count: n })
}

#[test]
fn one_push_per_member_whatever_is_told_in_whichever_rooms_of_a_batch() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (flusher, _thread) = Flusher::start().unwrap();
    let (mut fanout, mut cursors) = (Fanout::default(), Cursors::default());
    let mut seats = BySession::default();
    let mut peers = Vec::new();
    for n in 1..=3 {
        peers.push(TcpStream::connect(listener.local_addr().unwrap()).unwrap());
        let stream = Arc::new(listener.accept().unwrap().0);
        let outbox = Outbox::new(stream, flusher.clone(), COUNTED.cut);
        let path = Path { outbox, dialect: &COUNTED, shared_cursor_of: None };
        let id = SessionId(n);
        fanout.enter(id, &path);
        // The first is in no room, the second in two, the third in three.
        for room in 1..=n.saturating_sub(1) + u64::from(n > 1) {
            fanout.subscribe(id, RoomId::Named(RoomNo(room)), &path);
        }
        let seat = Seat { path, acts: Arc::new(Budget::new(1)), signals: bounded(1).0 };
        seats.insert(id, seat);
    }
    for n in [1, 2, 3, 1, 2] {
        // The second one is not for the third session, which ignores whose it is.
        let deaf = if n == 2 { vec![SessionId(3)] } else { Vec::new() };
        fanout.tell_room(RoomId::Named(RoomNo(n)), told(n), None, deaf);
    }
    fanout.tell_all(told(9), None, Vec::new());
    fanout.tell_one(SessionId(2), told(7), false);
    fanout.flush(&seats, &mut cursors);
    let mut pushes = std::mem::take(&mut *PUSHES.lock().unwrap());
    pushes.sort();
    let expected: [&[u8]; 3] = [b"1 2 1 2 9 7 ", b"1 3 1 9 ", b"9 "];
    assert_eq!(pushes, expected);
    for (peer, expected) in peers.iter_mut().zip([expected[2], expected[0], expected[1]]) {
        peer.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let mut heard = vec![0; expected.len()];
        peer.read_exact(&mut heard).unwrap();
        assert_eq!(heard, expected);
    }
}
