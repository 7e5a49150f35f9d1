//! What is shown and what becomes of a key or an update: all of the screen but the terminal.
//! Keys and [`Update`]s in; orders and a wish to be drawn out. Asks no clock and owns no socket;
//! `run` beside it, on the main thread, does.

mod changed;
mod complete;
mod hear;
mod keyed;
mod panel;
mod people;
mod pick;
mod place;
mod rooms;
mod search;
mod speak;
mod start;
mod view;

use std::collections::{BTreeSet, HashMap, VecDeque};

use crate::client::Reason;
use crate::client::ui::clean;
use crate::client::ui::command::Line;
use crate::client::wording as told;
use crate::protocol::{
    ErrorCode, Member, MessageId, Millis, Name, Password, Reference, RoomId, Span, Text, UserId,
    Who,
};
use crate::texts::Lang;

use super::input::Input;
use super::talk::Size;
use crate::texts::full::{Label, Tell};

pub(super) use changed::Change;
pub(super) use complete::Completion;
pub(super) use panel::Panel;
pub(super) use people::People;
pub(super) use place::{Anchor, Entry, Past, Place, State, What, Words};
pub(super) use start::{Field, Finding, Start, Wrong};

/// How long a hint stands, in milliseconds: time to read two lines.
const HINT: i64 = 6_000;

/// How long the question whether to leave stands, in milliseconds.
const LEAVE: i64 = 3_000;

/// Messages of a page that is asked for.
pub(super) const PAGE: usize = 50;

/// What is to be done outside.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Do {
    /// A connection to this address, instead of the one there is.
    Connect(String),
    /// The way in that is known without asking.
    Enter,
    Login {
        who: Who,
        password: Password,
    },
    Register {
        password: Password,
        name: Name,
        /// An invitation code.
        code: Option<Password>,
    },
    /// The reference comes back with this key.
    Say {
        key: u64,
        room: RoomId,
        text: Text,
        reply_to: Option<MessageId>,
    },
    Change(Change),
    /// What waits is not to be said.
    Withdraw(Reference),
    /// What a typed command asks for.
    Ask(Line),
    Read(RoomId, MessageId),
    /// Something is being written there.
    Typing(RoomId),
    History(RoomId, Span),
    Members(RoomId),
    /// A program to edit the line with.
    Editor(String),
    /// Everything is drawn anew.
    Redraw,
    /// To the shell, until it lets this program go on.
    Suspend,
    /// Something was said to this person, who does not look.
    Bell,
    Leave,
}

/// How the connection is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Link {
    /// None yet, or none wanted.
    None,
    /// It stands, nobody is logged in.
    Met,
    In,
    /// Lost, in words; the next attempt at this time.
    Lost {
        why: String,
        retry_at: Option<Millis>,
    },
}

/// What the keys mean at the moment, beside what they always mean.
#[derive(Debug)]
pub(super) enum Mode {
    Typing,
    /// More lines were pasted than one says at a time: what to do with them?
    Pasted(String),
    /// Something long stands over the talk.
    Panel(Panel),
    /// Looking for a line typed before: these letters, so many found ones passed over.
    FindTyped {
        part: String,
        skip: usize,
    },
    /// Choosing a message.
    Pick {
        key: u64,
    },
    /// Looking for a text in this place, upwards.
    FindText {
        part: String,
    },
}

/// What the person who starts it says.
#[derive(Clone, Debug)]
pub(super) struct Setup {
    pub(super) lang: Lang,
    /// Minutes east of UTC.
    pub(super) offset: i64,
    pub(super) address: String,
    pub(super) user: Option<String>,
    /// How this user gets in is known.
    pub(super) is_ready: bool,
    /// What is said to the person rings where it is not seen.
    pub(super) rings: bool,
}

#[derive(Debug)]
pub(super) struct Model {
    pub(super) lang: Lang,
    pub(super) offset: i64,
    pub(super) now: Millis,
    pub(super) link: Link,
    pub(super) me: Option<Member>,
    /// Of the server that was asked for last.
    pub(super) address: String,
    /// Some: nobody is logged in, and this stands in place of the talk.
    pub(super) start: Option<Start>,
    /// In the order of the list; never empty.
    pub(super) places: Vec<Place>,
    pub(super) current: RoomId,
    previous: RoomId,
    pub(super) people: People,
    pub(super) input: Input,
    pub(super) mode: Mode,
    completion: Option<Completion>,
    /// Something said to the person, until then.
    hint: Option<(String, Millis)>,
    leave_until: Option<Millis>,
    /// The lists are shown where there is room, unless the person wants it otherwise.
    pub(super) shows_places: Option<bool>,
    pub(super) shows_people: Option<bool>,
    /// The terminal says that another window has the keys.
    is_away: bool,
    pub(super) rings: bool,
    /// Of the talk, as it was drawn last, and of the screen.
    pub(super) size: Size,
    pub(super) screen: usize,
    /// The entry that was found last, and the mention that was shown last, by its place.
    found: Option<u64>,
    search: search::Search,
    /// On the way into a room: what is said now may be meant for it.
    is_entering: bool,
    /// Out of a room by somebody else's doing: what is said now may be meant for that one.
    is_moved: bool,
    /// What is taken back to be changed.
    wanted_back: Option<u64>,
    shown_mention: Option<usize>,
    /// Names of entries that were given.
    last_key: u64,
    /// What was said and has no end yet.
    unsaid: HashMap<Reference, (RoomId, u64)>,
    /// What of it is on the wire, or may be: it cannot be taken back.
    on_wire: BTreeSet<u64>,
    unchanged: HashMap<Reference, Change>,
    /// Whose past is to be asked for; the first of them was.
    past_wanted: VecDeque<RoomId>,
    past_asked: bool,
    /// The answer is to be shown.
    panel_wanted: bool,
    orders: Vec<Do>,
    is_changed: bool,
}

impl Model {
    pub(super) fn new(setup: Setup, now: Millis) -> Self {
        let lobby = Place::new(RoomId::Lobby, Label::Lobby.text(setup.lang).to_owned());
        let mut model = Self {
            lang: setup.lang,
            offset: setup.offset,
            now,
            link: Link::None,
            me: None,
            start: Some(Start::new(setup.address.clone(), setup.user, setup.is_ready)),
            address: setup.address.clone(),
            places: vec![lobby],
            current: RoomId::Lobby,
            previous: RoomId::Lobby,
            people: People::default(),
            input: Input::default(),
            mode: Mode::Typing,
            completion: None,
            hint: None,
            leave_until: None,
            shows_places: None,
            shows_people: None,
            is_away: false,
            rings: setup.rings,
            size: Size { columns: 80, rows: 20 },
            screen: 80,
            found: None,
            search: search::Search::default(),
            is_entering: false,
            is_moved: false,
            wanted_back: None,
            shown_mention: None,
            last_key: 0,
            unsaid: HashMap::new(),
            on_wire: BTreeSet::new(),
            unchanged: HashMap::new(),
            past_wanted: VecDeque::new(),
            past_asked: false,
            panel_wanted: false,
            orders: Vec::new(),
            is_changed: true,
        };
        model.order(Do::Connect(setup.address));
        model
    }

    /// What is to be done since it was asked last.
    pub(super) fn take_orders(&mut self) -> Vec<Do> {
        std::mem::take(&mut self.orders)
    }

    /// Has anything changed that shows?
    pub(super) fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.is_changed)
    }

    pub(super) fn is_changed(&self) -> bool {
        self.is_changed
    }

    pub(super) fn change(&mut self) {
        self.is_changed = true;
    }

    fn order(&mut self, order: Do) {
        self.orders.push(order);
    }

    /// It is this late.
    pub(super) fn tick(&mut self, now: Millis) {
        self.now = now;
        if self.hint.as_ref().is_some_and(|(_, until)| *until <= now) {
            self.hint = None;
            self.change();
        }
        if self.leave_until.is_some_and(|until| until <= now) {
            self.leave_until = None;
        }
        if let Some(here) = self.here_mut() {
            let n_typing = here.typing.len();
            here.typing.retain(|(.., until)| *until > now);
            if here.typing.len() < n_typing {
                self.change();
            }
        }
        self.read_current();
        self.ask_past();
    }

    /// When [`Model::tick`] has something to do, in milliseconds from now.
    pub(super) fn next_tick(&self) -> Option<i64> {
        let hint = self.hint.as_ref().map(|(_, until)| *until);
        let typing =
            self.here().and_then(|here| here.typing.iter().map(|(.., until)| *until).min());
        let lost = matches!(self.link, Link::Lost { retry_at: Some(at), .. } if at > self.now);
        // The seconds to the next attempt are counted down.
        let lost = lost.then(|| self.now.plus(1_000));
        let next = [hint, self.leave_until, typing, lost].into_iter().flatten().min();
        next.map(|at| (at.0 - self.now.0).max(1))
    }

    /// A line for the person, over the input.
    pub(super) fn hint(&self) -> Option<&str> {
        self.hint.as_ref().map(|(text, _)| text.as_str())
    }

    fn say_hint(&mut self, text: impl Into<String>) {
        self.hint = Some((text.into(), self.now.plus(HINT)));
        self.change();
    }

    fn tell_hint(&mut self, tell: Tell<'_>) {
        self.say_hint(tell.text(self.lang));
    }

    /// In words, clean.
    fn reason(&self, why: &Reason) -> String {
        clean::line(&told::reason(why, self.lang))
    }

    fn error(&self, code: ErrorCode) -> String {
        self.reason(&Reason::of(code))
    }

    pub(super) fn my_id(&self) -> UserId {
        self.me.as_ref().map_or(UserId(0), |me| me.id)
    }

    pub(super) fn place(&self, id: RoomId) -> Option<&Place> {
        self.places.iter().find(|place| place.id == id)
    }

    fn place_mut(&mut self, id: RoomId) -> Option<&mut Place> {
        self.places.iter_mut().find(|place| place.id == id)
    }

    /// The place one is in: the lobby where it is gone.
    pub(super) fn here(&self) -> Option<&Place> {
        self.place(self.current).or(self.places.first())
    }

    fn here_mut(&mut self) -> Option<&mut Place> {
        let id = self.here()?.id;
        self.place_mut(id)
    }

    /// The place of this room, made where there is none.
    fn open(&mut self, id: RoomId, name: Option<&str>) -> Option<&mut Place> {
        if self.place(id).is_none() {
            let name = match (name, id) {
                (Some(name), _) => clean::line(name),
                (None, RoomId::Lobby) => Label::Lobby.text(self.lang).to_owned(),
                (None, RoomId::Named(_)) => id.to_string(),
                (None, RoomId::Pair(..)) => self.peer_name(id),
            };
            self.places.push(Place::new(id, name));
            self.past_wanted.push_back(id);
            self.sort();
        } else if let (Some(name), RoomId::Named(_)) = (name, id) {
            // How far it was read is told before what it is called.
            self.call(id, clean::line(name));
        }
        self.place_mut(id)
    }

    /// A place is called this from now on.
    fn call(&mut self, id: RoomId, name: String) {
        if let Some(place) = self.place_mut(id)
            && place.name != name
        {
            place.name = name;
            self.sort();
        }
    }

    fn sort(&mut self) {
        self.places.sort_by_cached_key(Place::rank);
        self.change();
    }

    fn peer_name(&self, id: RoomId) -> String {
        let peer = id.other(self.my_id());
        peer.map_or_else(|| id.to_string(), |peer| clean::line(&self.people.name(peer)))
    }

    /// Goes to another place: the draft stays behind, the marker is set at what was read.
    pub(super) fn go(&mut self, id: RoomId) {
        self.is_moved = false;
        if id == self.current || self.place(id).is_none() {
            return;
        }
        let draft = self.input.take_draft();
        if let Some(left) = self.here_mut() {
            left.draft = draft;
            left.marker = None;
        }
        self.previous = std::mem::replace(&mut self.current, id);
        (self.completion, self.shown_mention, self.found, self.hint) = (None, None, None, None);
        let Some(here) = self.here_mut() else { return };
        here.marker = (here.n_unread > 0).then_some(here.read);
        let draft = std::mem::take(&mut here.draft);
        let wants_members = matches!(id, RoomId::Named(_)) && !here.knows_members;
        here.knows_members |= wants_members;
        self.input.set(&draft);
        if wants_members {
            self.order(Do::Members(id));
        }
        self.read_current();
        self.change();
    }

    /// What is shown at its end is read.
    fn read_current(&mut self) {
        let is_seen = self.start.is_none() && !self.is_away && self.link == Link::In;
        if !is_seen || matches!(self.mode, Mode::Panel(_)) {
            return;
        }
        let Some(here) = self.here_mut().filter(|here| here.anchor.is_none()) else { return };
        let id = here.id;
        if let Some(up_to) = here.read_all() {
            self.order(Do::Read(id, up_to));
            self.change();
        }
    }

    /// Asks for the past of one place after the other: an answer does not say whose it is when
    /// it is a refusal.
    fn ask_past(&mut self) {
        if self.past_asked || self.link != Link::In {
            return;
        }
        let Some(id) = self.past_wanted.front().copied() else { return };
        let span = self.place(id).and_then(Place::oldest).map_or(Span::Last, Span::Before);
        self.past_asked = true;
        self.order(Do::History(id, span));
    }

    /// One looks at the beginning of what is here: more of it is wanted.
    pub(super) fn want_past(&mut self) {
        let Some(here) = self.here() else { return };
        let id = here.id;
        if here.past == Past::More && !self.past_wanted.contains(&id) {
            self.past_wanted.push_back(id);
            self.ask_past();
        }
    }

    fn key(&mut self) -> u64 {
        self.last_key += 1;
        self.last_key
    }

    /// A line of this program's own in the place one is in.
    fn notice(&mut self, text: String, is_bad: bool) {
        let (key, time) = (self.key(), self.now);
        if let Some(here) = self.here_mut() {
            here.push(Entry { key, time, what: What::Notice { text, is_bad } });
        }
        self.change();
    }

    fn tell(&mut self, tell: Tell<'_>) {
        let text = tell.text(self.lang);
        self.notice(text, false);
    }

    /// Messages on their way.
    pub(super) fn n_waiting(&self) -> usize {
        self.unsaid.len() + self.unchanged.len()
    }

    pub(super) fn says_leave(&self) -> bool {
        self.leave_until.is_some()
    }

    pub(super) fn completion(&self) -> Option<&Completion> {
        self.completion.as_ref()
    }
}
