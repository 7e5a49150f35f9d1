//! Invitation codes: a use is taken with the account, or neither is. And who waits to be let in.

use hubbub::clock;
use hubbub::dao::{Code, Decision, Entry, TokenDigest, Write, Written};
use hubbub::protocol::{Deed, ErrorCode, Millis, Name, Note, Party, UserId};

use super::keeping::{import, lines};
use super::{SECRET, on_every_store, register, write, write_all};

const HOUR: i64 = 3_600_000;

/// A code that ends in so many milliseconds.
fn code(n: u8, uses: u32, left: i64) -> Code {
    Code { digest: TokenDigest([n; 32]), uses, expires: clock::now_ms().plus(left) }
}

/// An account by this code, now.
fn by(id: Option<i64>, n: u8) -> Write {
    let entry = Entry::Code(TokenDigest([n; 32]), clock::now_ms());
    Write::Register { id: id.map(UserId), name: None, secret: SECRET.into(), entry }
}

#[test]
fn a_code_makes_as_many_accounts_as_it_is_for_and_a_taken_id_costs_none() {
    on_every_store(|place| {
        let store = place.open();
        let mut writer = store.writer().unwrap();
        let (two, other) = (code(1, 2, HOUR), code(2, 7, 2 * HOUR));
        write_all(&mut writer, &[register(5), Write::MakeCode(other), Write::MakeCode(two)]);
        assert_eq!(store.codes().unwrap(), [two, other], "by their ends");
        let taken = Written::Refused(ErrorCode::IdTaken);
        assert_eq!(
            write_all(&mut writer, &[by(Some(5), 1), by(Some(5), 9)]),
            [taken.clone(), taken]
        );
        assert_eq!(write(&mut writer, &by(Some(0), 1)), Written::Refused(ErrorCode::BadId));
        assert_eq!(write(&mut writer, &by(Some(6), 1)), Written::Registered(UserId(6)));
        let left = Code { uses: 1, ..two };
        let store = if place.keeps { place.open() } else { store };
        assert_eq!(store.codes().unwrap(), [left, other]);
        let written = write_all(&mut writer, &[by(None, 1), by(Some(7), 1), by(None, 9)]);
        let bad = Written::Refused(ErrorCode::BadCode);
        assert_eq!(written, [Written::Registered(UserId(10_001)), bad.clone(), bad]);
        assert_eq!(store.account(UserId(7)).unwrap(), None, "an account without its code");
        assert_eq!(store.codes().unwrap(), [other], "used up it is gone");
    });
}

#[test]
fn of_sixteen_who_come_with_a_code_for_one_one_comes_in() {
    on_every_store(|place| {
        let store = place.open();
        let mut writer = store.writer().unwrap();
        write(&mut writer, &Write::MakeCode(code(1, 1, HOUR)));
        let all: Vec<_> = (1..=16).map(|id| by(Some(id), 1)).collect();
        let (first, others) = write_all(&mut writer, &all).split_first().map_or_else(
            || panic!("no answers"),
            |(first, others)| (first.clone(), others.to_vec()),
        );
        assert_eq!(first, Written::Registered(UserId(1)));
        assert_eq!(others, vec![Written::Refused(ErrorCode::BadCode); 15]);
        assert_eq!(store.accounts(UserId(0), 99).unwrap().len(), 1);
    });
}

#[test]
fn what_is_over_or_ended_lets_nobody_in_and_goes_with_the_next() {
    on_every_store(|place| {
        let store = place.open();
        let mut writer = store.writer().unwrap();
        let over = code(1, 5, -HOUR);
        let codes = [over, code(2, 5, HOUR), code(3, 5, HOUR + 1)];
        write_all(&mut writer, &codes.map(Write::MakeCode));
        for ended in [TokenDigest([2; 32]), TokenDigest([9; 32])] {
            assert_eq!(write(&mut writer, &Write::EndCode(ended)), Written::Done);
        }
        for n in [1, 2] {
            let refused = Written::Refused(ErrorCode::BadCode);
            assert_eq!(write(&mut writer, &by(Some(1), n)), refused, "{n}");
        }
        assert_eq!(store.codes().unwrap(), [codes[2]]);
        // It is good up to its end, and not at it.
        let at = |time| {
            let entry = Entry::Code(codes[2].digest, Millis(time));
            Write::Register { id: Some(UserId(time)), name: None, secret: SECRET.into(), entry }
        };
        let end = codes[2].expires.0;
        assert_eq!(write(&mut writer, &at(end)), Written::Refused(ErrorCode::BadCode));
        assert_eq!(write(&mut writer, &at(end - 1)), Written::Registered(UserId(end - 1)));
    });
}

#[test]
fn codes_move_with_the_store() {
    on_every_store(|place| {
        let store = place.open();
        let mut writer = store.writer().unwrap();
        let codes = [code(7, 3, HOUR), code(3, u32::MAX, 2 * HOUR)];
        write_all(&mut writer, &codes.map(Write::MakeCode));
        let exported = lines(&store);
        assert!(exported.contains("{\"kind\":\"code\",\"digest\":\"0707"), "{exported}");
        on_every_store_import(&exported, &codes);
    });
}

fn on_every_store_import(exported: &str, codes: &[Code]) {
    for scheme in super::schemes() {
        let Some(to) = super::place(scheme) else { continue };
        let store = to.open();
        import(&store, exported).unwrap();
        let store = if to.keeps { to.open() } else { store };
        assert_eq!(store.codes().unwrap(), codes, "{store:?}");
        assert_eq!(lines(&store), exported, "{store:?}");
        let mut writer = store.writer().unwrap();
        assert_eq!(write(&mut writer, &by(Some(1), 7)), Written::Registered(UserId(1)));
    }
}

/// An account is asked for at this moment.
fn asks(id: Option<i64>, name: &str, since: i64) -> Write {
    let (id, name) = (id.map(UserId), Some(Name::new(name).unwrap()));
    Write::Register { id, name, secret: SECRET.into(), entry: Entry::Asked(Millis(since)) }
}

fn decides(whom: i64, is_let_in: bool) -> Write {
    let deed = Deed {
        time: Millis(70),
        nonce: whom.unsigned_abs(),
        by: Party { id: UserId(5), name: "tom".into() },
        act: if is_let_in { "approve" } else { "reject" },
        place: None,
        whom: Some(whom.to_string().into()),
        how: None,
        reason: Note::new("why"),
    };
    Write::Decide(Decision { whom: UserId(whom), is_let_in, deed })
}

#[test]
fn who_asks_is_nobody_until_they_are_let_in_and_the_act_is_recorded_with_it() {
    on_every_store(|place| {
        let store = place.open();
        let mut writer = store.writer().unwrap();
        write(&mut writer, &register(5));
        let all = [asks(Some(6), "ann", 20), asks(None, "bob", 10), asks(Some(7), "eve", 30)];
        let waits = [6, 10_001, 7].map(|id| Written::Waits(UserId(id)));
        assert_eq!(write_all(&mut writer, &all), waits);
        let ids = || -> Vec<_> {
            let all = store.applicants().unwrap();
            all.iter().map(|asked| (asked.account.id.0, asked.since.0)).collect()
        };
        assert_eq!(ids(), [(10_001, 10), (6, 20), (7, 30)], "by when they asked");
        assert_eq!(store.account(UserId(6)).unwrap(), None);
        assert_eq!(store.named(Name::new("ann").unwrap().key()).unwrap(), []);
        assert_eq!(store.accounts(UserId(0), 99).unwrap().len(), 1);
        // Nobody else gets the ids, however they come.
        let taken = vec![Written::Refused(ErrorCode::IdTaken); 3];
        let again = [register(6), asks(Some(6), "x", 40), asks(Some(5), "x", 40)];
        assert_eq!(write_all(&mut writer, &again), taken);
        let unknown = Write::Operator { account: UserId(6), is_operator: true };
        assert_eq!(write(&mut writer, &unknown), Written::Refused(ErrorCode::UnknownUser));

        let decided = write_all(&mut writer, &[decides(6, true), decides(7, false)]);
        assert_eq!(decided, [Written::Registered(UserId(6)), Written::Done]);
        let nobody = vec![Written::Refused(ErrorCode::NobodyWaits); 2];
        assert_eq!(write_all(&mut writer, &[decides(6, true), decides(8, false)]), nobody);
        let account = store.account(UserId(6)).unwrap().unwrap();
        assert_eq!(account.name.as_str(), "ann");
        assert_eq!(store.cursors(UserId(6), None).unwrap().len(), 1, "where it begins");
        assert_eq!(store.account(UserId(7)).unwrap(), None);
        assert_eq!(ids(), [(10_001, 10)]);
        let acts: Vec<_> = store.deeds(None, 9).unwrap().iter().map(|deed| deed.act).collect();
        assert_eq!(acts, ["reject", "approve"], "of what was done alone");
        // An id that was asked for in vain is free; the counter goes on.
        assert_eq!(write(&mut writer, &register(7)), Written::Registered(UserId(7)));
        let any =
            Write::Register { id: None, name: None, secret: SECRET.into(), entry: Entry::Open };
        assert_eq!(write(&mut writer, &any), Written::Registered(UserId(10_002)));
    });
}

#[test]
fn the_store_does_not_choose_an_id_that_somebody_waits_for() {
    on_every_store(|place| {
        let store = place.open();
        let mut writer = store.writer().unwrap();
        let all = [asks(Some(10_001), "ann", 1), asks(None, "bob", 2), decides(10_001, false)];
        let written = write_all(&mut writer, &all);
        assert_eq!(written[1], Written::Waits(UserId(10_002)));
    });
}

#[test]
fn a_thousand_wait_and_no_more_and_who_waits_for_long_is_forgotten_in_steps() {
    on_every_store(|place| {
        let store = place.open();
        let mut writer = store.writer().unwrap();
        let all: Vec<_> = (1..=1_000).map(|n| asks(Some(n), "x", 2_000 - n)).collect();
        write_all(&mut writer, &all);
        let one_more = [asks(Some(1_001), "x", 1), decides(1_000, true), asks(Some(1_001), "x", 1)];
        let full = Written::Refused(ErrorCode::TooManyWaiting);
        let (in_now, waits) = (Written::Registered(UserId(1_000)), Written::Waits(UserId(1_001)));
        assert_eq!(write_all(&mut writer, &one_more), [full, in_now, waits]);
        let forget = Write::ForgetApplicants { before: Millis(1_900), limit: 600 };
        let gone = write_all(&mut writer, &[forget.clone(), forget.clone(), forget]);
        assert_eq!(gone, [600, 300, 0].map(Written::Pruned));
        let left = store.applicants().unwrap();
        assert_eq!((left.len(), left[0].since), (100, Millis(1_900)), "the newest stay");
    });
}

#[test]
fn who_waits_moves_with_the_store() {
    on_every_store(|place| {
        let store = place.open();
        let mut writer = store.writer().unwrap();
        write_all(&mut writer, &[asks(Some(6), "ann", 20), asks(None, "bob", 10)]);
        let (asked, exported) = (store.applicants().unwrap(), lines(&store));
        assert!(exported.contains("{\"kind\":\"asked\",\"id\":6,\"name\":\"ann\""), "{exported}");
        for scheme in super::schemes() {
            let Some(to) = super::place(scheme) else { continue };
            let store = to.open();
            import(&store, &exported).unwrap();
            let store = if to.keeps { to.open() } else { store };
            assert_eq!(store.applicants().unwrap(), asked, "{store:?}");
            assert_eq!(lines(&store), exported, "{store:?}");
        }
    });
}

/// The original program shares the accounts of a Redis, and knows nothing of who waits.
#[test]
fn nobody_is_let_in_over_an_account_that_has_come_to_be() {
    let Some(redis) = crate::support::redis::Redis::start() else { return };
    let store = hubbub::dao::open(&redis.url()).unwrap();
    let mut writer = store.writer().unwrap();
    write(&mut writer, &asks(Some(500), "ann", 1));
    let theirs = r#"{"userId":500,"userPwd":"abc","userName":"bob"}"#;
    let mut outside = redis.connect();
    redis::cmd("HSET").arg("users").arg(500).arg(theirs).exec(&mut outside).unwrap();
    let refused = Written::Refused(ErrorCode::IdTaken);
    assert_eq!(write(&mut writer, &decides(500, true)), refused);
    assert_eq!(store.account(UserId(500)).unwrap().unwrap().name.as_str(), "bob");
    assert_eq!(write(&mut writer, &decides(500, false)), Written::Done);
}
