//! What happens, in any order.

use proptest::prelude::*;

use super::store::FEEDS;
use super::{ACCOUNTS, NODES, ROOMS};

#[derive(Clone, Copy, Debug)]
pub enum Op {
    LogIn(usize, usize),
    Enter(usize),
    Leave(usize, usize),
    /// The thread of a session goes on.
    Step(usize, usize),
    Say(usize, usize, Where),
    Room(usize, usize, usize, Do),
    Delete(usize, usize),
    /// What a node wants written is written, or refused.
    Commit(usize, usize),
    Refuse(usize),
    /// A node reads so many entries of a feed.
    Hear(usize, usize, usize),
    /// The others give a node up that is there.
    GiveUp(usize),
    /// It has its place again.
    TakeBack(usize),
    /// It ends on the spot, and another one begins.
    Kill(usize),
    Wait(i64),
}

#[derive(Clone, Copy, Debug)]
pub enum Where {
    Lobby,
    To(usize),
    Room(usize),
}

#[derive(Clone, Copy, Debug)]
pub enum Do {
    Join,
    Part,
    Kick(usize),
    Close,
    /// Another room, of one of a few names.
    Create,
}

pub fn op() -> impl Strategy<Value = Op> {
    let node = || 0..NODES;
    let slot = || 0..8_usize;
    let place = prop_oneof![
        2 => Just(Where::Lobby),
        2 => (0..ACCOUNTS).prop_map(Where::To),
        4 => (0..ROOMS).prop_map(Where::Room),
    ];
    let deed = prop_oneof![
        8 => Just(Do::Join),
        3 => Just(Do::Part),
        3 => (0..ACCOUNTS).prop_map(Do::Kick),
        1 => Just(Do::Close),
        1 => Just(Do::Create),
    ];
    prop_oneof![
        6 => (node(), 0..ACCOUNTS).prop_map(|(node, account)| Op::LogIn(node, account)),
        2 => node().prop_map(Op::Enter),
        3 => (node(), slot()).prop_map(|(node, slot)| Op::Leave(node, slot)),
        14 => (node(), slot()).prop_map(|(node, slot)| Op::Step(node, slot)),
        8 => (node(), slot(), place).prop_map(|(node, slot, place)| Op::Say(node, slot, place)),
        8 => (node(), slot(), 0..ROOMS, deed)
            .prop_map(|(node, slot, room, deed)| Op::Room(node, slot, room, deed)),
        1 => (node(), slot()).prop_map(|(node, slot)| Op::Delete(node, slot)),
        12 => (node(), 1..6_usize).prop_map(|(node, n)| Op::Commit(node, n)),
        1 => node().prop_map(Op::Refuse),
        16 => (node(), 0..FEEDS, 1..6_usize).prop_map(|(node, feed, n)| Op::Hear(node, feed, n)),
        1 => node().prop_map(Op::GiveUp),
        1 => node().prop_map(Op::TakeBack),
        1 => node().prop_map(Op::Kill),
        2 => (0..2_000_i64).prop_map(Op::Wait),
    ]
}
