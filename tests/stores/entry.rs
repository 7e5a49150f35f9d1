//! Invitation codes: a use is taken with the account, or neither is.

use hubbub::clock;
use hubbub::dao::{Code, Entry, TokenDigest, Write, Written};
use hubbub::protocol::{ErrorCode, Millis, UserId};

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
    for kind in hubbub::dao::STORES {
        let Some(to) = super::place(kind.scheme) else { continue };
        let store = to.open();
        import(&store, exported).unwrap();
        let store = if to.keeps { to.open() } else { store };
        assert_eq!(store.codes().unwrap(), codes, "{store:?}");
        assert_eq!(lines(&store), exported, "{store:?}");
        let mut writer = store.writer().unwrap();
        assert_eq!(write(&mut writer, &by(Some(1), 7)), Written::Registered(UserId(1)));
    }
}
