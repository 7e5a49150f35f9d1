//! Clients that cannot acknowledge, among the others, while the server is killed: nothing of
//! theirs is lost; some of it may come again.

use std::collections::BTreeSet;
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, bounded};
use hubbub::dao;
use hubbub::protocol::{Message, MessageId, RoomId, UserId};
use hubbub::threads;
use serde_json::Value;

use super::arena::{Arena, Place};
use super::crew::{N_DEVICES, REST};
use crate::support::peers::{Course, Line};
use crate::support::wire::{DEADLINE, Wire};

const STUDENT: i64 = 201;
const TELNET: i64 = 202;

/// Of the lobby, who cannot acknowledge is told the newest at a login, and how many lie before.
const NEWEST: u64 = 200;

/// Stored, and perhaps on its way to nobody yet: when the server is killed, and at a login.
const ON_ITS_WAY: u64 = 100;

/// Everything that both were shown, over all connections.
#[derive(Debug, Default)]
struct Seen {
    student: String,
    telnet: String,
}

/// What a connection heard until it ended, as text.
type Hearing = JoinHandle<Vec<u8>>;

/// Both log in, say a few words, and listen until the connection ends. Who has caught up, and so has
/// heard the last of these words, says so.
fn come_in(arena: &Arena, words: &str) -> ((Hearing, Hearing), Receiver<()>) {
    let mut student = Course::come_back(arena.server.frames(), STUDENT);
    let mut telnet = Line::enter(arena.server.lines());
    telnet.say(&format!("/login {TELNET} secret"));
    for n in 0..5 {
        student.say(STUDENT, &format!("student {words} {n}."));
        student.tell(STUDENT, TELNET, &format!("psst {words} {n}."));
        telnet.say(&format!("telnet {words} {n}."));
    }
    let (is_in, inside) = bounded(2);
    let last = format!("telnet {words} 4.").into_bytes();
    let hear = |name: &str, mut wire: Wire| {
        let (is_in, last) = (is_in.clone(), last.clone());
        let hear = move || wire.drain_past(&last, || is_in.send(()).unwrap_or_default());
        threads::spawn(name, hear).unwrap()
    };
    ((hear("student", student.wire), hear("telnet", telnet.wire)), inside)
}

impl Seen {
    fn note(&mut self, (student, telnet): (Hearing, Hearing)) {
        self.student.push_str(&contents(&student.join().unwrap()));
        self.telnet.push_str(&String::from_utf8_lossy(&telnet.join().unwrap()));
    }
}

/// The texts in whole frames, one after the other.
fn contents(mut bytes: &[u8]) -> String {
    let mut texts = String::new();
    while let Some((header, rest)) = bytes.split_first_chunk::<4>() {
        let length = u32::from_be_bytes(*header) as usize;
        // The kill may have cut the last one.
        let Some(body) = rest.get(..length) else { break };
        let frame: Value = serde_json::from_slice(body).unwrap();
        let data: Value = serde_json::from_str(frame["data"].as_str().unwrap()).unwrap();
        if let Some(text) = data["content"].as_str() {
            texts.push_str(text);
            texts.push('\n');
        }
        bytes = &rest[length..];
    }
    texts
}

/// The words by which a text is known, without its filling.
fn key(text: &str) -> String {
    let end = if text.starts_with("device") { 4 } else { usize::MAX };
    text.split(' ').take(end).collect::<Vec<_>>().join(" ")
}

/// The last id of the lobby. The store is open for the server, too.
fn last(arena: &Arena) -> u64 {
    dao::open(&arena.place.url()).unwrap().last(RoomId::Lobby).unwrap().0
}

/// The lobby and what the two said in private.
fn read(arena: &Arena) -> (Vec<Message>, Vec<Message>) {
    let store = dao::open(&arena.place.url()).unwrap();
    let read = |room| store.page(room, MessageId::default(), 1_000_000).unwrap();
    (read(RoomId::Lobby), read(RoomId::pair(UserId(STUDENT), UserId(TELNET))))
}

#[test]
fn clients_that_cannot_acknowledge_lose_nothing_over_kills() {
    let mut arena = Arena::open(Place::sqlite(), 16);
    for id in [STUDENT, TELNET] {
        Course::join(arena.server.frames(), id, "");
    }
    arena.crew.talk();
    let mut seen = Seen::default();
    let mut skipped = Vec::new();
    let mut before = 0;
    for life in 0..4 {
        let (hearing, inside) = come_in(&arena, &format!("life {life}"));
        let newest = (last(&arena) + ON_ITS_WAY).saturating_sub(NEWEST);
        skipped.push(before..newest);
        arena.crew.wait_inside(N_DEVICES / 2, REST);
        arena.crew.pass_up_to(200_000);
        if life == 3 {
            // Nothing comes again after this life, so they have to be there in time.
            (0..2).for_each(|_| inside.recv_timeout(DEADLINE).expect("they have caught up"));
            assert!(arena.crew.fall_silent(), "not everybody was answered");
        }
        arena.server.kill();
        seen.note(hearing);
        before = last(&arena).saturating_sub(ON_ITS_WAY);
        arena.start_server();
    }
    let (lobby, private) = read(&arena);
    let lost = |seen: &str, me: i64| -> BTreeSet<String> {
        let is_told = |m: &&Message| {
            let is_skipped = skipped.iter().any(|ids| ids.contains(&m.id.0));
            m.sender != UserId(me) && !(m.room == RoomId::Lobby && is_skipped)
        };
        let of_others = lobby.iter().chain(&private).filter(is_told);
        of_others.map(|m| key(m.text.as_str())).filter(|key| !seen.contains(key.as_str())).collect()
    };
    assert_eq!(lost(&seen.student, STUDENT), BTreeSet::new());
    assert_eq!(lost(&seen.telnet, TELNET), BTreeSet::new());
    assert!(private.len() >= 5, "{private:?}");
    shows_only_what_is_stored(&seen, &lobby);
    let verdict = arena.settle(&[UserId(STUDENT), UserId(TELNET)]);
    assert!(verdict.is_kept(), "{verdict}");
}

/// A line hears its own words as everybody does: only when they are stored.
fn shows_only_what_is_stored(seen: &Seen, lobby: &[Message]) {
    let stored: BTreeSet<_> = lobby.iter().map(|message| key(message.text.as_str())).collect();
    for line in seen.telnet.lines() {
        if let Some(at) = line.find("telnet life").or_else(|| line.find("student life")) {
            assert!(stored.contains(&line[at..]), "shown and not stored: {line}");
        }
    }
}
