//! Being away, and writing: what is said of oneself, and what is heard of others.

use std::time::Instant;

use super::rooms::spelled;
use super::{Conversation, Stage};
use crate::client::{Ask, TYPING_TIME, Update};
use crate::protocol::wire::{self, AwayMes, TypingMes, kind};
use crate::protocol::{Absence, AbsenceKind, AbsenceNote, Member, RoomId, RoomRef, UserId};

impl Conversation {
    /// Said at once or not at all, and not more often than the server hands it on: in half the
    /// time for which it is good.
    pub(super) fn typing(&mut self, to: Option<UserId>, room: Option<&RoomRef>, now: Instant) {
        let is_fresh = self.typed_at.is_some_and(|at| now < at + TYPING_TIME / 2);
        if self.stage != Stage::In || is_fresh {
            return;
        }
        self.typed_at = Some(now);
        let (to_user_id, room) = (to.map(|id| id.0), room.map(spelled));
        self.write(kind::TYPING, &TypingMes { room, to_user_id, ..TypingMes::default() });
    }

    pub(super) fn write_absence(&mut self, absence: Option<&Absence>) {
        let state = absence.map_or(AbsenceKind::HERE, |absence| absence.kind.name()).to_owned();
        let words = absence.map(Absence::words).filter(|words| !words.is_empty());
        let text = words.map(str::to_owned);
        self.write(kind::AWAY, &AwayMes { state, text, ..AwayMes::default() });
    }

    /// Of oneself it is the answer; of somebody else, that they may not answer.
    pub(super) fn away_told(&mut self, mes: AwayMes) {
        let Some(id) = mes.user_id.map(UserId) else { return };
        let absence = absence(Some(&mes.state), mes.text.as_deref());
        if self.account.me == Some(id) {
            self.answered(Ask::Absence);
            return self.hand_on(Update::AbsenceDone(absence));
        }
        let name = mes.user_name.unwrap_or_else(|| id.to_string()).into();
        let absence = absence.map(Into::into);
        self.hand_on(Update::IsAbsent(Member { id, name, address: "".into(), absence }));
    }

    pub(super) fn typing_told(&mut self, mes: TypingMes) {
        let room = mes.room.as_deref().and_then(RoomId::parse);
        let (Some(room), Some(id)) = (room, mes.user_id) else { return };
        let (by, name) = (UserId(id), mes.user_name.unwrap_or_else(|| id.to_string()));
        if self.account.me != Some(by) {
            self.hand_on(Update::Typing { room, by, name });
        }
    }
}

/// What the words of the protocol mean; `None`: there.
pub(super) fn absence(state: Option<&str>, text: Option<&str>) -> Option<Absence> {
    let kind = AbsenceKind::from_name(state?)?;
    Some(Absence { kind, note: text.and_then(AbsenceNote::new) })
}

/// Somebody is busy, away, or back.
pub(super) fn absent(notify: &wire::Notify, who: Member) -> Update {
    let absence = absence(notify.state.as_deref(), notify.text.as_deref());
    // Who says no more than the original is busy.
    let busy = || Absence { kind: AbsenceKind::Busy, note: None };
    let is_busy = notify.status == wire::status::BUSY;
    let absence = absence.or_else(|| is_busy.then(busy)).map(Into::into);
    Update::Absence(Member { absence, ..who })
}
