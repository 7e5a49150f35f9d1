//! Tokens: what resumes a session in place of a password.

use hubbub::clock;
use hubbub::dao::{Token, TokenDigest, Write, Written};
use hubbub::protocol::{ErrorCode, Millis, UserId};

use super::{SECRET, device, on_every_store, register, write, write_all};

fn digest(n: u8) -> TokenDigest {
    TokenDigest([n; 32])
}

/// A token that ends so many milliseconds from now.
fn give(account: i64, n: u8, left: i64) -> Write {
    let (account, device) = (UserId(account), n.is_multiple_of(2).then(|| device("phone")));
    Write::Token { account, device, digest: digest(n), expires: clock::now_ms().plus(left) }
}

const HOUR: i64 = 3_600_000;

#[test]
fn a_token_is_known_by_its_digest_until_it_is_revoked() {
    on_every_store(|place| {
        let store = place.open();
        let mut writer = store.writer().unwrap();
        write_all(&mut writer, &[register(1), register(2)]);
        let (one, other) = (give(1, 1, HOUR), give(1, 2, HOUR));
        write_all(&mut writer, &[one.clone(), other, give(2, 3, HOUR)]);
        let Write::Token { account, device, expires, .. } = one else { panic!("not a token") };
        let token = Token { account, device, expires };
        assert_eq!(store.token(&digest(1)).unwrap(), Some(token.clone()));
        assert_eq!(store.token(&digest(2)).unwrap().unwrap().device.unwrap().as_str(), "phone");
        assert_eq!(store.token(&digest(9)).unwrap(), None);
        // The same again, with a later end.
        write(&mut writer, &give(1, 1, 2 * HOUR));
        assert!(store.token(&digest(1)).unwrap().unwrap().expires > token.expires);
        for revoked in [Write::RevokeToken(digest(1)), Write::RevokeToken(digest(9))] {
            assert_eq!(write(&mut writer, &revoked), Written::Done);
        }
        let left = |n| store.token(&digest(n)).unwrap().is_some();
        assert_eq!([1, 2, 3].map(left), [false, true, true]);
        for revoked in [Write::RevokeTokens(UserId(1)), Write::RevokeTokens(UserId(9))] {
            assert_eq!(write(&mut writer, &revoked), Written::Done);
        }
        assert_eq!([1, 2, 3].map(left), [false, false, true]);
        let unknown = write(&mut writer, &give(9, 4, HOUR));
        assert_eq!(unknown, Written::Refused(ErrorCode::UnknownUser));
        assert_eq!(store.token(&digest(4)).unwrap(), None);
    });
}

#[test]
fn a_new_password_and_a_deletion_end_all_tokens() {
    on_every_store(|place| {
        let store = place.open();
        let mut writer = store.writer().unwrap();
        write_all(&mut writer, &[register(1), register(2)]);
        let tokens = [give(1, 1, HOUR), give(1, 2, HOUR), give(2, 3, HOUR), give(2, 4, HOUR)];
        write_all(&mut writer, &tokens);
        let left = || [1, 2, 3, 4].map(|n| store.token(&digest(n)).unwrap().is_some());
        write(&mut writer, &Write::SetSecret { account: UserId(1), secret: SECRET.into() });
        assert_eq!(left(), [false, false, true, true]);
        write_all(
            &mut writer,
            &[give(1, 1, HOUR), Write::Delete { account: UserId(2), erase: false }, register(2)],
        );
        assert_eq!(left(), [true, false, false, false]);
    });
}

#[test]
fn of_65_tokens_the_one_that_ends_first_goes() {
    on_every_store(|place| {
        let store = place.open();
        let mut writer = store.writer().unwrap();
        write_all(&mut writer, &[register(1), register(2)]);
        write(&mut writer, &give(2, 200, 1));
        // The third ends first, the first next.
        let left = |n| match n {
            3 => HOUR,
            n => 2 * HOUR + i64::from(n),
        };
        let tokens: Vec<_> = (1..=64).map(|n| give(1, n, left(n))).collect();
        write_all(&mut writer, &tokens);
        let is_there = |n| store.token(&digest(n)).unwrap().is_some();
        assert!((1..=64).all(is_there));
        // It has it already: none is too many.
        write(&mut writer, &give(1, 64, 3 * HOUR));
        assert!((1..=64).all(is_there));
        write(&mut writer, &give(1, 65, 3 * HOUR));
        assert!(!is_there(3) && is_there(1) && is_there(65));
        // A new one stays, however soon it ends.
        write(&mut writer, &give(1, 66, 60_000));
        assert!(!is_there(1) && is_there(2) && is_there(66));
        assert!(is_there(200));
    });
}

#[test]
fn expired_tokens_are_given_back_until_the_account_gets_another() {
    on_every_store(|place| {
        let store = place.open();
        let mut writer = store.writer().unwrap();
        write_all(&mut writer, &[register(1), register(2)]);
        write_all(&mut writer, &[give(1, 1, -HOUR), give(2, 2, -HOUR), give(2, 3, HOUR)]);
        let expires = |n| store.token(&digest(n)).unwrap().map(|token| token.expires);
        assert!(expires(1).unwrap() < clock::now_ms());
        assert_eq!((expires(2), expires(3).is_some()), (None, true));
        let far = Write::Token {
            account: UserId(1),
            device: None,
            digest: digest(4),
            expires: Millis(i64::MAX),
        };
        write(&mut writer, &far);
        assert_eq!((expires(1), expires(4)), (None, Some(Millis(i64::MAX))));
    });
}

#[test]
fn a_digest_does_not_fill_a_log() {
    assert_eq!(format!("{:?}", digest(0xab)), "TokenDigest(abababab..)");
}
