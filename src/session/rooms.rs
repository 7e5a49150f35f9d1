//! Named rooms, from one session's side: which room is meant, coming in, lists, and where the
//! plain text of a line goes.

use crossbeam_channel::RecvTimeoutError;

use super::asking::refusal_of;
use super::replay::{Replay, patiently};
use super::words::as_they_are;
use super::{End, HUB_TIME, Identity, Session};
use crate::clock;
use crate::dao::StoreError;
use crate::hub::Signal;
use crate::outbox::Mark;
use crate::protocol::{
    Act, ErrorCode, Event, Farewell, MessageId, NamedRoom, Party, Refusal, RoomAct, RoomAsk,
    RoomId, RoomKind, RoomName, RoomNo, RoomRef, Standing, UserId, Who,
};
use crate::state::{Input, Joined};

/// Messages that are shown to who comes into a room.
const BEFORE: usize = 50;

/// Rooms, and members, in one answer.
const PAGE: usize = 100;

impl Session<'_> {
    /// Reads which rooms the account is in and hands them to the hub, which holds from then on
    /// what is said there.
    pub(super) fn load_rooms(&mut self, account: UserId) -> Result<(), End> {
        if self.here.take().is_some() {
            self.tell(&Event::Here(None));
        }
        if !self.dialect.rooms {
            return Ok(());
        }
        let rooms = patiently(|| self.host.store.rooms_of(account))?;
        if rooms.is_empty() {
            return Ok(());
        }
        let read: Vec<_> = rooms.iter().map(|(room, _)| room.no).collect();
        self.enter(Input::Rooms { session: self.id, rooms });
        match self.signals.1.recv_timeout(HUB_TIME) {
            Ok(Signal::Ready(rooms)) => {
                let is_in = |no: &RoomNo| rooms.iter().any(|(room, _)| room.no == *no);
                self.shut = read.into_iter().filter(|no| !is_in(no)).collect();
                self.names = rooms.iter().map(|(room, _)| (room.no, room.name.clone())).collect();
                self.tell(&Event::MyRooms(rooms.into()));
                Ok(())
            }
            Ok(_) | Err(_) => Err(End::ours(Farewell::ShuttingDown)),
        }
    }

    /// The name of a room, from the store where it is not known yet.
    pub(super) fn learn_name(&mut self, room: RoomId) -> Result<(), End> {
        let RoomId::Named(no) = room else { return Ok(()) };
        if !self.names.contains_key(&no)
            && let Some(room) = patiently(|| self.host.store.room(no))?
        {
            self.names.insert(no, room.name);
        }
        Ok(())
    }

    pub(super) fn name_of(&self, room: RoomId) -> Option<RoomName> {
        let RoomId::Named(no) = room else { return None };
        self.names.get(&no).cloned()
    }

    /// Where a message for this room goes.
    pub(super) fn place(&self, room: &RoomRef) -> Result<RoomId, Refusal> {
        match room {
            RoomRef::Here => Ok(self.here.as_ref().map_or(RoomId::Lobby, NamedRoom::id)),
            RoomRef::Id(RoomId::Pair(..)) => Err(Refusal::of(ErrorCode::BadRequest)),
            RoomRef::Id(id) => Ok(*id),
            // Asked each time: a room may be closed, and another one have its name. Who is not in a
            // room does not learn from this whether there is one.
            RoomRef::Name(_) => {
                self.find(room).map(|room| room.id()).map_err(|refusal| match refusal.code {
                    ErrorCode::UnknownRoom => Refusal::of(ErrorCode::NotMember),
                    _ => refusal,
                })
            }
        }
    }

    /// The room as the store has it. Blocks on the store, in this session's own thread. Who is
    /// nobody yet is not told whether there is one.
    pub(super) fn find(&self, room: &RoomRef) -> Result<NamedRoom, Refusal> {
        if matches!(self.who, Identity::Nobody) {
            return Err(Refusal::of(ErrorCode::NotLoggedIn));
        }
        let store = &self.host.store;
        let found = match room {
            RoomRef::Here => match &self.here {
                Some(here) => store.room(here.no),
                None => return Err(Refusal::of(ErrorCode::NotInLobby)),
            },
            RoomRef::Id(RoomId::Named(no)) => store.room(*no),
            RoomRef::Id(_) => return Err(Refusal::of(ErrorCode::NotInLobby)),
            RoomRef::Name(name) => store.room_named(name),
        };
        let unknown = || Refusal::of(ErrorCode::UnknownRoom);
        found.map_err(|error| refusal_of(&error))?.ok_or_else(unknown)
    }

    pub(super) fn create_room(
        &mut self,
        name: RoomName,
        kind: RoomKind,
        guests: bool,
    ) -> Result<(), End> {
        if !self.dialect.rooms {
            self.refuse(ErrorCode::BadRequest);
            return Ok(());
        }
        // One that is then refused counts, too: it costs the store a look all the same.
        if let Some(me) = self.account()
            && !self.exempt
            && !self.host.rooms.take(&me, clock::now())
        {
            log::warn!("{me} makes too many rooms");
            self.refuse(ErrorCode::Throttled);
            return Ok(());
        }
        if self.asks(Act::Create { name, kind, guests }) { self.wait_to_join() } else { Ok(()) }
    }

    pub(super) fn on_room(&mut self, room: &RoomRef, ask: RoomAsk) -> Result<(), End> {
        if ask == RoomAsk::Join && *room == RoomRef::Id(RoomId::Lobby) {
            self.here = None;
            self.tell(&Event::Here(None));
            return Ok(());
        }
        if let RoomAsk::Order(order) = ask {
            self.order(room, *order);
            return Ok(());
        }
        let act = match self.room_act(room, ask) {
            Ok(act) => act,
            Err(refusal) => {
                self.tell(&Event::Refused(refusal));
                return Ok(());
            }
        };
        let (no, ask) = (act.room.no, act.ask.clone());
        if !self.asks(Act::Room(Box::new(act))) {
            return Ok(());
        }
        if ask == RoomAsk::Part && self.here.take_if(|here| here.no == no).is_some() {
            self.tell(&Event::Here(None));
        }
        if ask == RoomAsk::Join { self.wait_to_join() } else { Ok(()) }
    }

    fn room_act(&mut self, room: &RoomRef, ask: RoomAsk) -> Result<RoomAct, Refusal> {
        if !self.dialect.rooms {
            return Err(Refusal::of(ErrorCode::BadRequest));
        }
        let room = self.find(room)?;
        let mine = self.own_standing(&room)?;
        let whom = match &ask {
            RoomAsk::Invite(who) | RoomAsk::Kick(who, _) | RoomAsk::Role(who, _) => {
                let whom = self.whom(&room, who);
                Some(whom.map_err(|refusal| self.veiled(&room, mine, refusal))?)
            }
            _ => None,
        };
        Ok(RoomAct { room, mine, whom, ask })
    }

    /// What to tell who has named somebody in a room whom there is not. May they do it at all? The
    /// hub says, and to who is outside of a hidden room, that there is no such room: so this does.
    pub(super) fn veiled(&self, room: &NamedRoom, mine: Standing, refusal: Refusal) -> Refusal {
        let is_bad_name = matches!(refusal.code, ErrorCode::UnknownUser | ErrorCode::NameShared);
        let was_in = || mine != Standing::default() || self.names.contains_key(&room.no);
        let is_operator =
            || self.account().is_some_and(|me| matches!(self.host.store.is_operator(me), Ok(true)));
        if !is_bad_name || room.kind != RoomKind::Hidden || was_in() || is_operator() {
            return refusal;
        }
        Refusal::of(ErrorCode::UnknownRoom)
    }

    /// What the account of this session is to a room; a guest is nothing to it.
    pub(super) fn own_standing(&self, room: &NamedRoom) -> Result<Standing, Refusal> {
        self.account().map_or(Ok(Standing::default()), |me| self.standing(room, me))
    }

    pub(super) fn standing(&self, room: &NamedRoom, account: UserId) -> Result<Standing, Refusal> {
        self.host.store.standing(room.no, account).map_err(|error| refusal_of(&error))
    }

    /// Guests are meant by their ids; whether there is such a one the hub knows.
    fn whom(&mut self, room: &NamedRoom, who: &Who) -> Result<(Party, Standing), Refusal> {
        if let Who::Id(id) = who
            && id.is_guest()
        {
            return Ok((Party { id: *id, name: id.to_string().into() }, Standing::default()));
        }
        let id = self.resolve(who)?;
        let account = match self.host.store.account(id) {
            Ok(account) => account.map(|account| account.name.shown()),
            Err(StoreError::Unreadable(_)) => None,
            Err(error) => return Err(refusal_of(&error)),
        };
        let name = account.unwrap_or_else(|| id.to_string().into());
        Ok((Party { id, name }, self.standing(room, id)?))
    }

    /// Waits until the hub has let this session in or not. What is said there meanwhile is held
    /// until it has been told what was said before.
    fn wait_to_join(&mut self) -> Result<(), End> {
        self.hand_over();
        match self.signals.1.recv_timeout(HUB_TIME) {
            Ok(Signal::Joined(Some(joined))) => self.come_in(joined),
            Ok(Signal::Joined(None)) => Ok(()),
            Ok(_) | Err(RecvTimeoutError::Disconnected) => Err(End::ours(Farewell::ShuttingDown)),
            // It is not known whether it is in, and the hub may hold for it: it starts anew.
            Err(RecvTimeoutError::Timeout) => Err(End::ours(Farewell::StoreUnavailable)),
        }
    }

    fn come_in(&mut self, joined: Joined) -> Result<(), End> {
        let Joined { room, role, since } = joined;
        self.shut.retain(|no| *no != room.no);
        self.names.insert(room.no, room.name.clone());
        if let Some(me) = self.account() {
            self.load_ignored(me)?;
        }
        let is = Box::new(room.clone());
        if since.is_none() {
            self.tell(&Event::IsIn { room: is, role });
        } else if let Some(since) = since {
            self.tell(&Event::Entered { room: is, role });
            self.send_before(room.id(), since)?;
            let mut positions = vec![(room.id(), since)];
            while !self.caught_up(positions.clone())? {
                let mut replay = Replay::new(&positions);
                self.send_pages(&mut replay)?;
                positions = replay.positions();
            }
        }
        self.tell(&Event::Here(Some(Box::new(room.clone()))));
        self.here = Some(room);
        Ok(())
    }

    /// Sends the last messages up to an id.
    fn send_before(&self, room: RoomId, since: MessageId) -> Result<(), End> {
        let after = MessageId(since.0.saturating_sub(BEFORE as u64));
        let mut page = patiently(|| self.host.store.page(room, after, BEFORE))?;
        // Where old ones are gone, the page reaches further.
        page.retain(|message| message.id <= since && self.shows(message));
        let store = &*self.host.store;
        let page = patiently(|| as_they_are(store, &self.ignored, room, page.clone()))?;
        let (mut bytes, mut marks): (Vec<u8>, Vec<Mark>) = (Vec::new(), Vec::new());
        for shown in page {
            self.spell_replayed(shown, &mut bytes);
            self.send_if_large(&mut bytes, &mut marks)?;
        }
        self.send_page(&mut bytes, &mut marks)
    }

    /// A page of the rooms there are, without hidden ones that this account is not in.
    pub(super) fn list_rooms(&mut self, after: Option<RoomName>) {
        if matches!(self.who, Identity::Nobody) {
            return self.refuse(ErrorCode::NotLoggedIn);
        }
        match self.page_of_rooms(after) {
            Ok((rooms, more)) => self.ask(Act::Rooms(rooms, more)),
            Err(error) => self.tell(&Event::Refused(refusal_of(&error))),
        }
    }

    fn page_of_rooms(
        &self,
        mut after: Option<RoomName>,
    ) -> Result<(Vec<NamedRoom>, bool), StoreError> {
        let store = &self.host.store;
        let me = self.account();
        let own = me.map_or(Ok(Vec::new()), |me| store.rooms_of(me))?;
        let sees_all = me.map_or(Ok(false), |me| store.is_operator(me))?;
        let is_shown = |room: &NamedRoom| {
            let is_own = || own.iter().any(|(mine, _)| mine.no == room.no);
            room.kind != RoomKind::Hidden || sees_all || is_own()
        };
        let mut shown = Vec::new();
        loop {
            let page = store.named_rooms(after.as_ref(), PAGE)?;
            let is_last = page.len() < PAGE;
            after = page.last().map(|room| room.name.clone());
            shown.extend(page.into_iter().filter(is_shown));
            if is_last || shown.len() > PAGE {
                let more = shown.len() > PAGE;
                shown.truncate(PAGE);
                return Ok((shown, more));
            }
        }
    }

    /// A page of a room's members; of the lobby's, who is online.
    pub(super) fn list_members(&mut self, room: &RoomRef, after: Option<UserId>) {
        if matches!(self.place(room), Ok(RoomId::Lobby)) {
            return self.ask(Act::Who);
        }
        let found = self.find(room).and_then(|room| {
            let after = after.unwrap_or(UserId(0));
            let members = self.host.store.members(room.no, after, PAGE + 1);
            Ok((room, members.map_err(|error| refusal_of(&error))?))
        });
        match found {
            Ok((room, mut members)) => {
                let more = members.len() > PAGE;
                members.truncate(PAGE);
                self.ask(Act::Members(Box::new(room), members, more));
            }
            Err(refusal) => self.tell(&Event::Refused(refusal)),
        }
    }

    /// Asks the hub for something; was there a place for it?
    fn asks(&mut self, act: Act) -> bool {
        if matches!(self.who, Identity::Nobody) {
            self.refuse(ErrorCode::NotLoggedIn);
            return false;
        }
        match self.reserve(0) {
            Ok(()) => self.acts.push(act),
            Err(code) => {
                self.refuse(code);
                return false;
            }
        }
        true
    }
}
