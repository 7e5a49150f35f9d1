//! The index of words: what it names holds all that has the words, however far behind it is and
//! wherever it was stopped; and once it has all, nothing else.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use hubbub::clock;
use hubbub::dao::{Erase, Hits, Lookup, Prune, Store, Write, Writer, Written};
use hubbub::protocol::{
    About, Append, ErrorCode, MessageId, Millis, Query, RoomId, Text, UserId, What,
};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use rusqlite::Connection;

use super::keeping::{import, lines};
use super::{Place, on_every_store, place, say, stored, write, write_all};

/// What texts and queries are made of: scripts with blanks and without, what FTS5 takes for its
/// own words, and what changes its length or its kind in lower case.
const PIECES: &[&str] = &[
    "soup",
    "Soup",
    "tea",
    "so",
    "天",
    "气",
    "天气",
    "很好",
    "ア",
    "カ",
    "v2",
    "é",
    "É",
    "İ",
    "ß",
    "👍",
    "\"",
    "*",
    "NEAR",
    "OR",
    "-",
    ":",
    "(",
    "place",
    "r1",
    "u1",
    "कि",
    "ไทย",
    " ",
    " ",
    " ",
];

/// Long enough for any index.
fn patience() -> std::time::Instant {
    clock::now() + Duration::from_secs(60)
}

#[derive(Clone, Debug)]
enum Step {
    /// In a room, by somebody.
    Say(bool, i64, String),
    /// What was said so long ago.
    Edit(usize, String),
    Delete(usize),
    Prune(u64),
    Index(u32),
    /// Stops in the middle of it all.
    Open,
}

fn text() -> impl Strategy<Value = String> {
    let pieces = prop::collection::vec(prop::sample::select(PIECES), 1..8);
    pieces.prop_map(|pieces| pieces.concat())
}

/// Short, so that there is something to find.
fn query() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(PIECES), 1..3).prop_map(|pieces| pieces.join(" "))
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (any::<bool>(), -1..3_i64, text())
            .prop_map(|(private, sender, text)| Step::Say(private, sender, text)),
        3 => (0..9_usize, text()).prop_map(|(of, text)| Step::Edit(of, text)),
        1 => (0..9_usize).prop_map(Step::Delete),
        1 => (0..9_u64).prop_map(Step::Prune),
        3 => (1..5_u32).prop_map(Step::Index),
        1 => Just(Step::Open),
    ]
}

/// A message as it is now.
#[derive(Clone, Debug)]
struct Said {
    room: RoomId,
    id: MessageId,
    sender: UserId,
    text: String,
    is_gone: bool,
}

/// What is done, and what should be there.
struct Play {
    place: Place,
    store: Arc<dyn Store>,
    writer: Box<dyn Writer>,
    said: Vec<Said>,
    n: usize,
}

impl Play {
    fn new(place: Place) -> Self {
        let store = place.open();
        let writer = store.writer().unwrap();
        Self { place, store, writer, said: Vec::new(), n: 0 }
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::Say(private, sender, text) => {
                let pair = RoomId::pair(UserId(1), UserId(2));
                let room = if *private { pair } else { RoomId::Lobby };
                let sender = UserId(*sender);
                let id = self.append(room, sender, text, None);
                let text = text.clone();
                self.said.push(Said { room, id, sender, text, is_gone: false });
            }
            Step::Edit(of, text) => self.change(*of, What::Edit, text),
            Step::Delete(of) => self.change(*of, What::Delete, ""),
            Step::Prune(keep) => {
                let room = RoomId::Lobby;
                let last = self.store.last(room).unwrap();
                let prune = Prune { room, before: Millis(i64::MIN), keep: *keep, limit: 999 };
                write(&mut self.writer, &Write::Prune(prune));
                self.said.retain(|it| it.room != room || it.id.0 + keep > last.0);
            }
            Step::Index(limit) => {
                let written = write(&mut self.writer, &Write::Index { limit: *limit });
                assert!(matches!(written, Written::Indexed(n) if n <= u64::from(*limit)));
            }
            Step::Open if self.place.keeps => {
                self.store = self.place.open();
                self.writer = self.store.writer().unwrap();
            }
            Step::Open => {}
        }
    }

    fn change(&mut self, of: usize, what: What, text: &str) {
        let at = self.said.len().checked_sub(of % self.said.len().max(1) + 1);
        let Some(at) = at else { return };
        let Said { room, id, sender, is_gone, .. } = self.said[at].clone();
        if is_gone {
            return;
        }
        self.append(room, sender, text, Some(About { id, what }));
        match what {
            What::Delete => self.said[at].is_gone = true,
            _ => text.clone_into(&mut self.said[at].text),
        }
    }

    fn append(
        &mut self,
        room: RoomId,
        sender: UserId,
        text: &str,
        about: Option<About>,
    ) -> MessageId {
        self.n += 1;
        let text = Text::of(about.map(|about| about.what), text).unwrap();
        let append = say(sender.0, &format!("said {}", self.n), "-");
        match write(&mut self.writer, &Write::Append(Append { room, text, about, ..append })) {
            Written::Stored { message, fresh: true } => message.id,
            other => panic!("{other:?}"),
        }
    }

    /// What has the words, by looking at everything.
    fn expected(&self, lookup: &Lookup<'_>) -> BTreeSet<MessageId> {
        let (after, before) = lookup.between;
        let is_meant = |it: &&Said| {
            it.room == lookup.room
                && after < it.id
                && it.id < before
                && lookup.from.is_none_or(|from| from == it.sender)
                && !it.is_gone
                && lookup.query.is_in(&it.text)
        };
        self.said.iter().filter(is_meant).map(|it| it.id).collect()
    }

    /// Compares one search, page by page.
    fn compare(&self, lookup: &Lookup<'_>) {
        let is_whole = !self.store.is_index_behind().unwrap().unwrap_or(true);
        let mut all = BTreeSet::new();
        let mut page = *lookup;
        loop {
            let Some(Hits { ids, indexed, left }) = self.store.lookup(&page).unwrap() else {
                assert!(!self.place.url.starts_with("sqlite:"));
                return;
            };
            let (after, before) = page.between;
            assert!(ids.is_sorted_by(|a, b| a > b) && left >= after, "{ids:?}");
            assert!(ids.iter().all(|id| left < *id && *id < before && *id <= indexed), "{ids:?}");
            let mut expected = self.expected(&page);
            expected.retain(|id| *id <= indexed && *id > left);
            let ids: BTreeSet<_> = ids.into_iter().collect();
            assert!(expected.is_subset(&ids), "{page:?}: {expected:?}, not {ids:?}");
            all.extend(ids);
            if left == after {
                break;
            }
            page.between.1 = MessageId(left.0 + 1);
        }
        if is_whole {
            assert_eq!(all, self.expected(lookup), "{lookup:?}");
        }
    }
}

fn check(place: Place, steps: &[Step], queries: &[String]) {
    let mut play = Play::new(place);
    for (n, step) in steps.iter().enumerate() {
        play.take(step);
        if n + 1 == steps.len() {
            while play.store.is_index_behind().unwrap() == Some(true) {
                play.take(&Step::Index(3));
            }
        }
        for query in queries.iter().filter_map(|query| Query::new(query).ok()) {
            let last = play.store.last(RoomId::Lobby).unwrap().0;
            for (room, from, between) in [
                (RoomId::Lobby, None, (0, u64::MAX)),
                (RoomId::Lobby, Some(UserId(-1)), (last / 3, last)),
                (RoomId::pair(UserId(1), UserId(2)), Some(UserId(1)), (0, u64::MAX)),
            ] {
                let between = (MessageId(between.0), MessageId(between.1));
                let (query, deadline) = (&query, patience());
                play.compare(&Lookup { room, query, from, between, limit: 2, deadline });
            }
        }
    }
}

#[test]
fn an_index_names_what_has_the_words() {
    for (scheme, cases) in [("sqlite", 24), ("memory", 4)] {
        let config = Config { cases, failure_persistence: None, ..Config::default() };
        let given = (prop::collection::vec(step(), 1..30), prop::collection::vec(query(), 12));
        let checked = TestRunner::new(config).run(&given, |(steps, queries)| {
            check(place(scheme).unwrap(), &steps, &queries);
            Ok(())
        });
        checked.unwrap_or_else(|failure| panic!("{scheme}: {failure}"));
    }
}

/// The ids that an index names for some words in the lobby; `None`: there is no index.
fn named(store: &Arc<dyn Store>, words: &str) -> Option<Vec<u64>> {
    let (query, between) = (&Query::new(words).unwrap(), (MessageId(0), MessageId(u64::MAX)));
    let (room, deadline) = (RoomId::Lobby, patience());
    let lookup = Lookup { room, query, from: None, between, limit: 50, deadline };
    let hits = store.lookup(&lookup).unwrap()?;
    Some(hits.ids.iter().map(|id| id.0).collect())
}

fn index_all(store: &Arc<dyn Store>, writer: &mut Box<dyn Writer>) {
    while store.is_index_behind().unwrap() == Some(true) {
        write(writer, &Write::Index { limit: 3 });
    }
}

#[test]
fn what_was_edited_behind_the_index_is_found_by_its_new_words() {
    let here = place("sqlite").unwrap();
    let store = here.open();
    let mut writer = store.writer().unwrap();
    write(&mut writer, &Write::Append(say(1, "1", "soup")));
    index_all(&store, &mut writer);
    let about = Some(About { id: MessageId(1), what: What::Edit });
    let text = Text::new("今天天气").unwrap();
    write(&mut writer, &Write::Append(Append { about, text, ..say(1, "2", "-") }));
    assert_eq!(named(&store, "天气"), Some(vec![1]));
    index_all(&store, &mut writer);
    assert_eq!(named(&store, "天气"), Some(vec![1]));
    assert_eq!(named(&store, "soup"), Some(vec![]));
}

#[test]
fn whether_there_is_an_index_is_said_and_asking_for_one_does_no_harm() {
    on_every_store(|place| {
        let store = place.open();
        let mut writer = store.writer().unwrap();
        write(&mut writer, &Write::Append(say(1, "1", "soup")));
        let has_one = place.url.starts_with("sqlite:");
        assert_eq!(store.is_index_behind().unwrap(), has_one.then_some(true));
        let n = u64::from(has_one);
        assert_eq!(write(&mut writer, &Write::Index { limit: 9 }), Written::Indexed(n));
        assert_eq!(write(&mut writer, &Write::Index { limit: 9 }), Written::Indexed(0));
        assert_eq!(named(&store, "soup"), has_one.then(|| vec![1]));
    });
}

/// Where an index is, only SQLite has one: a file to look into.
fn file(place: &Place) -> Connection {
    Connection::open(place.url.strip_prefix("sqlite:").unwrap()).unwrap()
}

#[test]
fn a_missing_index_is_made_again_and_an_import_makes_its_own() {
    let here = place("sqlite").unwrap();
    let store = here.open();
    let mut writer = store.writer().unwrap();
    for (n, text) in ["soup", "天气很好", "tea"].into_iter().enumerate() {
        write(&mut writer, &Write::Append(say(1, &n.to_string(), text)));
    }
    index_all(&store, &mut writer);
    assert_eq!(named(&store, "天气"), Some(vec![2]));
    let exported = lines(&store);
    file(&here).execute_batch("DROP TABLE words").unwrap();
    // While it is missing, rooms are read.
    assert_eq!(named(&store, "soup"), None);
    drop((store, writer));
    let other = place("sqlite").unwrap();
    import(&other.open(), &exported).unwrap();
    for place in [here, other] {
        let store = place.open();
        let mut writer = store.writer().unwrap();
        assert_eq!(store.is_index_behind().unwrap(), Some(true));
        index_all(&store, &mut writer);
        assert_eq!(named(&store, "天气"), Some(vec![2]));
        assert_eq!(store.check().unwrap(), Vec::<String>::new());
        assert_eq!(lines(&store), exported);
    }
}

/// The index only says where to look: what is written beside it is written.
#[test]
fn an_index_that_is_broken_stops_nothing_else() {
    let here = place("sqlite").unwrap();
    let store = here.open();
    let mut writer = store.writer().unwrap();
    for n in 1..4 {
        write(&mut writer, &Write::Append(say(1, &n.to_string(), "soup")));
    }
    index_all(&store, &mut writer);
    file(&here).execute_batch("DROP TABLE words").unwrap();
    let erase = Erase { account: UserId(1), room: RoomId::Lobby, ids: vec![MessageId(2)] };
    let before = Millis(i64::MIN);
    let prune = Prune { room: RoomId::Lobby, before, keep: 2, limit: 9 };
    let batch = [
        Write::Append(say(1, "4", "tea")),
        Write::Index { limit: 9 },
        Write::Erase(erase),
        Write::Prune(prune),
        Write::Append(say(1, "5", "tea")),
    ];
    let written = write_all(&mut writer, &batch);
    assert_eq!(written[1], Written::Refused(ErrorCode::Internal));
    assert_eq!(stored(&written[4]), (5, true));
    let left = store.page(RoomId::Lobby, MessageId(0), 9).unwrap();
    assert_eq!(left.last().map(|message| message.text.as_str().to_owned()), Some("tea".to_owned()));
}

#[test]
fn what_is_erased_is_in_the_index_no_more() {
    let here = place("sqlite").unwrap();
    let store = here.open();
    let mut writer = store.writer().unwrap();
    let edit = Some(About { id: MessageId(1), what: What::Edit });
    for (reference, text, about) in [("1", "soup", None), ("2", "tea", None), ("3", "tea", edit)] {
        let text = Text::new(text).unwrap();
        write(&mut writer, &Write::Append(Append { text, about, ..say(1, reference, "-") }));
    }
    index_all(&store, &mut writer);
    assert_eq!(named(&store, "tea"), Some(vec![2, 1]));
    let (account, room, ids) = (UserId(1), RoomId::Lobby, vec![MessageId(1), MessageId(3)]);
    write(&mut writer, &Write::Erase(Erase { account, room, ids }));
    assert_eq!(named(&store, "tea"), Some(vec![2]));
    assert_eq!(named(&store, "soup"), Some(vec![]));
}

#[test]
fn a_text_that_cannot_be_read_does_not_stop_the_index() {
    let here = place("sqlite").unwrap();
    let store = here.open();
    let mut writer = store.writer().unwrap();
    for (reference, text) in [("1", "soup"), ("2", "soup"), ("3", "soup")] {
        write(&mut writer, &Write::Append(say(1, reference, text)));
    }
    let broken = "UPDATE messages SET text = CAST(x'fffe' AS TEXT) WHERE id = 2";
    file(&here).execute_batch(broken).unwrap();
    index_all(&store, &mut writer);
    assert_eq!(named(&store, "soup"), Some(vec![3, 1]));
}

#[test]
fn an_index_that_has_no_time_says_nothing() {
    let here = place("sqlite").unwrap();
    let store = here.open();
    let mut writer = store.writer().unwrap();
    for n in 0..3_000 {
        write(&mut writer, &Write::Append(say(1, &n.to_string(), "soup")));
    }
    while write(&mut writer, &Write::Index { limit: 1_000 }) != Written::Indexed(0) {}
    let (query, between) = (&Query::new("soup").unwrap(), (MessageId(0), MessageId(u64::MAX)));
    let deadline = clock::now();
    let room = RoomId::Lobby;
    let lookup = Lookup { room, query, from: None, between, limit: 3_000, deadline };
    assert_eq!(store.lookup(&lookup).unwrap(), None);
    // The next one has its own.
    assert_eq!(named(&store, "soup").unwrap().len(), 50);
}
