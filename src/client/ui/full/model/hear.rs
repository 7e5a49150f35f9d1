//! What becomes of an [`Update`].

use std::sync::Arc;

use crate::client::pending::WINDOW;
use crate::client::ui::listing::{Listing, Row};
use crate::client::ui::screen::ignored_lines;
use crate::client::ui::{applicants, clean};
use crate::client::wording as told;
use crate::client::{Ask, Lost, OrderError, Reason, Said, Seen, Unsent, Update};
use crate::protocol::{Farewell, Member, MessageId, Reference, RoomId, UserId};
use crate::texts;
use crate::texts::client::Notice;

use super::{Do, Entry, Link, Mode, Model, Panel, Past, People, Place, Start, State, What};
use crate::texts::full::{Label, Tell};

/// How long it is shown that somebody writes, in milliseconds.
const TYPING: i64 = 6_000;

impl Model {
    /// This happened.
    pub(in super::super) fn hear(&mut self, update: &Update) {
        self.people.learn(update);
        self.change();
        match update {
            Update::Connected { server } => self.met(server),
            Update::FirstMet { address, fingerprint } => {
                let (address, fingerprint) = (&clean::line(address), &fingerprint.to_string());
                self.tell(Tell::FirstMet { address, fingerprint });
            }
            Update::Disconnected { why, retry_in } => {
                let retry = retry_in.and_then(|pause| i64::try_from(pause.as_millis()).ok());
                self.disconnected(why, retry);
            }
            Update::LoggedIn { me, .. } => self.logged_in(me),
            Update::Registered(id) => self.registered(*id),
            Update::Refused { what, why } => self.refused(*what, why),
            Update::Unanswered(what) => self.unanswered(*what),
            Update::Said(said) => self.said(said),
            Update::Changed(changed) => self.changed(changed),
            Update::Sent { reference, id, room, time } => {
                self.change_done(reference);
                if let Some((_, key)) = self.unsaid.remove(reference) {
                    self.on_wire.remove(&key);
                    if let Some(place) = self.place_mut(*room) {
                        place.stored(key, *id, *time);
                    }
                }
            }
            Update::NotSent { unsent, why, will_retry } => self.not_sent(unsent, why, *will_retry),
            Update::Withdrawn { reference, is_done } => self.withdrawn(reference, *is_done),
            Update::Came(who) => self.came(who, true),
            Update::Left { who, .. } => self.came(who, false),
            Update::Renamed(who) => self.renamed(who),
            Update::IsAbsent(who) => self.is_absent(who),
            Update::Typing { room, by, name } => {
                let until = self.now.plus(TYPING);
                if let Some(place) = self.place_mut(*room) {
                    place.types(*by, clean::line(name), until);
                }
            }
            Update::Seen { room, by, up_to, how } => self.seen(*room, *by, *up_to, *how),
            Update::Skipped { room, .. } => {
                if let Some(place) = self.place_mut(*room) {
                    place.skip();
                }
                if *room == self.current {
                    self.want_past();
                }
            }
            Update::History { room, messages, more } => self.past_told(*room, messages, *more),
            Update::Room(mes) => self.room_told(mes),
            _ => self.hear_answer(update),
        }
    }

    /// Something that was asked for.
    fn hear_answer(&mut self, update: &Update) {
        match update {
            Update::RenameDone(name) => {
                if let Some(me) = &mut self.me {
                    me.name = name.as_str().into();
                }
                self.tell_hint(Tell::Renamed { name: &clean::line(name) });
            }
            Update::PasswdDone => self.say_hint(Label::PasswdDone.text(self.lang)),
            Update::ReceiptsDone(shown) => {
                let text = Notice::ReceiptsDone { delivered: shown.delivered, read: shown.read };
                self.say_hint(text.text(self.lang));
            }
            Update::AbsenceDone(own) => {
                let text = texts::own_absence(own.as_ref(), self.lang);
                self.say_hint(clean::line(&text));
            }
            Update::Ignoring(_) | Update::Ignored(_) => {
                let lines = ignored_lines(update, self.lang);
                self.say_hint(clean::line(&lines.join("  ")));
            }
            Update::Applicants(_) => {
                let rows = applicants::lines(update, self.lang);
                let rows = rows.iter().map(|line| Row::alone(clean::line(line))).collect();
                let list = Listing::new(Label::Applicants.text(self.lang), rows);
                self.mode = Mode::Panel(Panel::new(list));
            }
            Update::Entry(_) => {
                let lines = applicants::lines(update, self.lang);
                self.notice(clean::line(&lines.join("  ")), false);
            }
            Update::DeviceEnded { device, sessions } => {
                let (name, count) = (&clean::line(device), *sessions);
                self.tell_hint(Tell::DeviceEnded { name, count });
            }
            Update::Rooms { rooms, own: true, .. } => {
                rooms.iter().for_each(|room| self.my_room(room));
            }
            Update::Online(_) if self.panel_wanted => {
                self.panel_wanted = false;
                self.mode = Mode::Panel(Panel::online(&self.people, self.lang));
            }
            Update::Members(members) => self.members_told(members),
            Update::Found { .. } => self.found(update),
            update => self.list(update),
        }
    }

    /// An answer that is a list.
    pub(super) fn list(&mut self, update: &Update) {
        if let Some(list) = Listing::of(update, self.offset, self.lang) {
            self.mode = Mode::Panel(Panel::new(list));
        }
    }

    fn met(&mut self, server: &str) {
        self.link = Link::Met;
        if let Some(login) = self.start.as_mut().and_then(|start| start.met(clean::line(server))) {
            self.order(login);
        }
    }

    fn disconnected(&mut self, why: &Lost, retry_in: Option<i64>) {
        (self.past_asked, self.panel_wanted, self.is_entering) = (false, false, false);
        let is_final = matches!(why, Lost::Insecure(_)) || retry_in.is_none();
        let is_tidying = matches!(why.farewell(), Some(Farewell::LoginTimeout | Farewell::Idle));
        let is_gone = self.link == Link::In && why.farewell() == Some(Farewell::Deleted);
        let why = clean::line(&told::lost(why, self.lang));
        if is_gone {
            return self.account_gone(why);
        }
        if let Some(start) = &mut self.start
            && !is_tidying
        {
            start.lost(why.clone());
        }
        if is_tidying && retry_in.is_none() {
            self.link = Link::None;
            return;
        }
        // Why it was lost says more than why the attempts after that fail.
        let why = match std::mem::replace(&mut self.link, Link::None) {
            Link::Lost { why: first, .. } if !is_final => first,
            Link::In => {
                self.notice(Tell::Gone { why: &why }.text(self.lang), true);
                why
            }
            _ => why,
        };
        self.link = Link::Lost { why, retry_at: retry_in.map(|ms| self.now.plus(ms)) };
    }

    fn logged_in(&mut self, me: &Member) {
        if self.me.as_ref().is_some_and(|before| before.id != me.id) {
            self.forget();
        }
        self.me = Some(me.clone());
        self.link = Link::In;
        // What waited goes out now, as much of it as there is room for.
        self.on_wire.extend(self.unsaid.values().map(|(_, key)| *key));
        while self.on_wire.len() > WINDOW {
            self.on_wire.pop_last();
        }
        let name = &clean::line(&me.name);
        match self.start.take() {
            Some(start) if start.is_new => self.tell(Tell::New { id: me.id.0, name }),
            Some(_) => self.tell_hint(Tell::Welcome { name }),
            None => self.say_hint(Label::BackAgain.text(self.lang)),
        }
        let unknown = self.places.iter().filter(|place| place.past == Past::Unknown);
        let unknown: Vec<_> = unknown.map(|place| place.id).collect();
        for id in unknown {
            if !self.past_wanted.contains(&id) {
                self.past_wanted.push_back(id);
            }
        }
        self.ask_past();
    }

    /// One's account is no more: there is nothing left of it, and the first screen says so.
    fn account_gone(&mut self, words: String) {
        self.forget();
        (self.me, self.people, self.mode, self.hint) =
            (None, People::default(), Mode::Typing, None);
        let mut start = Start::new(self.address.clone(), None, false);
        start.told(words);
        (self.link, self.start) = (Link::None, Some(start));
        self.connect(self.address.clone());
    }

    /// Another connection, perhaps to another server: ids are other people there.
    pub(super) fn connect(&mut self, address: String) {
        if address != self.address {
            self.forget();
            (self.me, self.people) = (None, People::default());
        }
        self.address.clone_from(&address);
        self.order(Do::Connect(address));
    }

    /// Nothing that was said before is of this account, or of this server.
    pub(super) fn forget(&mut self) {
        self.places.retain(|place| place.id == RoomId::Lobby);
        self.places.iter_mut().for_each(|place| *place = Place::new(place.id, place.name.clone()));
        (self.current, self.previous) = (RoomId::Lobby, RoomId::Lobby);
        self.unsaid.clear();
        self.on_wire.clear();
        self.unchanged.clear();
        self.past_wanted.clear();
        self.past_asked = false;
    }

    fn registered(&mut self, id: UserId) {
        if let Some(login) = self.start.as_mut().and_then(|start| start.registered(id)) {
            self.order(login);
        }
    }

    fn refused(&mut self, what: Option<Ask>, why: &Reason) {
        let words = self.reason(why);
        match what {
            Some(Ask::Login | Ask::Register) => {
                let words = clean::line(&told::entry_reason(why, self.lang));
                if self.start.is_none() {
                    // The token or the password is no longer good: somebody changed it.
                    let user = self.me.as_ref().map(|me| me.id.to_string());
                    self.start = Some(Start::again(self.address.clone(), user));
                }
                if let Some(start) = &mut self.start {
                    start.refused(words, Some(why));
                }
                self.link = Link::Met;
            }
            Some(Ask::History) => {
                let id = self.past_wanted.pop_front();
                self.past_asked = false;
                if let Some(place) = id.and_then(|id| self.place_mut(id)) {
                    place.past = Past::Whole;
                }
                self.ask_past();
            }
            _ => {
                (self.panel_wanted, self.is_entering) = (false, false);
                let text = Notice::Refused { why: &words }.text(self.lang);
                self.notice(text, true);
            }
        }
    }

    fn unanswered(&mut self, what: Ask) {
        match what {
            Ask::History => self.past_asked = false,
            Ask::Login => {}
            Ask::Register => {
                let words = Notice::MayHaveWorked.text(self.lang);
                if let Some(start) = &mut self.start {
                    start.refused(words, None);
                }
            }
            _ => self.say_hint(Notice::MayHaveWorked.text(self.lang)),
        }
    }

    fn said(&mut self, said: &Said) {
        let me = self.my_id();
        let (key, mentions) = (self.key(), self.is_mention(&said.text));
        let Some(place) = self.open(said.room, said.room_name.as_deref()) else { return };
        place.add(key, said, me, mentions);
        if said.peer == Some(said.sender) {
            // People rename themselves.
            self.name_place(said.room);
        }
        self.read_current();
        let is_for_me = mentions || said.peer.is_some();
        if is_for_me && said.sender != me {
            self.ring(said);
        }
    }

    /// Once for all that is heard at a time.
    fn ring(&mut self, said: &Said) {
        let is_read = self.place(said.room).is_some_and(|place| place.read >= said.id);
        if self.rings && !is_read && !self.orders.contains(&Do::Bell) {
            self.order(Do::Bell);
        }
    }

    /// Is one's own name in it, as a word of its own?
    pub(super) fn is_mention(&self, text: &str) -> bool {
        let Some(me) = &self.me else { return false };
        let name = me.name.split('#').next().unwrap_or_default().to_lowercase();
        if name.is_empty() {
            return false;
        }
        let text = text.to_lowercase();
        // Chinese has no blanks between words.
        let is_letter = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() && c.is_ascii());
        text.match_indices(&name).any(|(at, found)| {
            let before = text.get(..at).and_then(|before| before.chars().next_back());
            let after = text.get(at + found.len()..).and_then(|after| after.chars().next());
            !is_letter(before) && !is_letter(after)
        })
    }

    fn name_place(&mut self, id: RoomId) {
        let name = self.peer_name(id);
        self.call(id, name);
    }

    fn not_sent(&mut self, unsent: &Unsent, why: &Reason, will_retry: bool) {
        if !will_retry {
            self.change_refused(&unsent.reference, why);
        }
        let words = self.reason(why);
        let found = match will_retry {
            true => self.unsaid.get(&unsent.reference).copied(),
            false => self.unsaid.remove(&unsent.reference),
        };
        let Some((room, key)) = found else { return };
        self.on_wire.remove(&key);
        let Some(place) = self.place_mut(room) else {
            // The room was closed before it came there.
            let (text, why) = (&clean::line(unsent.text.as_str()), &words);
            return self.notice(Notice::NotSent { text, why }.text(self.lang), true);
        };
        place.held_up(key, if will_retry { State::Later(words) } else { State::Refused(words) });
    }

    /// Somebody came, or left, in the lobby and where one talks with them alone.
    fn came(&mut self, who: &Member, came: bool) {
        let (me, time) = (self.my_id(), self.now);
        if who.id == me {
            return;
        }
        let name: Arc<str> = clean::line(&who.name).into();
        for id in [RoomId::Lobby, RoomId::pair(me, who.id)] {
            let key = self.key();
            if let Some(place) = self.place_mut(id) {
                place.noise(key, time, (who.id, &name), came);
            }
        }
        for place in &mut self.places {
            if let Some(present) = place.members.get_mut(&who.id) {
                present.is_online = came;
            }
        }
    }

    /// Whoever was written to may not answer.
    fn is_absent(&mut self, who: &Member) {
        let text = clean::line(&texts::is_absent(who, self.lang));
        let (key, time, id) = (self.key(), self.now, RoomId::pair(self.my_id(), who.id));
        if let Some(place) = self.place_mut(id) {
            place.push(Entry { key, time, what: What::Notice { text, is_bad: false } });
        }
    }

    fn renamed(&mut self, who: &Member) {
        if let Some(me) = self.me.as_mut().filter(|me| me.id == who.id) {
            me.name = Arc::clone(&who.name);
        }
        self.name_place(RoomId::pair(self.my_id(), who.id));
        for place in &mut self.places {
            if let Some(present) = place.members.get_mut(&who.id) {
                present.name = Arc::clone(&who.name);
            }
        }
    }

    fn seen(&mut self, room: RoomId, by: UserId, up_to: MessageId, how: Seen) {
        let me = self.my_id();
        let Some(place) = self.open(room, None) else { return };
        match how {
            Seen::Read if by == me => place.read_to(up_to, me),
            Seen::Read => place.peer_read = place.peer_read.max(up_to),
            Seen::Delivered => place.delivered = place.delivered.max(up_to),
        }
    }

    fn past_told(&mut self, room: RoomId, messages: &[Said], more: bool) {
        if self.past_wanted.front() == Some(&room) {
            self.past_wanted.pop_front();
        }
        self.past_asked = false;
        let me = self.my_id();
        for said in messages {
            let (key, mentions) = (self.key(), self.is_mention(&said.text));
            if let Some(place) = self.place_mut(room) {
                place.add(key, said, me, mentions);
            }
        }
        if let Some(peer) = room.other(me)
            && let Some(said) = messages.iter().rev().find(|said| said.sender == peer)
        {
            self.people.heard(said);
            self.name_place(room);
        }
        if let Some(place) = self.place_mut(room) {
            place.past = if more { Past::More } else { Past::Whole };
            if place.marker.is_none() && place.n_unread > 0 && place.anchor.is_none() {
                place.marker = Some(place.read);
            }
        }
        self.read_current();
        self.ask_past();
        self.look_further();
    }

    /// A message got this name, or was not taken at all.
    pub(in super::super) fn named(
        &mut self,
        (room, key): (RoomId, u64),
        reference: Result<Reference, OrderError>,
    ) {
        match reference {
            Ok(reference) => {
                self.unsaid.insert(reference, (room, key));
                if self.link == Link::In && self.on_wire.len() < WINDOW {
                    self.on_wire.insert(key);
                }
            }
            Err(_) => {
                let words = Label::TooMuchWaits.text(self.lang).to_owned();
                if let Some(place) = self.place_mut(room) {
                    place.held_up(key, State::Refused(words));
                }
            }
        }
        self.change();
    }

    /// There is no connection, and the first attempt says why.
    pub(in super::super) fn not_there(&mut self, words: String) {
        self.link = Link::None;
        if let Some(start) = &mut self.start {
            start.not_there(words);
        }
        self.change();
    }

    /// What was to be the way in is none here.
    pub(in super::super) fn no_way(&mut self) {
        if let Some(start) = &mut self.start {
            start.is_asking = false;
        }
    }

    /// An order was not taken, for too much waits.
    /// Something to know, already in words and clean.
    pub(in super::super) fn told(&mut self, text: String) {
        self.notice(text, false);
    }

    pub(in super::super) fn not_taken(&mut self) {
        self.say_hint(Label::TooMuchWaits.text(self.lang));
    }
}
