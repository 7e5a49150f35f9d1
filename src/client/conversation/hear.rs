//! What the server says, frame by frame. Whatever cannot be read is passed over with a line in
//! the log: a newer server may say more than this client knows.

use std::time::Instant;

use serde::de::DeserializeOwned;

use crate::protocol::wire::{self, kind};
use crate::protocol::{
    ErrorCode, Farewell, Leaving, Member, MessageId, Millis, Password, Receipts, Reference, RoomId,
    UserId, frame,
};
use crate::texts::{self, Lang};

use super::{Conversation, RETRY, SILENCE, Stage, WAKE_WAIT, presence};
use crate::client::{Ask, Lost, Reason, Seen, Update};

/// More people online than this are not listed: the list comes in pieces without end otherwise.
const MAX_ONLINE: usize = 100_000;

/// The pause before a login is asked for again that the server could not answer.
const LOGIN_RETRY: u32 = 4;

impl Conversation {
    /// Some bytes came, so somebody is there.
    pub(in crate::client) fn heard(&mut self, now: Instant) {
        (self.heard_at, self.hear_by) = (now, None);
    }

    /// This computer has slept: the connection may be long gone without a sign of it, so the
    /// server is asked whether it is there.
    pub(in crate::client) fn woke(&mut self, now: Instant) {
        self.ping_at = now;
        self.hear_by = Some(now + WAKE_WAIT);
    }

    /// When it has been silent for too long.
    pub(super) fn silent_at(&self) -> Instant {
        let at = self.heard_at + SILENCE;
        self.hear_by.map_or(at, |by| by.min(at))
    }

    /// The server says this.
    #[expect(clippy::too_many_lines, reason = "a table")]
    pub(in crate::client) fn hear(&mut self, body: &[u8], now: Instant) {
        let Ok(frame) = frame::read::<wire::Frame>(body) else {
            self.lost.get_or_insert(Lost::Garbled);
            return;
        };
        let data = frame.data.as_str();
        match frame.kind.as_str() {
            kind::HELLO_RES => read(data).map(|hello| self.greeted(hello, now)),
            kind::LOGIN_RES => read(data).map(|res| self.login_answered(res, now)),
            kind::REGISTER_RES => read(data).map(|res| self.registered(res)),
            kind::RENAME_RES => read(data).map(|res| self.rename_answered(res)),
            kind::PASSWD_RES => read(data).map(|res| self.passwd_answered(&res)),
            kind::SMS if matches!(self.stage, Stage::Greeting { .. }) => {
                read(data).map(|sms| self.sent_away(sms))
            }
            kind::SMS | kind::SMS_PRIVATE => read(data).map(|sms| self.said(sms)),
            kind::EDIT | kind::DELETE | kind::REACT => {
                read(data).map(|mes| self.changed(&frame.kind, mes))
            }
            kind::ACK => read(data).map(|ack| self.acknowledged(ack, now)),
            kind::TOKEN => read(data).map(|token| self.token_given(&token)),
            kind::DELIVERED => read(data).map(|seen| self.seen(&seen, Seen::Delivered)),
            kind::READ => read(data).map(|seen| self.seen(&seen, Seen::Read)),
            kind::PROGRESS => read(data).map(|progress| self.progressed(progress)),
            kind::RECEIPTS_RES => read(data).map(|shown| self.receipts_set(shown)),
            kind::WHO_RES => read(data).map(|who| self.online(who)),
            kind::CROWD => read(data).map(|wire::Crowd { n_online, came, left }| {
                self.hand_on(Update::Crowd { n_online, came, left });
            }),
            kind::NOTIFY => read(data).map(|notify| self.noticed(&notify)),
            kind::RENAME => read(data).map(|rename| self.renamed(rename)),
            kind::SKIPPED => read(data).map(|skipped| self.skipped(&skipped)),
            kind::ROOM => read(data).map(|mes| self.room_told(mes)),
            kind::ROOMS_RES => read(data).map(|rooms| self.rooms_told(rooms, false)),
            kind::MY_ROOMS => read(data).map(|rooms| self.rooms_told(rooms, true)),
            kind::SANCTIONS_RES => read(data).map(|told| self.sanctions_told(told)),
            kind::AUDIT_RES => read(data).map(|told| self.audit_told(told)),
            kind::MEMBERS_RES => read(data).map(|members| self.members_told(members)),
            kind::HISTORY_RES | kind::SEARCH_RES => {
                read(data).map(|page| self.page_told(&frame.kind, page))
            }
            kind::DEVICES_RES => read(data).map(|told: wire::Devices| {
                self.answered(Ask::Devices);
                self.hand_on(Update::Devices(told.devices));
            }),
            kind::END_DEVICE_RES => read(data).map(|told: wire::EndDevice| {
                self.answered(Ask::Devices);
                let (device, sessions) = (told.device, told.sessions.unwrap_or_default());
                self.hand_on(Update::DeviceEnded { device, sessions });
            }),
            kind::EXPORT_RES => read(data).map(|told| self.exported(told)),
            kind::PENDING_RES => read(data).map(|told| self.applicants_told(told)),
            kind::ENTRY => read(data).map(|mes| self.entry_told(mes)),
            kind::IGNORE => read(data).map(|mes| self.ignoring_told(mes)),
            kind::IGNORED_RES => read(data).map(|told| self.ignored_told(told)),
            kind::PASSED => read(data).map(|passed| self.passed(&passed)),
            kind::AWAY => read(data).map(|mes| self.away_told(mes)),
            kind::TYPING => read(data).map(|mes| self.typing_told(mes)),
            kind::ERROR => read(data).map(|error| self.refused(error)),
            kind::PONG => Some(()),
            other => {
                log::debug!("a frame of an unknown type: {other:?}");
                Some(())
            }
        }
        .unwrap_or_else(|| log::debug!("an unreadable {}", frame.kind));
        self.go_on(now);
    }

    fn greeted(&mut self, hello: wire::HelloRes, now: Instant) {
        if !matches!(self.stage, Stage::Greeting { .. }) {
            return;
        }
        self.stage = Stage::Met { login_at: None };
        self.servers = hello.servers;
        self.hand_on(Update::Connected { server: hello.server });
        // Registrations first: the login may be for one of them.
        self.go_on(now);
        self.login(now);
    }

    /// Before it answers the hello the server has but the course's words for why it closes: a
    /// text, in Chinese unless it says otherwise.
    fn sent_away(&mut self, sms: wire::Sms) {
        let said = |why| [Lang::Zh, Lang::En].map(|lang| texts::farewell(why, lang));
        let known = Farewell::NAMES.iter().find(|(why, _)| said(*why).contains(&&*sms.content));
        let code = known.map_or(String::new(), |(_, name)| (*name).to_owned());
        self.lost.get_or_insert(Lost::Told(Reason { code, text: sms.content, detail: None }));
    }

    fn login_answered(&mut self, res: wire::LoginRes, now: Instant) {
        if !matches!(self.stage, Stage::Asking { .. }) {
            return;
        }
        if res.code != wire::code::OK {
            return self.login_refused(res, now);
        }
        self.stage = Stage::In;
        self.retry = None;
        self.account.known_good = true;
        let me = UserId(res.user_id.unwrap_or_default());
        if self.account.me.replace(me).is_some_and(|before| before != me) {
            self.positions.forget();
            self.refuse_pending(&Reason::of(ErrorCode::NotLoggedIn));
        }
        if res.epoch.is_some() && self.account.epoch != res.epoch {
            self.account.epoch = res.epoch;
            self.positions.forget();
        }
        let name = res.user_name.unwrap_or_else(|| me.to_string());
        let me = Member { id: me, name: name.into(), address: "".into(), absence: None };
        let n_online = res.n_online.unwrap_or_default();
        self.hand_on(Update::LoggedIn { me, n_online });
    }

    fn login_refused(&mut self, res: wire::LoginRes, now: Instant) {
        let code = match res.code {
            wire::code::WRONG_PASSWORD => ErrorCode::WrongPassword,
            wire::code::UNKNOWN_USER => ErrorCode::UnknownUser,
            _ => ErrorCode::Internal,
        };
        let why = Reason::new(res.error_code, code, res.error);
        // A token that is no longer good: the password still is, as far as is known.
        if self.account.token.take_if(|_| !why.is_temporary()).is_some()
            && self.account.credentials.is_some()
        {
            return self.login(now);
        }
        // Credentials that were good before are good again when the server is well again.
        if self.account.known_good && why.is_temporary() {
            self.stage = Stage::Met { login_at: Some(now + RETRY * LOGIN_RETRY) };
            return;
        }
        self.stage = Stage::Met { login_at: None };
        (self.account.credentials, self.account.token) = (None, None);
        self.hand_on(Update::Refused { what: Some(Ask::Login), why });
        self.refuse_pending(&Reason::of(ErrorCode::NotLoggedIn));
    }

    fn token_given(&mut self, given: &wire::Token) {
        let Ok(token) = Password::new(&given.token) else { return };
        self.account.token = Some(token.clone());
        self.hand_on(Update::Token { token, expires: Millis(given.expires) });
    }

    fn registered(&mut self, res: wire::Res) {
        self.answered(Ask::Register);
        let taken = res.code == wire::code::TAKEN;
        let other = if taken { ErrorCode::IdTaken } else { ErrorCode::Internal };
        match (res.code, res.user_id) {
            (wire::code::OK, Some(id)) => self.hand_on(Update::Registered(UserId(id))),
            _ => self.refuse(Ask::Register, res, other),
        }
    }

    fn rename_answered(&mut self, res: wire::Res) {
        self.answered(Ask::Rename);
        match (res.code, res.user_name) {
            (wire::code::OK, name) => self.hand_on(Update::RenameDone(name.unwrap_or_default())),
            (code, user_name) => {
                let res = wire::Res { code, user_name, ..res };
                self.refuse(Ask::Rename, res, ErrorCode::Internal);
            }
        }
    }

    fn passwd_answered(&mut self, res: &wire::Res) {
        self.answered(Ask::Passwd);
        if res.code == wire::code::OK {
            if let (Some(new), Some((_, password))) =
                (self.new_password.take(), &mut self.account.credentials)
            {
                *password = new;
            }
            self.hand_on(Update::PasswdDone);
        } else {
            self.refuse(Ask::Passwd, res.clone(), ErrorCode::Internal);
        }
    }

    fn receipts_set(&mut self, shown: wire::ReceiptsMes) {
        self.answered(Ask::Receipts);
        let wire::ReceiptsMes { delivered, read } = shown;
        self.hand_on(Update::ReceiptsDone(Receipts { delivered, read }));
    }

    fn refuse(&mut self, what: Ask, res: wire::Res, otherwise: ErrorCode) {
        let detail = res.user_id.map(|id| id.to_string());
        let why = Reason { detail, ..Reason::new(res.error_code, otherwise, res.error) };
        self.hand_on(Update::Refused { what: Some(what), why });
    }

    fn acknowledged(&mut self, ack: wire::Ack, now: Instant) {
        match (ack.id, ack.code) {
            (Some(id), _) => {
                let room = ack.room.as_deref().map_or(Some(RoomId::Lobby), RoomId::parse);
                let (Some(room), Some(reference)) = (room, Reference::new(&ack.client_ref)) else {
                    return;
                };
                let id = MessageId(id);
                self.positions.own(room, id, self.n_updates);
                if self.pending.stored(reference.as_str()).is_some() {
                    self.n_ended += 1;
                    let time = Millis(ack.time.unwrap_or_default());
                    self.hand_on(Update::Sent { reference, id, room, time });
                }
            }
            (None, code) => {
                let text = ack.error.unwrap_or_default();
                self.send_refused(
                    &ack.client_ref,
                    Reason::new(code, ErrorCode::Internal, text),
                    now,
                );
            }
        }
    }

    fn send_refused(&mut self, reference: &str, why: Reason, now: Instant) {
        let will_retry = why.is_temporary();
        let unsent = if will_retry {
            self.pending.postpone(reference, now)
        } else {
            let unsent = self.pending.remove(reference);
            self.n_ended += usize::from(unsent.is_some());
            unsent
        };
        if let Some(unsent) = unsent {
            self.hand_on(Update::NotSent { unsent, why, will_retry });
        }
    }

    fn online(&mut self, who: wire::WhoRes) {
        let room = MAX_ONLINE.saturating_sub(self.online.len());
        self.online.extend(who.online.into_iter().take(room).map(|person| Member {
            id: UserId(person.user_id),
            name: person.user_name.into(),
            address: person.address.into(),
            absence:
                presence::absence(person.state.as_deref(), person.text.as_deref()).map(Into::into),
        }));
        if !who.more {
            self.answered(Ask::Who);
            let online = std::mem::take(&mut self.online);
            self.hand_on(Update::Online(online));
        }
    }

    fn noticed(&mut self, notify: &wire::Notify) {
        let id = UserId(notify.user_id);
        let name = notify.user_name.clone().unwrap_or_else(|| id.to_string()).into();
        let address = notify.address.as_deref().unwrap_or_default().into();
        let who = Member { id, name, address, absence: None };
        match notify.status {
            wire::status::BUSY => self.hand_on(presence::absent(notify, who)),
            wire::status::ONLINE if notify.state.is_some() => {
                self.hand_on(presence::absent(notify, who));
            }
            wire::status::ONLINE => self.hand_on(Update::Came(who)),
            wire::status::OFFLINE => {
                let how = match notify.reason.as_deref() {
                    Some("timeout") => Leaving::TimedOut,
                    Some("login") => Leaving::BecameAccount,
                    _ => Leaving::Logout,
                };
                self.hand_on(Update::Left { who, how });
            }
            other => log::debug!("an unknown status: {other}"),
        }
    }

    fn renamed(&mut self, rename: wire::Rename) {
        let id = UserId(rename.user_id);
        let name = rename.user_name.into();
        let who = Member { id, name, address: "".into(), absence: None };
        self.hand_on(Update::Renamed(who));
    }

    fn skipped(&mut self, skipped: &wire::Skipped) {
        if let Some(room) = RoomId::parse(&skipped.room) {
            self.hand_on(Update::Skipped { room, count: skipped.count });
        }
    }

    fn refused(&mut self, error: wire::ErrorMes) {
        let why = Reason { code: error.code, text: error.error, detail: error.detail };
        if error.closing == Some(true) {
            self.lost.get_or_insert(Lost::Told(why));
        } else {
            // It does not say what it is about: the oldest question is the likeliest.
            let what = self.asked.pop_front();
            self.hand_on(Update::Refused { what, why });
        }
    }

    fn seen(&mut self, seen: &wire::Seen, how: Seen) {
        if let Some(room) = RoomId::parse(&seen.room) {
            let (by, up_to) = (UserId(seen.user_id), MessageId(seen.up_to));
            self.hand_on(Update::Seen { room, by, up_to, how });
        }
    }

    /// How far everybody is, after a login: the same as if each were told now.
    fn progressed(&mut self, progress: wire::ProgressMes) {
        let Some(me) = self.account.me else { return };
        for rooms in progress.rooms {
            let Some(room) = RoomId::parse(&rooms.room) else { continue };
            let peer = room.other(me).unwrap_or(me);
            let known = [
                (me, rooms.read, Seen::Read),
                (peer, rooms.peer_delivered, Seen::Delivered),
                (peer, rooms.peer_read, Seen::Read),
            ];
            for (by, up_to, how) in known.into_iter().filter(|(_, up_to, _)| *up_to > 0) {
                self.hand_on(Update::Seen { room, by, up_to: MessageId(up_to), how });
            }
        }
    }

    /// A question has its answer.
    pub(super) fn answered(&mut self, ask: Ask) {
        if let Some(at) = self.asked.iter().position(|asked| *asked == ask) {
            self.asked.remove(at);
        }
    }
}

/// Reads the data of a frame.
fn read<T: DeserializeOwned>(data: &str) -> Option<T> {
    frame::read(data.as_bytes()).ok()
}
