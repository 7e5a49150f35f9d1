//! Anything that can be written, with few enough names that things meet.

use hubbub::dao::{Cursor, Entry, Erase, Prune, Receipts, TokenDigest, Write};
use hubbub::protocol::{Append, Device, MessageId, Millis, Name, RoomId, Text, UserId};
use proptest::prelude::*;

use super::rooms::{any_change, number};
use crate::stores::{SECRET, device, say};

pub(super) const PEOPLE: [i64; 4] = [1, 2, 10_001, 10_003];
const DEVICES: [&str; 2] = ["phone", "tablet"];
pub(super) const NAMES: [&str; 3] = ["Tom", "tom", "Iron man"];

fn any_room() -> impl Strategy<Value = RoomId> {
    let person = || prop::sample::select(PEOPLE.to_vec());
    prop_oneof![
        Just(RoomId::Lobby),
        number().prop_map(RoomId::Named),
        (person(), person()).prop_map(|(a, b)| RoomId::pair(UserId(a), UserId(b))),
    ]
}

pub(super) fn person() -> impl Strategy<Value = UserId> {
    prop::sample::select(PEOPLE.to_vec()).prop_map(UserId)
}

fn program() -> impl Strategy<Value = Device> {
    prop::sample::select(DEVICES.to_vec()).prop_map(device)
}

/// What changes devices and tokens.
fn of_a_device() -> impl Strategy<Value = Write> {
    prop_oneof![
        2 => (person(), program(), 1..9_i64).prop_map(|(account, device, time)| {
            Write::OpenDevice { account, device, time: Millis(time) }
        }),
        1 => (person(), prop::option::of(program()))
            .prop_map(|(account, device)| Write::RevokeDevice { account, device }),
        2 => (person(), prop::option::of(program()), 0..4_u8, 0..9_i64).prop_map(
            |(account, device, digest, later)| Write::Token {
                account,
                device,
                digest: token_digest(digest),
                expires: Millis(i64::MAX / 4 + later),
            }
        ),
        1 => (0..4_u8).prop_map(|digest| Write::RevokeToken(token_digest(digest))),
        1 => person().prop_map(Write::RevokeTokens),
    ]
}

pub(super) fn any_write() -> impl Strategy<Value = Write> {
    let name = || prop::sample::select(NAMES.to_vec()).prop_map(|name| Name::new(name).unwrap());
    let secret = || (0..9).prop_map(|n| format!("{SECRET}{n}"));
    let append = (any_room(), person(), prop::option::of(program()), 0..6, 0..3, 0..2_u64)
        .prop_map(|(room, sender, device, reference, text, nonce)| {
            let sender = match room {
                RoomId::Pair(one, _) if room.other(sender).is_none() => one,
                _ => sender,
            };
            Append {
                room,
                device,
                text: Text::new(&format!("text {text}")).unwrap(),
                nonce,
                ..say(sender.0, &format!("ref {reference}"), "-")
            }
        });
    let cursor = (person(), prop::option::of(program()), any_room(), 0..9_u64).prop_map(
        |(account, device, room, up_to)| Cursor { account, device, room, up_to: MessageId(up_to) },
    );
    prop_oneof![
        6 => append.prop_map(Write::Append),
        8 => (prop::option::of(person()), prop::option::of(name()), secret())
            .prop_map(|(id, name, secret)| {
                Write::Register { id, name, secret, entry: Entry::Open }
            }),
        1 => (person(), secret())
            .prop_map(|(account, secret)| Write::SetSecret { account, secret }),
        1 => (person(), name()).prop_map(|(account, name)| Write::Rename { account, name }),
        2 => (person(), any::<bool>())
            .prop_map(|(account, erase)| Write::Delete { account, erase }),
        1 => person().prop_map(Write::Erased),
        3 => (person(), any_room(), prop::collection::btree_set(1..9_u64, 0..6)).prop_map(
            |(account, room, ids)| {
                let ids = ids.into_iter().map(MessageId).collect();
                Write::Erase(Erase { account, room, ids })
            }
        ),
        7 => of_a_device(),
        25 => any_change(),
        4 => cursor.prop_map(Write::Cursor),
        1 => (0..3_u32).prop_map(Write::Guests),
        3 => (person(), person(), prop::bool::weighted(0.7))
            .prop_filter("nobody ignores oneself", |(account, whom, _)| account != whom)
            .prop_map(|(account, whom, is_so)| Write::Ignore { account, whom, is_so }),
        4 => (person(), any_room(), 0..9_u64).prop_map(|(account, room, up_to)| {
            Write::Read { account, room, up_to: MessageId(up_to) }
        }),
        1 => (person(), any::<(bool, bool)>()).prop_map(|(account, (delivered, read))| {
            Write::Receipts { account, receipts: Receipts { delivered, read } }
        }),
        1 => (any_room(), 0..6_u64, 0..4_u32, any::<bool>()).prop_map(
            |(room, keep, limit, by_time)| Write::Prune(Prune {
                room,
                before: Millis(if by_time { i64::MAX } else { i64::MIN }),
                keep: if by_time { u64::MAX } else { keep },
                limit,
            })
        ),
    ]
}

pub(super) fn token_digest(n: u8) -> TokenDigest {
    TokenDigest([n; 32])
}
