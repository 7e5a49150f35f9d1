//! Sanctions, and the record of acts that kept order.

use hubbub::dao::{Store, Write, Writer, Written};
use hubbub::protocol::{
    Against, Change, Deed, ErrorCode, Measure, Millis, Note, Party, Role, RoomChange, RoomDone,
    RoomId, RoomKind, RoomNo, Sanction, SanctionKey, UserId,
};

use super::keeping::{import, lines};
use super::rooms::create;
use super::{Place, on_every_store, register_as, write};

fn party(id: i64) -> Party {
    Party { id: UserId(id), name: format!("name of {id}").into() }
}

fn key(place: Option<u64>, measure: Measure, against: &str) -> SanctionKey {
    let against = Against::parse(against).unwrap();
    SanctionKey { place: place.map(RoomNo), measure, against }
}

fn sanction(key: SanctionKey, since: i64) -> Sanction {
    Sanction {
        every: u32::from(key.measure == Measure::Slow) * 30,
        key,
        reason: Note::new("spam"),
        by: party(1),
        since: Millis(since),
        until: Some(Millis(since + 60_000)),
    }
}

/// At this moment, by the first account.
fn change(nonce: u64, what: Change) -> Write {
    let time = Millis(1_000 * nonce.cast_signed());
    Write::Room(RoomChange { by: party(1), nonce, time, what })
}

/// Three accounts, and a room of the first in which the second is.
fn begin(place: &Place) -> (std::sync::Arc<dyn Store>, Box<dyn Writer>) {
    let store = place.open();
    let mut writer = store.writer().unwrap();
    for (id, name) in [(1, "tom"), (2, "ann"), (3, "bob")] {
        write(&mut writer, &register_as(id, name));
    }
    write(&mut writer, &create(1, 7, "garden"));
    let enter =
        RoomChange { by: party(2), nonce: 8, time: Millis(0), what: Change::Enter(RoomNo(1)) };
    write(&mut writer, &Write::Room(enter));
    (store, writer)
}

#[test]
fn sanctions_are_kept_replaced_and_lifted() {
    on_every_store(|place| {
        let (store, mut writer) = begin(place);
        let out = Written::Room(RoomDone::Left { successor: None });
        let all = [
            key(None, Measure::Ban, "10.0.0.0/8"),
            key(None, Measure::Mute, "spam*"),
            key(Some(1), Measure::Ban, "2"),
            key(Some(1), Measure::Slow, "*"),
        ];
        for (n, key) in (1..).zip(&all) {
            let what = Change::Sanction(Box::new(sanction(key.clone(), n)));
            assert_eq!(write(&mut writer, &change(n.cast_unsigned(), what)), out);
        }
        let kept = store.sanctions().unwrap();
        assert_eq!(kept.iter().map(|s| s.key.clone()).collect::<Vec<_>>(), all);
        assert_eq!(kept[3], sanction(all[3].clone(), 4));
        // Whom a room bans in person is no member any more.
        assert!(store.rooms_of(UserId(2)).unwrap().is_empty());
        assert_eq!(store.since(UserId(2), RoomId::Named(RoomNo(1))).unwrap(), None);

        let again = Change::Sanction(Box::new(sanction(all[1].clone(), 99)));
        write(&mut writer, &change(9, again));
        assert_eq!(store.sanctions().unwrap()[1].since, Millis(99));
        for _twice in 0..2 {
            let lifted = write(&mut writer, &change(10, Change::Lift(all[0].clone())));
            assert_eq!(lifted, Written::Room(RoomDone::Done));
        }
        // One that was replaced meanwhile is not the one that is over.
        let expire = |n: usize, since| Write::Expire(Box::new(sanction(all[n].clone(), since)));
        assert_eq!(write(&mut writer, &expire(1, 2)), Written::Pruned(0));
        assert_eq!(write(&mut writer, &expire(1, 99)), Written::Pruned(1));
        assert_eq!(store.sanctions().unwrap().len(), 2);
        let nowhere = sanction(key(Some(99), Measure::Mute, "2"), 1);
        let nowhere = write(&mut writer, &change(11, Change::Sanction(Box::new(nowhere))));
        assert_eq!(nowhere, Written::Refused(ErrorCode::UnknownRoom));
        // The last owner may be banned: the next one follows.
        let enter = |id| {
            let what = Change::Enter(RoomNo(1));
            Write::Room(RoomChange { by: party(id), nonce: 0, time: Millis(0), what })
        };
        write(&mut writer, &enter(3));
        let owner = sanction(key(Some(1), Measure::Ban, "1"), 5);
        let followed = Written::Room(RoomDone::Left { successor: Some(UserId(3)) });
        assert_eq!(write(&mut writer, &change(12, Change::Sanction(Box::new(owner)))), followed);
        if place.keeps {
            drop((writer, store));
            assert_eq!(place.open().sanctions().unwrap().len(), 3);
        }
    });
}

#[test]
fn what_keeps_order_is_recorded_once_and_nothing_else_is() {
    on_every_store(|place| {
        let (store, mut writer) = begin(place);
        assert!(store.deeds(None, 9).unwrap().is_empty(), "to come and go is nobody's business");
        let no = RoomNo(1);
        let ban = sanction(key(Some(1), Measure::Ban, "3"), 3_000);
        let acts = [
            (1, Change::Role(no, party(2), Role::Moderator)),
            (2, Change::Set(no, RoomKind::Invite, false)),
            (3, Change::Sanction(Box::new(ban.clone()))),
            (4, Change::Lift(ban.key)),
            (5, Change::Kick(no, party(2), Note::new("too loud"))),
        ];
        for (nonce, what) in &acts {
            // A repeated attempt is the same act.
            for _ in 0..2 {
                write(&mut writer, &change(*nonce, what.clone()));
            }
        }
        let absent = change(6, Change::Role(no, party(3), Role::Owner));
        assert_eq!(write(&mut writer, &absent), Written::Refused(ErrorCode::NotThere));
        let console = Deed {
            time: Millis(9_000),
            nonce: 9,
            by: Party { id: Deed::CONSOLE, name: "command line".into() },
            act: "operator",
            place: None,
            whom: Some("3 (bob)".into()),
            how: None,
            reason: None,
        };
        write(&mut writer, &Write::Deed(console.clone()));
        let deeds = store.deeds(None, 9).unwrap();
        let told: Vec<_> = deeds.iter().map(|deed| (deed.act, deed.nonce)).collect();
        let expected =
            [("operator", 9), ("kick", 5), ("unban", 4), ("ban", 3), ("set", 2), ("role", 1)];
        assert_eq!(told, expected);
        assert_eq!(deeds[0], console);
        let kick = &deeds[1];
        assert_eq!(kick.whom.as_deref(), Some("2 (name of 2)"));
        assert_eq!(kick.reason, Note::new("too loud"));
        assert_eq!((kick.time, kick.place, kick.by.clone()), (Millis(5_000), Some(no), party(1)));
        assert_eq!(deeds[3].how.as_deref(), Some("for 60 s"));
        let page = store.deeds(Some(deeds[1].at()), 2).unwrap();
        assert_eq!(page, deeds[2..4]);
        let forget = |before, limit| Write::ForgetDeeds { before: Millis(before), limit };
        assert_eq!(write(&mut writer, &forget(3_000, 1)), Written::Pruned(1));
        assert_eq!(write(&mut writer, &forget(3_000, 9)), Written::Pruned(1));
        assert_eq!(write(&mut writer, &forget(3_000, 9)), Written::Pruned(0));
        assert_eq!(store.deeds(None, 9).unwrap().len(), 4);
    });
}

#[test]
fn order_goes_elsewhere_with_everything_else() {
    on_every_store(|place| {
        let (store, mut writer) = begin(place);
        for (n, key) in [
            (1, key(None, Measure::Ban, "fd00::/8")),
            (2, key(None, Measure::Mute, "iron man")),
            (3, key(Some(1), Measure::Slow, "*")),
            (4, key(Some(1), Measure::Mute, "-5")),
        ] {
            let what = Change::Sanction(Box::new(sanction(key, 1)));
            write(&mut writer, &change(n, what));
        }
        let exported = lines(&store);
        for scheme in ["memory", "sqlite", "redis"] {
            let Some(other) = super::place(scheme) else { continue };
            let there = other.open();
            import(&there, &exported).unwrap();
            let there = if other.keeps { other.open() } else { there };
            assert_eq!(there.sanctions().unwrap(), store.sanctions().unwrap(), "{scheme}");
            assert_eq!(lines(&there), exported, "{scheme}");
        }
    });
}
