//! What is said on a connection and over its breaks: the client's rules, without socket, clock
//! or thread. The thread in `net` tells what happened and when; this says what to write, what
//! to hand on, and when the connection is at its end.

mod account;
mod away;
mod hear;
mod order;
mod presence;
mod rooms;
#[cfg(test)]
mod tests;
mod words;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::protocol::wire::{self, kind};
use crate::protocol::{Device, ErrorCode, Member, Password, Receipts, UserId, Who, frame};

pub(super) use order::{Order, Parting};

use super::pending::Pending;
use super::positions::Positions;
use super::{Ask, Lost, Reason, Said, Unsent, Update};

/// Of the protocol that this speaks.
const VERSION: i64 = 1;

/// How long the server may take to answer the hello.
const HELLO_WAIT: Duration = Duration::from_secs(10);

/// How long the server may take to answer a login: passwords queue for a processor there.
const LOGIN_WAIT: Duration = Duration::from_secs(60);

/// Between two pings (DESIGN.md section 4, dead peers).
const PING: Duration = Duration::from_secs(30);

/// Two pings without an answer, and some more: nobody is there.
const SILENCE: Duration = Duration::from_secs(90);

/// After this computer has slept, a server that is still there answers within this time.
const WAKE_WAIT: Duration = Duration::from_secs(10);

/// Between two times that the server is told what this device has.
const RECEIPTS: Duration = Duration::from_secs(1);

/// The pause before the second attempt to connect; it doubles up to [`MAX_RETRY`].
const RETRY: Duration = Duration::from_millis(500);

/// A server that comes back is found within this time.
const MAX_RETRY: Duration = Duration::from_secs(30);

/// Orders that wait for a connection or a login, and bytes that wait for the server to read them:
/// with more, orders stay where the program is told that they are too many.
const MAX_WAITING: usize = 64;
const MAX_BYTES: usize = 1024 * 1024;

/// How long the server may take to say goodbye.
const BYE_WAIT: Duration = Duration::from_secs(1);

/// Where the connection is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// There is none. The next attempt, if one is wanted.
    Away { retry_at: Option<Instant> },
    /// Hello is said; the answer must come by then.
    Greeting { by: Instant },
    /// Hello is answered; nobody is logged in. When to try that again, if it is.
    Met { login_at: Option<Instant> },
    /// The login is asked for; the answer must come by then.
    Asking { by: Instant },
    /// Logged in.
    In,
    /// Goodbye is said; the server may answer until then.
    Leaving { by: Instant },
    /// Nothing is left to do.
    Over,
}

/// Who this is, and what it takes to become it again.
#[derive(Debug, Default)]
struct Account {
    credentials: Option<(Who, Password)>,
    /// These credentials have been accepted before.
    known_good: bool,
    me: Option<UserId>,
    epoch: Option<String>,
    /// Takes the place of the password when this program comes back.
    token: Option<Password>,
}

impl Account {
    /// Somebody is to be logged in, and can be.
    fn is_wanted(&self) -> bool {
        self.credentials.is_some() || self.token.is_some()
    }
}

/// What is said first on every connection.
#[derive(Clone, Debug, Default)]
pub(super) struct Hello {
    pub(super) program: String,
    pub(super) device: Option<Device>,
    /// What was missed is not to be sent.
    pub(super) is_quiet: bool,
}

#[derive(Debug)]
pub(super) struct Conversation {
    hello: Hello,
    stage: Stage,
    account: Account,
    /// Orders for a connection, or a login, to come.
    waiting: VecDeque<Order>,
    /// Questions on the wire, in order.
    asked: VecDeque<Ask>,
    /// The invitation code for registrations.
    code: Option<Password>,
    /// Holds after the change that was asked for: the next login needs it.
    new_password: Option<Password>,
    pending: Pending,
    pub(super) positions: Positions,
    /// The list of who is online, as it comes in pieces.
    online: Vec<Member>,
    /// A page of what was said, as it comes in pieces.
    page: Vec<Said>,
    heard_at: Instant,
    /// Without a word until then, nobody is there.
    hear_by: Option<Instant>,
    ping_at: Instant,
    receipts_at: Option<Instant>,
    /// When the server was told last that somebody types.
    typed_at: Option<Instant>,
    /// The pause before the last attempt; none since a login.
    retry: Option<Duration>,
    /// The program wants to leave by then.
    close_by: Option<Instant>,
    parting: Parting,
    /// Nothing more is written: the connection is to be closed on this side.
    hangs_up: bool,
    /// Leaving has begun: what others say from here on is for the next time.
    is_mute: bool,
    lost: Option<Lost>,
    /// Where the last server said that there are others.
    pub(super) servers: Vec<String>,
    /// What to write.
    pub(super) bytes: Vec<u8>,
    /// What to hand on.
    pub(super) updates: VecDeque<Update>,
    /// How many were put into `updates` ever.
    n_updates: u64,
    /// How many sends have come to an end and were not yet counted by the thread.
    pub(super) n_ended: usize,
}

impl Conversation {
    /// A connection is about to stand.
    pub(super) fn new(hello: Hello, now: Instant) -> Self {
        let mut positions = Positions::default();
        if hello.is_quiet {
            positions.stop_receipts();
        }
        Self {
            hello,
            stage: Stage::Away { retry_at: None },
            account: Account::default(),
            waiting: VecDeque::new(),
            asked: VecDeque::new(),
            code: None,
            new_password: None,
            pending: Pending::default(),
            positions,
            online: Vec::new(),
            page: Vec::new(),
            heard_at: now,
            hear_by: None,
            ping_at: now,
            receipts_at: None,
            typed_at: None,
            retry: None,
            close_by: None,
            parting: Parting::Pause,
            hangs_up: false,
            is_mute: false,
            lost: None,
            servers: Vec::new(),
            bytes: Vec::new(),
            updates: VecDeque::new(),
            n_updates: 0,
            n_ended: 0,
        }
    }

    /// An attempt to connect is due.
    pub(super) fn wants_link(&self, now: Instant) -> bool {
        matches!(self.stage, Stage::Away { retry_at: Some(at) } if at <= now)
    }

    /// The connection stands.
    pub(super) fn connected(&mut self, now: Instant) {
        self.stage = Stage::Greeting { by: now + HELLO_WAIT };
        (self.heard_at, self.hear_by, self.ping_at) = (now, None, now + PING);
        let Hello { program, device, is_quiet } = &self.hello;
        let device = device.as_ref().map_or("", Device::as_str);
        let features = [Some("received"), is_quiet.then_some("quiet")];
        let hello = wire::Hello {
            version: VERSION,
            client: program.clone(),
            device: device.to_owned(),
            frame_limit: frame::HELLO_LIMIT as u64,
            features: features.into_iter().flatten().map(str::to_owned).collect(),
        };
        self.write(kind::HELLO, &hello);
    }

    /// Must the connection be given up, and why?
    pub(super) fn take_lost(&mut self) -> Option<Lost> {
        self.lost.take()
    }

    /// There is room for what the program asks for.
    pub(super) fn takes_orders(&self) -> bool {
        // Who leaves gives no more, and is told what became of each.
        let is_last = self.close_by.is_some();
        is_last || (self.waiting.len() < MAX_WAITING && self.bytes.len() < MAX_BYTES)
    }

    /// The program asks for something.
    pub(super) fn order(&mut self, order: Order, now: Instant) {
        match order {
            Order::Send(unsent) => self.pending.push(unsent),
            Order::Login { who, password } => self.become_another(Some((who, password)), None, now),
            Order::Resume { token, otherwise } => self.become_another(otherwise, Some(token), now),
            Order::Withdraw(reference) => self.withdraw(reference),
            Order::Code(code) => self.code = Some(code),
            Order::Typing { to, room } => self.typing(to, room.as_ref(), now),
            order => {
                self.need_link(now);
                self.waiting.push_back(order);
            }
        }
        self.go_on(now);
    }

    /// The program wants to leave, at the latest by then.
    pub(super) fn close(&mut self, by: Instant, parting: Parting) {
        if self.close_by.is_none() {
            (self.close_by, self.parting) = (Some(by), parting);
        }
    }

    /// Nothing more will be written: what is left to read is the server's end.
    pub(super) fn hangs_up(&self) -> bool {
        self.hangs_up && self.bytes.is_empty()
    }

    /// When the program is waiting to leave: until when.
    pub(super) fn close_by(&self) -> Option<Instant> {
        self.close_by
    }

    /// An update did not reach the program, so the server is not told of it.
    pub(super) fn stop_receipts(&mut self) {
        self.positions.stop_receipts();
    }

    /// Time has passed; the program has dealt with the first `handled` updates.
    pub(super) fn tick(&mut self, handled: u64, now: Instant) {
        match self.stage {
            Stage::Greeting { by } | Stage::Asking { by } if now >= by => self.give_up(),
            Stage::Leaving { by } if now >= by => self.stage = Stage::Over,
            Stage::Met { login_at: Some(at) } if now >= at => self.login(now),
            Stage::Away { .. } | Stage::Over => {}
            _ if now >= self.silent_at() => self.give_up(),
            _ if now >= self.ping_at => {
                self.ping_at = now + PING;
                self.write(kind::PING, &wire::Empty {});
            }
            _ => {}
        }
        if self.receipts_at.is_some_and(|at| now >= at) {
            self.send_receipts(handled);
        }
        if self.receipts_at.is_none() && self.positions.is_due() && self.stage == Stage::In {
            self.receipts_at = Some(now + RECEIPTS);
        }
        self.go_on(now);
        self.leave_if_done(handled, now);
    }

    /// When [`Conversation::tick`] has something to do next.
    pub(super) fn next_tick(&self) -> Option<Instant> {
        let stage = match self.stage {
            Stage::Away { retry_at: at } | Stage::Met { login_at: at } => at,
            Stage::Greeting { by } | Stage::Asking { by } | Stage::Leaving { by } => Some(by),
            Stage::In | Stage::Over => None,
        };
        let link = (!matches!(self.stage, Stage::Away { .. } | Stage::Over))
            .then(|| self.ping_at.min(self.silent_at()));
        let receipts = self.receipts_at.filter(|_| self.stage == Stage::In);
        let close = self.close_by.filter(|_| !matches!(self.stage, Stage::Leaving { .. }));
        [stage, link, receipts, self.pending.paused_until(), close].into_iter().flatten().min()
    }

    /// Nothing is left to do: the thread may end.
    pub(super) fn is_over(&self) -> bool {
        self.stage == Stage::Over
    }

    /// Sends that never came to an end.
    pub(super) fn into_unsent(mut self) -> Vec<Unsent> {
        self.pending.drain()
    }

    fn give_up(&mut self) {
        self.lost.get_or_insert(Lost::Silent);
    }

    /// Connects again where nothing needed a connection until now.
    fn need_link(&mut self, now: Instant) {
        if let Stage::Away { retry_at: retry_at @ None } = &mut self.stage {
            *retry_at = Some(now);
        }
    }

    /// Writes what can be written at this stage.
    fn go_on(&mut self, now: Instant) {
        while let Some(order) = self.waiting.pop_front_if(|order| match order {
            Order::Register { .. } => matches!(self.stage, Stage::Met { .. } | Stage::In),
            // Without a login to come, the server says that one is needed.
            _ if !self.account.is_wanted() => matches!(self.stage, Stage::Met { .. }),
            _ => self.stage == Stage::In,
        }) {
            self.ask(&order);
        }
        while self.stage == Stage::In {
            let Some(unsent) = self.pending.next(now) else { return };
            words::write(unsent, &mut self.bytes);
        }
    }

    fn become_another(
        &mut self,
        credentials: Option<(Who, Password)>,
        token: Option<Password>,
        now: Instant,
    ) {
        if matches!(self.stage, Stage::In | Stage::Asking { .. }) {
            let why = Reason::of(ErrorCode::AlreadyLoggedIn);
            return self.hand_on(Update::Refused { what: Some(Ask::Login), why });
        }
        self.account.credentials = credentials;
        self.account.known_good = false;
        self.account.token = token;
        match &mut self.stage {
            // Somebody is waiting: no pause.
            Stage::Away { retry_at } => *retry_at = Some(now),
            Stage::Met { .. } => self.login(now),
            _ => {}
        }
    }

    /// By the token of the last login, or by the password.
    fn login(&mut self, now: Instant) {
        if let Some(token) = &self.account.token {
            let token = token.reveal().to_owned();
            let epoch = self.account.epoch.clone().unwrap_or_default();
            let resume = wire::Resume { token, epoch, positions: self.positions.held() };
            self.stage = Stage::Asking { by: now + LOGIN_WAIT };
            return self.write(kind::RESUME, &resume);
        }
        let Some((who, password)) = &self.account.credentials else { return };
        let mut login =
            wire::Login { user_pwd: password.reveal().to_owned(), ..Default::default() };
        match who {
            Who::Id(id) => login.user_id = id.0,
            Who::Named(key) => login.user_name = key.as_str().to_owned(),
        }
        self.stage = Stage::Asking { by: now + LOGIN_WAIT };
        self.write(kind::LOGIN, &login);
    }

    fn ask(&mut self, order: &Order) {
        self.asked.extend(order.ask());
        match order {
            Order::Register { id, password, name } => {
                self.ask_account(*id, password, name.as_ref());
            }
            Order::Rename(name) => {
                let rename = wire::Rename { user_id: 0, user_name: name.to_string() };
                self.write(kind::RENAME, &rename);
            }
            Order::Passwd { old, new } => {
                let (old_pwd, new_pwd) = (old.reveal().to_owned(), new.reveal().to_owned());
                self.new_password = Some(new.clone());
                self.write(kind::PASSWD, &wire::Passwd { old_pwd, new_pwd });
            }
            Order::Who => self.write(kind::WHO, &wire::Empty {}),
            Order::Read { room, up_to } => {
                let seen = wire::Seen { room: room.to_string(), user_id: 0, up_to: up_to.0 };
                self.write(kind::READ, &seen);
            }
            Order::Receipts(Receipts { delivered, read }) => {
                let (delivered, read) = (*delivered, *read);
                self.write(kind::RECEIPTS, &wire::ReceiptsMes { delivered, read });
            }
            Order::CreateRoom { .. }
            | Order::Room(..)
            | Order::Rooms(_)
            | Order::Sanctions(_)
            | Order::Audit(_)
            | Order::Members(..) => self.ask_about_rooms(order),
            Order::History { room, span, limit } => self.ask_history(room, *span, *limit),
            Order::Search(search) => self.ask_search(search),
            Order::DeleteAccount { .. }
            | Order::Export
            | Order::Devices
            | Order::EndDevice(_)
            | Order::Ignore { .. }
            | Order::Entry(_)
            | Order::Ignored => self.ask_about_account(order),
            Order::Absence(absence) => self.write_absence(absence.as_ref()),
            // These do not wait in this queue.
            Order::Login { .. }
            | Order::Resume { .. }
            | Order::Code(_)
            | Order::Typing { .. }
            | Order::Withdraw(_)
            | Order::Send(_) => {}
        }
    }

    fn send_receipts(&mut self, handled: u64) {
        self.receipts_at = None;
        if self.stage != Stage::In {
            return;
        }
        for (room, up_to) in self.positions.receipts(handled) {
            self.write(kind::RECEIVED, &wire::Received { room: room.to_string(), up_to });
        }
    }

    fn leave_if_done(&mut self, handled: u64, now: Instant) {
        let Some(by) = self.close_by else { return };
        if matches!(self.stage, Stage::Leaving { .. } | Stage::Over) {
            return;
        }
        self.is_mute |= now >= by || !self.awaits_an_end();
        if !self.is_mute || (now < by && self.positions.is_ahead_of(handled)) {
            return;
        }
        if matches!(self.stage, Stage::Away { .. }) {
            self.stage = Stage::Over;
            return;
        }
        self.send_receipts(handled);
        match self.parting {
            Parting::Goodbye => self.write(kind::LOGOUT, &wire::Empty {}),
            Parting::Pause => self.hangs_up = true,
        }
        self.stage = Stage::Leaving { by: now + BYE_WAIT };
    }

    /// Something was asked or said that still gets its answer if we stay.
    fn awaits_an_end(&self) -> bool {
        let asks = !(self.waiting.is_empty() && self.asked.is_empty());
        match self.stage {
            Stage::Greeting { .. } | Stage::Asking { .. } => true,
            Stage::Met { login_at } => asks || login_at.is_some(),
            Stage::In => asks || !self.pending.is_empty(),
            Stage::Away { retry_at } => retry_at.is_some() && !self.pending.is_empty(),
            Stage::Leaving { .. } | Stage::Over => false,
        }
    }

    fn write<T: serde::Serialize>(&mut self, kind: &str, data: &T) {
        frame::encode(kind, data, &mut self.bytes);
    }

    /// For the program.
    pub(super) fn hand_on(&mut self, update: Update) {
        self.n_updates += 1;
        self.updates.push_back(update);
    }
}
