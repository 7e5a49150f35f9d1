//! Searching a million messages in SQLite, and what the index costs: by itself, and beside those
//! who send.

use std::time::{Duration, Instant};

use hubbub::clock;
use hubbub::dao::{self, Lookup, Store, Write, Writer, Written};
use hubbub::protocol::{Append, MessageId, Millis, Query, Reference, RoomId, Text, UserId};

use crate::harness::quantiles;

const MESSAGES: u64 = 1_000_000;

/// As the journal has it: writes in one transaction.
const MAX_COMMIT: usize = 512;

/// As `src/server/indexer.rs` has them.
const STEP: u32 = 200;
const PAUSE: Duration = Duration::from_millis(20);
const PATIENCE: u32 = 4;

/// Each message has `common`, `w` and one of a hundred words; each thousandth `rare`; each tenth
/// has some Chinese.
fn text(n: u64) -> Text {
    let rare = if n.is_multiple_of(1_000) { " rare" } else { "" };
    let chinese = if n.is_multiple_of(10) { "，今天天气很好" } else { "" };
    let text = format!(
        "common things are said {n} times by word{} and word{} w{rare}{chinese}",
        n % 100,
        n % 97
    );
    Text::new(&text).unwrap()
}

fn append(n: u64) -> Write {
    // Every tenth in a private room.
    let pair = RoomId::pair(UserId(100), UserId(200));
    Write::Append(Append {
        room: if n % 10 == 9 { pair } else { RoomId::Lobby },
        sender: UserId(-1 - (n % 50) as i64),
        device: None,
        name: "tom".into(),
        time: Millis(1_795_217_831_000 + n as i64),
        text: text(n),
        reference: Reference::new(&format!("~{n:016x}")).unwrap(),
        nonce: n,
        about: None,
    })
}

pub fn run() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let file = folder.path().join("bench.db");
    let store = dao::open(&format!("sqlite:{}", file.display())).unwrap();
    let mut writer = store.writer().unwrap();
    let began = clock::now();
    for first in (0..MESSAGES).step_by(MAX_COMMIT) {
        commit(&mut *writer, first..(first + MAX_COMMIT as u64).min(MESSAGES));
    }
    println!("{MESSAGES} messages are stored after {:.1?}", clock::now() - began);
    let size = |file: &std::path::Path| std::fs::metadata(file).unwrap().len() / 1_000_000;
    let without = size(&file);
    index(&mut *writer);
    drop((writer, store));
    println!("the file: {without} MB without the index, {} MB with it", size(&file));
    let store = dao::open(&format!("sqlite:{}", file.display())).unwrap();
    let mut writer = store.writer().unwrap();
    searches(&*store);
    read(&*store);
    beside(&mut *writer);
}

fn commit(writer: &mut dyn Writer, numbers: std::ops::Range<u64>) {
    let writes: Vec<Write> = numbers.map(append).collect();
    let written = writer.commit(&writes.iter().collect::<Vec<_>>()).unwrap();
    assert!(written.iter().all(|one| matches!(one, Written::Stored { fresh: true, .. })));
}

fn index(writer: &mut dyn Writer) {
    let mut times = Vec::new();
    loop {
        let began = clock::now();
        if step(writer) == 0 {
            break;
        }
        times.push(clock::now() - began);
    }
    let total: Duration = times.iter().sum();
    let most = times.iter().max().copied().unwrap_or_default();
    let (median, nearly) = quantiles(&mut times);
    println!(
        "indexed {:.0}/s; a step of {STEP}: median {median:.2?}, 99 % {nearly:.2?}, most {most:.2?}",
        MESSAGES as f64 / total.as_secs_f64()
    );
}

fn step(writer: &mut dyn Writer) -> u64 {
    match writer.commit(&[&Write::Index { limit: STEP }]).unwrap().remove(0) {
        Written::Indexed(n) => n,
        other => panic!("{other:?}"),
    }
}

/// Twenty messages each, read as a session reads them.
fn searches(store: &dyn Store) {
    println!("{:<34} {:>6} {:>10} {:>10}", "search", "found", "p50", "p99");
    let pair = RoomId::pair(UserId(100), UserId(200));
    for (room, words, from) in [
        (RoomId::Lobby, "rare", None),
        (RoomId::Lobby, "common", None),
        (RoomId::Lobby, "common rare", None),
        (RoomId::Lobby, "天气", None),
        (RoomId::Lobby, "\"common rare\"", None),
        (RoomId::Lobby, "\"w w\"", None),
        (RoomId::Lobby, "word7 word8", None),
        (RoomId::Lobby, "nothing", None),
        (RoomId::Lobby, "rare", Some(UserId(-7))),
        (pair, "common", None),
        (pair, "rare", None),
        (RoomId::pair(UserId(1), UserId(2)), "common", None),
    ] {
        let query = Query::new(words).unwrap();
        let (mut times, mut found) = (Vec::new(), 0);
        for _ in 0..50 {
            let began = clock::now();
            found = search(store, room, &query, from, began);
            times.push(clock::now() - began);
        }
        let (median, most) = quantiles(&mut times);
        let place = match (room, from) {
            (RoomId::Lobby, None) => "",
            (RoomId::Lobby, Some(_)) => ", of one",
            _ => ", private",
        };
        println!("{:<34} {found:>6} {median:>10.2?} {most:>10.2?}", format!("{words}{place}"));
    }
}

fn search(
    store: &dyn Store,
    room: RoomId,
    query: &Query,
    from: Option<UserId>,
    began: Instant,
) -> usize {
    let between = (MessageId(0), MessageId(u64::MAX));
    let deadline = began + Duration::from_secs(60);
    let lookup = Lookup { room, query, from, between, limit: 20, deadline };
    let ids = store.lookup(&lookup).unwrap().unwrap().ids;
    for id in &ids {
        let page = store.page(room, MessageId(id.0 - 1), 1).unwrap();
        assert!(query.is_in(page[0].text.as_str()));
    }
    store.changes(room, &ids).unwrap();
    ids.len()
}

/// What a search without an index does.
fn read(store: &dyn Store) {
    let query = Query::new("nothing").unwrap();
    let (began, mut n) = (clock::now(), 0);
    while n < 20_000 {
        let page = store.page(RoomId::Lobby, MessageId(n), 101).unwrap();
        let ids: Vec<_> = page.iter().map(|message| message.id).collect();
        store.changes(RoomId::Lobby, &ids).unwrap();
        assert!(!page.iter().any(|message| query.is_in(message.text.as_str())));
        n += page.len() as u64;
    }
    println!("read {:.0} messages in 0.3 s", n as f64 * 0.3 / (clock::now() - began).as_secs_f64());
}

/// Sixteen send, each waits for its acknowledgement; without the index and with it.
fn beside(writer: &mut dyn Writer) {
    let mut next = MESSAGES;
    for with in [false, true, false, true] {
        let (mut times, mut n_indexed) = (Vec::new(), 0);
        let began = clock::now();
        let mut due = began;
        while clock::now() - began < Duration::from_secs(4) {
            let now = clock::now();
            if with && now >= due {
                n_indexed += step(writer);
                let took = clock::now() - now;
                due = clock::now() + PAUSE.max(took * PATIENCE);
            }
            commit(writer, next..next + 16);
            next += 16;
            times.extend(std::iter::repeat_n(clock::now() - now, 16));
        }
        let per_second = times.len() as f64 / (clock::now() - began).as_secs_f64();
        let (median, most) = quantiles(&mut times);
        println!(
            "16 senders, {n_indexed} indexed meanwhile: stored {per_second:.0}/s, p50 {median:.2?}, p99 {most:.2?}"
        );
    }
}
