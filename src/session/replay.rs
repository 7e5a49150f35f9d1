//! Becoming somebody: the hub takes the session in, then its own thread sends what was said
//! while the account was away, oldest first, until replay meets live (DESIGN: `state::replay`).

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::words::as_they_are;
use super::{End, HUB_TIME, Identity, Session};
use crate::clock;
use crate::dao::{Account, StoreError, Write};
use crate::envelope::Envelope;
use crate::hub::{Item, Path, Seat, Signal};
use crate::limits;
use crate::outbox::Mark;
use crate::protocol::{
    Device, Event, Farewell, MessageId, Name, Receipts, RoomId, Shown, UserId, Welcome,
};
use crate::state::{Attach, Input};

/// To a client that does not acknowledge: so many of the newest messages of a room that is not
/// private. The number before them is said.
const NEWEST: u64 = 200;

/// Messages read from the store at a time: of all rooms together, and of one.
const PAGES: usize = 400;
const PAGE: std::ops::RangeInclusive<usize> = 4..=100;

/// Edits that are remembered to have been shown with their originals; one more is shown twice.
const MAX_KNOWN_EDITS: usize = 4_096;

/// Bytes sent at a time, and the most that may be queued before the next are read.
const CHUNK: usize = 32 * 1024;
const QUEUED: usize = 512 * 1024;

/// A peer that takes no page for this long is not reading (as TCP_USER_TIMEOUT).
const PAGE_TIME: Duration = Duration::from_secs(120);

/// A store that fails in the middle is asked again for this long.
const STORE_TIME: Duration = Duration::from_secs(20);

/// How far each room has been sent.
type Positions = Vec<(RoomId, MessageId)>;

impl Session<'_> {
    /// A line is in the lobby at once, named by its address.
    pub(super) fn enter_as_guest(&mut self) -> Result<(), End> {
        let id = self.host.guests.next(self.host).map_err(|code| {
            log::warn!("no id for a guest: {code:?}");
            End::ours(Farewell::StoreUnavailable)
        })?;
        self.who = Identity::Guest;
        // The hub greets it: it was never here before, so nothing waits for it.
        self.attach(id, None, None).map(|_welcome| ())
    }

    /// Logged in: the reply, what waits beyond what the client already holds, then live.
    pub(super) fn enter_as_account(
        &mut self,
        account: &Account,
        held: &[(RoomId, MessageId)],
    ) -> Result<(), End> {
        let device = self.own_device(account.id)?;
        self.load_ignored(account.id)?;
        let (welcome, listed) = self.attach(account.id, Some(&account.name), device.clone())?;
        self.who = Identity::Account(account.id);
        if device.is_none() {
            self.outbox.keep_marks();
        }
        log::info!("{} logged in", account.id);
        self.tell(&Event::Welcome(welcome));
        self.push(&listed.bytes(self.dialect));
        self.tell_progress(account.id);
        self.load_rooms(account.id)?;
        let mut positions = self.positions(account.id, device.as_ref())?;
        self.pass_held(&mut positions, held)?;
        if device.is_none() {
            self.skip_to_newest(&mut positions)?;
        }
        loop {
            let mut replay = Replay::new(&positions);
            self.send_pages(&mut replay)?;
            positions = replay.positions();
            let taken = positions.clone();
            if self.caught_up(taken)? {
                return Ok(());
            }
            // Too much was said meanwhile to be held: once more, with rooms that are new.
            let known: Vec<_> = positions.iter().map(|(room, _)| *room).collect();
            let rooms = self.positions(account.id, device.as_ref())?;
            positions.extend(rooms.into_iter().filter(|(room, _)| !known.contains(room)));
        }
    }

    /// A client that acknowledges has cursors of its own; all others share one device.
    fn own_device(&self, account: UserId) -> Result<Option<Device>, End> {
        let hello = self.hello.as_ref().filter(|hello| hello.receipts);
        let Some(device) = hello.and_then(|hello| hello.device.clone()) else { return Ok(None) };
        let time = clock::now_ms();
        let write = Write::OpenDevice { account, device: device.clone(), time };
        match self.host.write(write) {
            Ok(_) => Ok(Some(device)),
            Err(code) => {
                log::warn!("cannot open a device: {code:?}");
                Err(End::ours(Farewell::StoreUnavailable))
            }
        }
    }

    pub(super) fn shares_cursor(&self) -> bool {
        !self.hello.as_ref().is_some_and(|hello| hello.receipts && hello.device.is_some())
    }

    /// Takes a seat in the hub and waits to be in.
    fn attach(
        &mut self,
        user: UserId,
        name: Option<&Name>,
        device: Option<Device>,
    ) -> Result<(Welcome, Arc<Envelope>), End> {
        let path = Path {
            outbox: Arc::clone(&self.outbox),
            dialect: self.dialect,
            shared_cursor_of: (device.is_none() && !user.is_guest()).then_some(user),
        };
        let seat = Seat { path, acts: Arc::clone(&self.budget), signals: self.signals.0.clone() };
        let attach = self.attachment(user, name, device)?;
        self.hand_over();
        if self.host.hub.enter(Item::Seat(self.id, seat)).is_err() {
            return Err(End::ours(Farewell::ShuttingDown));
        }
        self.is_detached = false;
        self.enter(Input::Attach(Box::new(attach)));
        match self.signals.1.recv_timeout(HUB_TIME) {
            Ok(Signal::Attached(welcome, listed)) => Ok((welcome, listed)),
            Ok(Signal::Refused(refusal)) => {
                self.tell(&match user.is_guest() {
                    true => Event::Refused(refusal),
                    false => Event::LoginRefused(refusal),
                });
                Err(End::ours(Farewell::Banned))
            }
            Ok(other) => {
                log::error!("expected to be attached, got {other:?}");
                Err(End::ours(Farewell::ShuttingDown))
            }
            // Sends of the guest that this was are still not known to be stored.
            Err(_late) => Err(End::ours(Farewell::StoreUnavailable)),
        }
    }

    /// Who wants to be let in, as the store knows them.
    fn attachment(
        &self,
        user: UserId,
        name: Option<&Name>,
        device: Option<Device>,
    ) -> Result<Attach, End> {
        let shared = match name {
            Some(name) => {
                self.host.store.named(name.key()).map_err(|error| lost(&error))?.len() > 1
            }
            None => false,
        };
        Ok(Attach {
            session: self.id,
            user,
            name: name.cloned(),
            shared,
            address: Arc::clone(&self.address),
            device,
            called: self.called(),
            receipts: self.receipts(user)?,
            rooms: self.dialect.rooms,
            operator: self.is_operator(user)?,
            ip: (!self.exempt).then(|| self.peer.ip()),
            ignored: self.ignored.iter().copied().collect(),
        })
    }

    fn receipts(&self, user: UserId) -> Result<Receipts, End> {
        match user.is_guest() {
            true => Ok(Receipts::default()),
            false => self.host.store.receipts(user).map_err(|error| lost(&error)),
        }
    }

    fn is_operator(&self, user: UserId) -> Result<bool, End> {
        match user.is_guest() {
            true => Ok(false),
            false => self.host.store.is_operator(user).map_err(|error| lost(&error)),
        }
    }

    /// Says how far this session was sent; is it live now?
    pub(super) fn caught_up(&mut self, taken: Positions) -> Result<bool, End> {
        self.enter(Input::CaughtUp { session: self.id, taken });
        match self.signals.1.recv_timeout(HUB_TIME) {
            Ok(Signal::Live) => {
                self.heard_at = clock::now();
                Ok(true)
            }
            Ok(Signal::Again) => Ok(false),
            Ok(_) | Err(_) => Err(End::ours(Farewell::ShuttingDown)),
        }
    }

    fn positions(&mut self, account: UserId, device: Option<&Device>) -> Result<Positions, End> {
        let mut positions = patiently(|| self.host.store.cursors(account, device))?;
        positions.retain(|(room, _)| match room {
            RoomId::Named(no) => self.dialect.rooms && !self.shut.contains(no),
            RoomId::Lobby | RoomId::Pair(..) => true,
        });
        let is_quiet = self.hello.as_ref().is_some_and(|hello| hello.quiet);
        for (room, position) in &mut positions {
            self.learn_name(*room)?;
            if is_quiet {
                *position = patiently(|| self.host.store.last(*room))?;
            }
        }
        Ok(positions)
    }

    /// What the client holds is not sent again. An id that the store never gave is not believed:
    /// it would hide what comes.
    fn pass_held(
        &self,
        positions: &mut Positions,
        held: &[(RoomId, MessageId)],
    ) -> Result<(), End> {
        for (room, position) in positions {
            let Some((_, id)) = held.iter().find(|(other, _)| other == room) else { continue };
            if *id > *position && *id <= patiently(|| self.host.store.last(*room))? {
                *position = *id;
            }
        }
        Ok(())
    }

    /// In rooms that are not private, what lies far back is counted instead of sent.
    fn skip_to_newest(&self, positions: &mut Positions) -> Result<(), End> {
        for (room, position) in
            positions.iter_mut().filter(|(room, _)| !matches!(room, RoomId::Pair(..)))
        {
            let last = patiently(|| self.host.store.last(*room))?;
            let skip_to = last.0.saturating_sub(NEWEST);
            if position.0 >= skip_to {
                continue;
            }
            // What retention has removed is not there to be missed.
            let oldest = patiently(|| self.host.store.page(*room, *position, 1))?;
            let count =
                oldest.first().map_or(0, |oldest| (skip_to + 1).saturating_sub(oldest.id.0));
            if count > 0 {
                self.tell(&Event::Skipped { room: *room, count });
            }
            *position = MessageId(skip_to);
        }
        Ok(())
    }

    /// Sends what the store has after the positions, in the order of time, waiting for the peer.
    pub(super) fn send_pages(&mut self, replay: &mut Replay) -> Result<(), End> {
        let mut bytes = Vec::new();
        let mut marks: Vec<Mark> = Vec::new();
        loop {
            let limit = replay.page;
            replay.fill(|room, after| self.page(room, after, limit))?;
            let next = replay.next();
            let is_last = next.is_none();
            if let Some((shown, is_known)) = next {
                let (room, id) = (shown.message.room, shown.message.id);
                marks.retain(|(other, _)| *other != room);
                marks.push((room, id));
                if self.ignored.contains(&shown.message.sender) {
                    // It counts as taken, for who keeps its own place, too.
                    (self.dialect.encode)(&Event::Passed { room, up_to: id }, &mut bytes);
                } else if !is_known {
                    self.spell_replayed(shown, &mut bytes);
                }
            }
            if is_last {
                return self.send_page(&mut bytes, &mut marks);
            }
            self.send_if_large(&mut bytes, &mut marks)?;
        }
    }

    /// What lies behind a place, for who may read it by now. A peer that is slow to read may be sent
    /// what was said long after it came: whom its account ignores, and whether it is still in the
    /// room, is asked behind the page, so that it is as new as anything in it.
    fn page(&mut self, room: RoomId, after: MessageId, limit: usize) -> Result<Vec<Shown>, End> {
        let (store, me) = (&*self.host.store, self.account());
        let (ignored, page) = patiently(|| {
            let page = store.page(room, after, limit)?;
            let Some(me) = me.filter(|_| !page.is_empty()) else {
                return Ok((None, as_they_are(store, &self.ignored, room, page)?));
            };
            if matches!(room, RoomId::Named(_)) && store.since(me, room)?.is_none() {
                return Ok((None, Vec::new()));
            }
            let ignored = store.ignored(me)?.into_iter().collect();
            let page = as_they_are(store, &ignored, room, page)?;
            Ok((Some(ignored), page))
        })?;
        self.ignored = ignored.unwrap_or_else(|| std::mem::take(&mut self.ignored));
        Ok(page)
    }

    /// Nothing of a message that is deleted, nor of an edit that another one followed.
    pub(super) fn spell_replayed(&self, shown: Shown, bytes: &mut Vec<u8>) {
        if shown.is_gone {
            return;
        }
        let edited = shown.edited.map(|(_, time)| time);
        let room = self.name_of(shown.message.room);
        let event = Event::Replayed { message: Arc::new(shown.message), edited, room };
        (self.dialect.encode)(&event, bytes);
    }

    pub(super) fn send_if_large(
        &self,
        bytes: &mut Vec<u8>,
        marks: &mut Vec<Mark>,
    ) -> Result<(), End> {
        if bytes.len() >= CHUNK { self.send_page(bytes, marks) } else { Ok(()) }
    }

    pub(super) fn send_page(&self, bytes: &mut Vec<u8>, marks: &mut Vec<Mark>) -> Result<(), End> {
        let too_slow = || End::ours(Farewell::TooSlow);
        if !self.outbox.wait_below(QUEUED, clock::now() + PAGE_TIME) {
            return Err(too_slow());
        }
        let page = std::mem::take(bytes).into();
        let taken = self.outbox.push(&page, marks).map_err(|_gone| too_slow())?;
        marks.clear();
        if let Some(account) = self.account() {
            self.host.write_cursors(account, taken);
        }
        Ok(())
    }
}

/// Several rooms, read page by page, in the order of time.
pub(super) struct Replay {
    rooms: Vec<Reading>,
    /// Edits whose texts were shown in the place of the old ones.
    known: HashSet<(RoomId, MessageId)>,
    /// Messages of one page: fewer where there are many rooms, so that memory stays bounded.
    page: usize,
}

struct Reading {
    room: RoomId,
    /// The last id handed out.
    position: MessageId,
    page: VecDeque<Shown>,
    is_done: bool,
}

impl Replay {
    pub(super) fn new(positions: &[(RoomId, MessageId)]) -> Self {
        let reading = |&(room, position): &(RoomId, MessageId)| Reading {
            room,
            position,
            page: VecDeque::new(),
            is_done: false,
        };
        let page = (PAGES / positions.len().max(1)).clamp(*PAGE.start(), *PAGE.end());
        let rooms = positions.iter().map(reading).collect();
        Self { rooms, known: HashSet::new(), page }
    }

    /// Reads the next page of every room that has run out.
    fn fill<E>(
        &mut self,
        mut page: impl FnMut(RoomId, MessageId) -> Result<Vec<Shown>, E>,
    ) -> Result<(), E> {
        for reading in self.rooms.iter_mut().filter(|r| r.page.is_empty() && !r.is_done) {
            reading.page = page(reading.room, reading.position)?.into();
            // A short page may be followed by what is stored this moment; that is held live.
            reading.is_done = reading.page.len() < self.page;
        }
        Ok(())
    }

    /// The oldest message that is at hand; and is it an edit that was shown with its original?
    fn next(&mut self) -> Option<(Shown, bool)> {
        let time = |reading: &&mut Reading| reading.page.front().map(|shown| shown.message.time);
        let with_some = self.rooms.iter_mut().filter(|reading| !reading.page.is_empty());
        let oldest = with_some.min_by_key(time)?;
        let shown = oldest.page.pop_front()?;
        let room = oldest.room;
        oldest.position = shown.message.id;
        if let Some((edit, _)) = shown.edited.filter(|_| self.known.len() < MAX_KNOWN_EDITS) {
            self.known.insert((room, edit));
        }
        let is_known = self.known.remove(&(room, shown.message.id));
        Some((shown, is_known))
    }

    pub(super) fn positions(&self) -> Positions {
        self.rooms.iter().map(|reading| (reading.room, reading.position)).collect()
    }
}

/// Asks the store again while it cannot be reached: a session that is half told must not go
/// live with a hole.
pub(super) fn patiently<T>(ask: impl Fn() -> Result<T, StoreError>) -> Result<T, End> {
    let deadline: Instant = clock::now() + STORE_TIME;
    loop {
        match ask() {
            Ok(answer) => return Ok(answer),
            Err(error @ (StoreError::Unavailable(_) | StoreError::Unknown(_)))
                if clock::now() < deadline =>
            {
                log::warn!("{error}");
                limits::pause(Duration::from_millis(200));
            }
            Err(error) => return Err(lost(&error)),
        }
    }
}

fn lost(error: &StoreError) -> End {
    log::warn!("cannot log in: {error}");
    End::ours(Farewell::StoreUnavailable)
}
