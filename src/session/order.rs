//! Keeping order, from one session's side: whom an order is against, and lists for those who
//! may see them.

use super::Session;
use super::asking::refusal_of;
use crate::protocol::{
    Act, Against, Aim, ErrorCode, Event, NamedRoom, Order, OrderAct, Pattern, Refusal, RoomId,
    RoomRef, Standing, UserId, Who,
};
use crate::state::{Deed, may_on_server};

/// Acts in one answer.
const MAX_DEEDS: usize = 100;

/// Whom an order is against, what this account is to the room, and whether it is an operator.
type Whom = (Against, Option<Standing>, bool);

impl Session<'_> {
    pub(super) fn order(&mut self, room: &RoomRef, order: Order) {
        match self.order_act(room, order) {
            Ok(act) => self.ask(Act::Order(Box::new(act))),
            Err(refusal) => self.tell(&Event::Refused(refusal)),
        }
    }

    /// Asks who is banned, muted or slowed.
    pub(super) fn list_sanctions(&mut self, room: &RoomRef) {
        match self.with_standing(room) {
            Ok(asked) => self.ask(Act::Sanctions(asked.map(Box::new))),
            Err(refusal) => self.tell(&Event::Refused(refusal)),
        }
    }

    /// What was done to keep order, newest first, for operators.
    pub(super) fn list_deeds(&self, limit: usize) {
        let read = || {
            self.check_operator(Deed::Audit)?;
            let deeds = self.host.store.deeds(None, limit.min(MAX_DEEDS));
            deeds.map_err(|error| refusal_of(&error))
        };
        match read() {
            Ok(deeds) => self.tell(&Event::Deeds(deeds.into())),
            Err(refusal) => self.tell(&Event::Refused(refusal)),
        }
    }

    /// The account of this session, if it may do this on the whole server.
    pub(super) fn check_operator(&self, deed: Deed) -> Result<UserId, Refusal> {
        let me = self.account().ok_or(ErrorCode::OperatorsOnly)?;
        let is_operator = self.host.store.is_operator(me).map_err(|error| refusal_of(&error))?;
        may_on_server(deed, is_operator)?;
        Ok(me)
    }

    fn order_act(&mut self, room: &RoomRef, order: Order) -> Result<OrderAct, Refusal> {
        if !self.dialect.rooms {
            return Err(Refusal::of(ErrorCode::BadRequest));
        }
        let room = self.with_standing(room)?;
        let aimed = self.aimed_at(room.as_ref().map(|(room, _)| room), &order);
        let (against, whom, is_operator) = aimed.map_err(|refusal| match &room {
            Some((room, mine)) => self.veiled(room, *mine, refusal),
            None => refusal,
        })?;
        Ok(OrderAct { room, against, whom, is_operator, order })
    }

    /// The room and what this account is to it; none: the whole server, which the lobby stands
    /// for.
    fn with_standing(&self, room: &RoomRef) -> Result<Option<(NamedRoom, Standing)>, Refusal> {
        if matches!(self.place(room), Ok(RoomId::Lobby)) {
            return Ok(None);
        }
        let room = self.find(room)?;
        let mine = self.own_standing(&room)?;
        Ok(Some((room, mine)))
    }

    fn aimed_at(&mut self, room: Option<&NamedRoom>, order: &Order) -> Result<Whom, Refusal> {
        let who = match &order.aim {
            Aim::Against(against) => return Ok((against.clone(), None, false)),
            Aim::Who(who) => who,
        };
        match (self.resolve(who), who) {
            (Ok(id), _) => self.person(room, id),
            // Guests are meant by their ids; and what is against who is gone can be lifted.
            (Err(refusal), Who::Id(id)) if refusal.code == ErrorCode::UnknownUser => {
                let may_be_meant = id.is_guest() || order.terms.is_none();
                let against = Against::One(*id);
                if may_be_meant { Ok((against, None, false)) } else { Err(refusal) }
            }
            // No account's name: a guest's, or one to come.
            (Err(refusal), Who::Named(key)) if refusal.code == ErrorCode::UnknownUser => {
                let pattern = Pattern::new(key.as_str()).ok_or(refusal)?;
                Ok((Against::Names(pattern), None, false))
            }
            (Err(refusal), _) => Err(refusal),
        }
    }

    fn person(&self, room: Option<&NamedRoom>, id: UserId) -> Result<Whom, Refusal> {
        let is_operator = self.host.store.is_operator(id).map_err(|error| refusal_of(&error))?;
        let standing = room.map(|room| self.standing(room, id)).transpose()?;
        Ok((Against::One(id), standing, is_operator))
    }
}
