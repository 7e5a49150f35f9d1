//! What has become of messages: every store keeps what follows from them, naively.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hubbub::dao::{Prune, Store, Write, Writer, Written};
use hubbub::protocol::{
    About, Append, Changes, Edit, ErrorCode, Message, MessageId, Millis, RoomId, Text, UserId, What,
};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::keeping::{import, lines};
use super::{Place, on_every_store, place, say, stored, write, write_all};
use crate::support::redis::Redis;

fn about(id: u64, what: What, sender: i64, text: &str) -> Append {
    static N: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    let n = N.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let text = Text::of(Some(what), text).unwrap();
    let about = Some(About { id: MessageId(id), what });
    Append { about, text, ..say(sender, &format!("about {n}"), "-") }
}

#[test]
fn a_message_about_another_comes_back_as_it_was() {
    on_every_store(|place| {
        let store = place.open();
        let mut writer = store.writer().unwrap();
        let batch = [
            say(1, "1", "helo"),
            about(1, What::Edit, 1, "hello"),
            about(1, What::React, 2, "👍"),
            about(1, What::Reply, 2, "hi"),
            about(1, What::Delete, 1, ""),
        ];
        let written = write_all(&mut writer, &batch.clone().map(Write::Append));
        for (written, append) in written.iter().zip(&batch) {
            let Written::Stored { message, .. } = written else { panic!("{written:?}") };
            assert_eq!((message.about, &message.text), (append.about, &append.text));
        }
        let page = store.page(RoomId::Lobby, MessageId(0), 9).unwrap();
        let page: Vec<_> = page.iter().map(|message| (message.about, &message.text)).collect();
        let said: Vec<_> = batch.iter().map(|append| (append.about, &append.text)).collect();
        assert_eq!(page, said);
    });
}

#[test]
fn the_same_reference_about_something_else_is_another_text() {
    on_every_store(|place| {
        let store = place.open();
        let mut writer = store.writer().unwrap();
        write(&mut writer, &Write::Append(say(1, "1", "hi")));
        write(&mut writer, &Write::Append(say(1, "2", "hi")));
        let first = about(1, What::React, 1, "x");
        assert_eq!(stored(&write(&mut writer, &Write::Append(first.clone()))), (3, true));
        let others = [(2, What::React), (1, What::Unreact), (1, What::Edit)];
        for about in others.map(|(id, what)| About { id: MessageId(id), what }) {
            let other = Append { about: Some(about), ..first.clone() };
            let refused = Written::Refused(ErrorCode::ReferenceReused);
            assert_eq!(write(&mut writer, &Write::Append(other)), refused);
        }
    });
}

/// What happens to a room; numbers choose among what there is.
#[derive(Clone, Debug)]
enum Step {
    Say(i64),
    About(What, i64, u64, u8),
    Prune(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let what = prop::sample::select(What::NAMES).prop_map(|(what, _)| what);
    prop_oneof![
        3 => (1..4_i64).prop_map(Step::Say),
        9 => (what, 1..4_i64, any::<u64>(), 0..3_u8)
            .prop_map(|(what, sender, of, text)| Step::About(what, sender, of, text)),
        1 => (0..12_u64).prop_map(Step::Prune),
    ]
}

/// What became of each message, from all that was ever said.
fn naive(messages: &[Arc<Message>], gone: u64) -> BTreeMap<MessageId, Changes> {
    let mut all: BTreeMap<MessageId, Changes> = BTreeMap::new();
    let mut reactions: BTreeMap<MessageId, BTreeSet<(String, UserId)>> = BTreeMap::new();
    for message in messages {
        let Some(About { id, what }) = message.about else { continue };
        let changes = all.entry(id).or_default();
        let reaction = (message.text.as_str().to_owned(), message.sender);
        match what {
            What::Reply => {}
            What::Edit => {
                let text = message.text.clone();
                changes.edit = Some(Edit { id: message.id, time: message.time, text });
            }
            What::Delete => changes.is_deleted = true,
            What::React => drop(reactions.entry(id).or_default().insert(reaction)),
            What::Unreact => drop(reactions.entry(id).or_default().remove(&reaction)),
        }
    }
    for (id, these) in reactions {
        let text = |emoji: String| Text::of(Some(What::React), &emoji).unwrap();
        all.entry(id).or_default().reactions =
            these.into_iter().map(|(emoji, by)| (text(emoji), by)).collect();
    }
    all.retain(|id, changes| id.0 > gone && *changes != Changes::default());
    all
}

fn run(store: &Arc<dyn Store>, writer: &mut Box<dyn Writer>, steps: &[Step]) {
    let (mut messages, mut gone): (Vec<Arc<Message>>, u64) = (Vec::new(), 0);
    for (n, step) in steps.iter().enumerate() {
        let append = match step {
            Step::Say(sender) => say(*sender, &format!("said {n}"), &format!("text {n}")),
            Step::About(what, sender, of, text) => {
                let left: Vec<_> =
                    messages.iter().filter(|it| it.is_said() && it.id.0 > gone).collect();
                let Some(of) = left.get(*of as usize % left.len().max(1)) else { continue };
                let text = if *what == What::Delete { String::new() } else { format!("t{text}") };
                about(of.id.0, *what, *sender, &text)
            }
            Step::Prune(keep) => {
                let (before, limit) = (Millis(i64::MIN), 1_000);
                let prune = Prune { room: RoomId::Lobby, before, keep: *keep, limit };
                write(writer, &Write::Prune(prune));
                gone = gone.max((messages.len() as u64).saturating_sub(*keep));
                continue;
            }
        };
        match write(writer, &Write::Append(append)) {
            Written::Stored { message, fresh: true } => messages.push(message),
            other => panic!("{other:?}"),
        }
    }
    let expected: Vec<_> = naive(&messages, gone).into_iter().collect();
    let ids: Vec<_> = (gone + 1..=messages.len() as u64).map(MessageId).collect();
    assert_eq!(store.changes(RoomId::Lobby, &ids).unwrap(), expected);
    // It follows from what is exported.
    let other = place("memory").unwrap().open();
    import(&other, &lines(store)).unwrap();
    assert_eq!(other.changes(RoomId::Lobby, &ids).unwrap(), expected);
    let other = place("sqlite").unwrap();
    import(&other.open(), &lines(store)).unwrap();
    assert_eq!(other.open().changes(RoomId::Lobby, &ids).unwrap(), expected);
}

fn cases(scheme: &str, cases: u32, check: impl Fn(&[Step])) {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let steps = prop::collection::vec(step(), 1..40);
    let checked = TestRunner::new(config).run(&steps, |steps| {
        check(&steps);
        Ok(())
    });
    checked.unwrap_or_else(|failure| panic!("{scheme}: {failure}"));
}

fn check(place: &Place, steps: &[Step]) {
    let store = place.open();
    run(&store, &mut store.writer().unwrap(), steps);
}

#[test]
fn what_became_of_messages_follows_from_them() {
    cases("memory", 40, |steps| check(&place("memory").unwrap(), steps));
    cases("sqlite", 10, |steps| check(&place("sqlite").unwrap(), steps));
    // To start a server for each case would take too long: one is emptied.
    let Some(redis) = Redis::start() else { return };
    let place = Place { url: redis.url(), keeps: true, _holds: Box::new(()) };
    cases("redis", 10, |steps| {
        redis::cmd("FLUSHALL").exec(&mut redis.connect()).unwrap();
        check(&place, steps);
    });
}

/// An import into Redis does by itself what its script does otherwise.
#[test]
fn an_import_into_redis_knows_what_became_of_messages() {
    let (Some(of), from) = (place("redis"), place("memory").unwrap().open()) else { return };
    let mut writer = from.writer().unwrap();
    let batch = [
        say(1, "1", "helo"),
        about(1, What::Edit, 1, "hello"),
        about(1, What::React, 2, "👍"),
        about(1, What::React, 3, "👍"),
        about(1, What::Unreact, 2, "👍"),
        say(1, "2", "gone"),
        about(6, What::Delete, 1, ""),
    ];
    write_all(&mut writer, &batch.map(Write::Append));
    import(&of.open(), &lines(&from)).unwrap();
    let ids = [MessageId(1), MessageId(6)];
    let expected = from.changes(RoomId::Lobby, &ids).unwrap();
    assert_eq!(expected.len(), 2);
    assert_eq!(of.open().changes(RoomId::Lobby, &ids).unwrap(), expected);
    assert_eq!(lines(&of.open()), lines(&from));
}
