//! Who may do what in a room: the table against what docs/protocol.md says, and against what must
//! hold whatever the table says.

use hubbub::protocol::{ErrorCode, NamedRoom, RoomKind, RoomName, RoomNo, Topic};
use hubbub::state::{Actor, Deed, RIGHTS, Rank, may, may_on_server};
use proptest::prelude::*;

const PROTOCOL: &str = include_str!("../../docs/protocol.md");

fn room(kind: RoomKind, guests: bool) -> NamedRoom {
    let name = RoomName::new("rust").unwrap();
    NamedRoom { no: RoomNo(1), name, topic: Topic::default(), kind, guests }
}

fn rank() -> impl Strategy<Value = Rank> {
    prop::sample::select(Rank::ALL)
}

fn kind() -> impl Strategy<Value = RoomKind> {
    prop::sample::select(vec![RoomKind::Open, RoomKind::Invite, RoomKind::Hidden])
}

fn deed() -> impl Strategy<Value = Deed> {
    prop::sample::select(RIGHTS.iter().map(|right| right.deed).collect::<Vec<_>>())
}

/// The row of the document: the least rank in an open room and in others.
fn documented(name: &str) -> (Rank, Rank) {
    let row = PROTOCOL.lines().find(|line| {
        let is_of_the_table = line.split('|').count() == 6;
        is_of_the_table && line.starts_with(&format!("| `{name}` | "))
    });
    let cells: Vec<_> = row.expect(name).split('|').map(str::trim).collect();
    let rank = |cell: &str| {
        let named = |rank: &&Rank| format!("{rank:?}").to_lowercase() == cell;
        *Rank::ALL.iter().chain(&[Rank::Nobody]).find(named).expect(cell)
    };
    (rank(cells[2]), rank(cells[3]))
}

#[test]
fn the_document_says_what_the_table_says() {
    for right in RIGHTS {
        assert_eq!(documented(right.name), (right.open, right.closed), "{}", right.name);
    }
}

/// As docs/moderation.md shows it.
fn table() -> String {
    let word = |rank: Rank| format!("{rank:?}").to_lowercase();
    let row = |right: &hubbub::state::Right| {
        let over = if right.over { "yes" } else { "no" };
        let operator = if right.operator { "always" } else { "as others" };
        let (open, closed) = (word(right.open), word(right.closed));
        format!("| `{}` | {open} | {closed} | {over} | {operator} |\n", right.name)
    };
    RIGHTS.iter().map(row).collect()
}

#[test]
fn the_page_about_keeping_order_shows_the_table() {
    let page = include_str!("../../docs/moderation.md");
    assert!(page.contains(&table()), "docs/moderation.md must have these rows:\n{}", table());
}

#[test]
fn what_is_for_the_whole_server_is_for_operators_alone() {
    for right in RIGHTS {
        assert_eq!(may_on_server(right.deed, false), Err(ErrorCode::OperatorsOnly));
        assert_eq!(may_on_server(right.deed, true).is_ok(), right.operator);
    }
}

proptest! {
    #[test]
    fn nobody_may_more_than_the_document_says(
        deed in deed(),
        kind in kind(),
        guests in any::<bool>(),
        rank in rank(),
        target in prop::option::of(rank()),
        is_operator in any::<bool>(),
    ) {
        let right = RIGHTS.iter().find(|right| right.deed == deed).unwrap();
        let (open, closed) = documented(right.name);
        let least = if kind == RoomKind::Open { open } else { closed };
        let is_shut_out = deed == Deed::Join && rank == Rank::Guest && !guests;
        let is_over = matches!(deed, Deed::Kick | Deed::Ban | Deed::Mute | Deed::Slow | Deed::Delete);
        let is_below = !is_over || target.is_none_or(|target| target < rank);
        let is_server_wide = is_operator && !matches!(deed, Deed::Part | Deed::Say);
        let expected = is_server_wide || (rank >= least && !is_shut_out && is_below);
        let room = room(kind, guests);
        let answer = may(deed, &room, Actor { rank, is_operator }, target);
        prop_assert_eq!(answer.is_ok(), expected, "{:?}", answer);
        // Who is outside of a hidden room and not invited does not learn that there is one.
        if kind == RoomKind::Hidden && rank < Rank::Invited && !is_operator {
            prop_assert_eq!(answer, Err(ErrorCode::UnknownRoom));
        }
    }

    #[test]
    fn a_higher_rank_may_whatever_a_lower_one_may(
        deed in deed(),
        kind in kind(),
        one in rank(),
        other in rank(),
        target in prop::option::of(rank()),
    ) {
        let room = room(kind, true);
        let (low, high) = (one.min(other), one.max(other));
        let may = |rank| may(deed, &room, Actor { rank, is_operator: false }, target).is_ok();
        prop_assert!(!may(low) || may(high));
    }
}
