//! Who may do what in a named room: one table, from which the rules, the documents and the tests
//! derive.

use crate::protocol::{ErrorCode, NamedRoom, Role, RoomKind};

/// What can be done in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Come in.
    Join,
    /// Leave it for good.
    Part,
    /// Say something.
    Say,
    /// See who is in it.
    List,
    /// Let somebody in.
    Invite,
    /// Say what it is about.
    Topic,
    /// Put somebody out.
    Kick,
    /// Make somebody something else.
    Role,
    /// Say who may come in.
    Set,
    /// Close it for good.
    Close,
    /// Keep somebody out, or end that.
    Ban,
    /// Have somebody say nothing, or end that.
    Mute,
    /// Have somebody, or everybody, speak slowly, or end that.
    Slow,
    /// See who is banned, muted or slowed.
    Sanctions,
    /// All of that on the whole server.
    Server,
    /// See what was done to keep order.
    Audit,
    /// Take back what somebody else said.
    Delete,
    /// Say who gets an account, and see who asks for one.
    Approve,
}

/// What somebody is to a room; the higher, the more they may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// A guest who is not in it.
    Guest,
    /// An account that is not in it.
    Stranger,
    /// An account that is invited.
    Invited,
    /// A guest who is in it.
    Visitor,
    /// A member.
    Member,
    /// A moderator.
    Moderator,
    /// An owner.
    Owner,
    /// Nobody is that: only operators may.
    Nobody,
}

impl Rank {
    /// Every rank, upwards.
    pub const ALL: &[Self] = &[
        Self::Guest,
        Self::Stranger,
        Self::Invited,
        Self::Visitor,
        Self::Member,
        Self::Moderator,
        Self::Owner,
    ];

    /// The rank of a member with this role.
    pub fn of(role: Role) -> Self {
        match role {
            Role::Member => Self::Member,
            Role::Moderator => Self::Moderator,
            Role::Owner => Self::Owner,
        }
    }
}

/// One row: who may do it.
#[derive(Clone, Copy, Debug)]
pub struct Right {
    /// What.
    pub deed: Deed,
    /// Its name on the wire and in the documents.
    pub name: &'static str,
    /// From this rank on, in an open room.
    pub open: Rank,
    /// From this rank on, in a room for the invited.
    pub closed: Rank,
    /// Whom it is done to must be of a lower rank than who does it.
    pub over: bool,
    /// An operator may, whatever they are in the room, and to anybody.
    pub operator: bool,
}

/// Who may do what.
pub const RIGHTS: &[Right] = &[
    right(Deed::Join, "join", (Rank::Guest, Rank::Invited), false, true),
    right(Deed::Part, "part", (Rank::Visitor, Rank::Visitor), false, false),
    right(Deed::Say, "say", (Rank::Visitor, Rank::Visitor), false, false),
    right(Deed::List, "members", (Rank::Visitor, Rank::Visitor), false, true),
    right(Deed::Invite, "invite", (Rank::Member, Rank::Moderator), false, true),
    right(Deed::Topic, "topic", (Rank::Moderator, Rank::Moderator), false, true),
    right(Deed::Kick, "kick", (Rank::Moderator, Rank::Moderator), true, true),
    right(Deed::Role, "role", (Rank::Owner, Rank::Owner), false, true),
    right(Deed::Set, "set", (Rank::Owner, Rank::Owner), false, true),
    right(Deed::Close, "close", (Rank::Owner, Rank::Owner), false, true),
    right(Deed::Ban, "ban", (Rank::Moderator, Rank::Moderator), true, true),
    right(Deed::Mute, "mute", (Rank::Moderator, Rank::Moderator), true, true),
    right(Deed::Slow, "slow", (Rank::Moderator, Rank::Moderator), true, true),
    right(Deed::Sanctions, "bans", (Rank::Moderator, Rank::Moderator), false, true),
    right(Deed::Server, "server", (Rank::Nobody, Rank::Nobody), false, true),
    right(Deed::Audit, "audit", (Rank::Nobody, Rank::Nobody), false, true),
    right(Deed::Delete, "delete", (Rank::Moderator, Rank::Moderator), true, true),
    right(Deed::Approve, "approve", (Rank::Nobody, Rank::Nobody), false, true),
];

const fn right(
    deed: Deed,
    name: &'static str,
    (open, closed): (Rank, Rank),
    over: bool,
    operator: bool,
) -> Right {
    Right { deed, name, open, closed, over, operator }
}

/// Who wants to do something.
#[derive(Clone, Copy, Debug)]
pub struct Actor {
    /// What they are to the room.
    pub rank: Rank,
    /// They may keep order in every room.
    pub is_operator: bool,
}

/// May this be done in this room, to somebody of this rank if it is done to somebody?
///
/// # Errors
/// What to tell who asked.
pub fn may(
    deed: Deed,
    room: &NamedRoom,
    actor: Actor,
    target: Option<Rank>,
) -> Result<(), ErrorCode> {
    let Some(right) = RIGHTS.iter().find(|right| right.deed == deed) else {
        return Err(ErrorCode::Internal);
    };
    if right.operator && actor.is_operator {
        return Ok(());
    }
    let least = if room.kind == RoomKind::Open { right.open } else { right.closed };
    if actor.rank < least {
        return Err(refusal(deed, room.kind, actor.rank));
    }
    if deed == Deed::Join && actor.rank == Rank::Guest && !room.guests {
        return Err(ErrorCode::NoGuestsHere);
    }
    match target {
        Some(target) if right.over && target >= actor.rank => Err(ErrorCode::NotAllowed),
        _ => Ok(()),
    }
}

/// May this be done on the whole server?
///
/// # Errors
/// [`ErrorCode::OperatorsOnly`].
pub fn may_on_server(deed: Deed, is_operator: bool) -> Result<(), ErrorCode> {
    let is_for_operators = RIGHTS.iter().any(|right| right.deed == deed && right.operator);
    if is_operator && is_for_operators { Ok(()) } else { Err(ErrorCode::OperatorsOnly) }
}

/// Who is outside of a hidden room does not hear that there is one.
fn refusal(deed: Deed, kind: RoomKind, rank: Rank) -> ErrorCode {
    match (kind, deed) {
        (RoomKind::Hidden, _) if rank < Rank::Invited => ErrorCode::UnknownRoom,
        (_, Deed::Join) => ErrorCode::InviteOnly,
        _ if rank < Rank::Visitor => ErrorCode::NotMember,
        _ => ErrorCode::NotAllowed,
    }
}
