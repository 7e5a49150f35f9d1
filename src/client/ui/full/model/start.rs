//! The first screen: which server, and as whom. Says what is there, what went wrong, and what
//! can be done about it.

use crate::client::Reason;
use crate::client::ui::command;
use crate::client::ui::full::input::{Edit, Input};
use crate::protocol::{ErrorCode, Name, Password, UserId, Who};

use super::Do;

/// What can be filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Field {
    Server,
    /// Has an account, or wants one.
    Kind,
    /// Id or name, of an account there is.
    Who,
    /// Name, of one to be made.
    Name,
    Password,
    Again,
    /// An invitation code, where the server has asked for one.
    Code,
}

/// For who has an account, and for who wants one.
const LOGIN: &[Field] = &[Field::Server, Field::Kind, Field::Who, Field::Password];
const REGISTER: &[Field] =
    &[Field::Server, Field::Kind, Field::Name, Field::Password, Field::Again];

/// The same where the server wants an invitation code.
const REGISTER_BY_CODE: &[Field] =
    &[Field::Server, Field::Kind, Field::Name, Field::Password, Field::Again, Field::Code];

/// What is known of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) enum Finding {
    /// Being looked for.
    Looking,
    /// There, and this is its program.
    There(String),
    /// Not there; why, in words.
    NotThere(String),
}

/// What is wrong with what was filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) enum Wrong {
    /// In the server's words.
    Told(String),
    Who,
    Name,
    Password,
    Differ,
    /// An invitation code is missing.
    NoCode,
}

/// How much is known before anybody is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Ready {
    #[default]
    No,
    /// The settings know the way in.
    Way,
    /// What is filled in was said in full.
    FilledIn,
}

#[derive(Debug)]
pub(in super::super) struct Start {
    pub(in super::super) finding: Finding,
    pub(in super::super) field: Field,
    /// An account is to be made, or was made on this screen.
    pub(in super::super) is_new: bool,
    pub(in super::super) server: Input,
    pub(in super::super) who: Input,
    pub(in super::super) name: Input,
    pub(in super::super) password: Input,
    pub(in super::super) again: Input,
    pub(in super::super) code: Input,
    /// The server has asked for an invitation code.
    wants_code: bool,
    pub(in super::super) wrong: Option<Wrong>,
    /// The server was asked and has not answered.
    pub(in super::super) is_asking: bool,
    /// What becomes of it as soon as the server is there.
    ready: Ready,
    /// What the address was when it was asked for last.
    asked: String,
}

fn filled(text: &str) -> Input {
    let mut input = Input::default();
    input.set(text);
    input
}

impl Start {
    pub(super) fn new(address: String, user: Option<String>, is_ready: bool) -> Self {
        let field = if user.is_some() { Field::Password } else { Field::Kind };
        Self {
            finding: Finding::Looking,
            field,
            // Who says nothing is new here.
            is_new: user.is_none(),
            server: filled(&address),
            ready: if is_ready { Ready::Way } else { Ready::No },
            who: filled(&user.unwrap_or_default()),
            name: Input::default(),
            password: Input::default(),
            again: Input::default(),
            code: Input::default(),
            wants_code: false,
            wrong: None,
            is_asking: false,
            asked: address,
        }
    }

    /// The server is there, but does not take the account any more.
    pub(super) fn again(address: String, user: Option<String>) -> Self {
        let mut start = Self::new(address, user, false);
        start.finding = Finding::There(String::new());
        start.is_new = false;
        start
    }

    /// Who wants in, and how, is known: it is used as soon as the server is there.
    pub(super) fn knowing(address: String, who: &Who, password: &Password) -> Self {
        let user = match who {
            Who::Id(id) => id.to_string(),
            Who::Named(key) => key.as_str().to_owned(),
        };
        let mut start = Self::new(address, Some(user), false);
        start.password = filled(password.reveal());
        (start.is_new, start.ready) = (false, Ready::FilledIn);
        start
    }

    pub(in super::super) fn fields(&self) -> &'static [Field] {
        match (self.is_new, self.wants_code) {
            (true, true) => REGISTER_BY_CODE,
            (true, false) => REGISTER,
            (false, _) => LOGIN,
        }
    }

    pub(in super::super) fn input(&self, field: Field) -> Option<&Input> {
        match field {
            Field::Server => Some(&self.server),
            Field::Kind => None,
            Field::Who => Some(&self.who),
            Field::Name => Some(&self.name),
            Field::Password => Some(&self.password),
            Field::Again => Some(&self.again),
            Field::Code => Some(&self.code),
        }
    }

    fn input_mut(&mut self) -> Option<&mut Input> {
        match self.field {
            Field::Server => Some(&mut self.server),
            Field::Kind => None,
            Field::Who => Some(&mut self.who),
            Field::Name => Some(&mut self.name),
            Field::Password => Some(&mut self.password),
            Field::Again => Some(&mut self.again),
            Field::Code => Some(&mut self.code),
        }
    }

    /// The server answers. Where everything is known already, that is used at once.
    pub(super) fn met(&mut self, server: String) -> Option<Do> {
        self.finding = Finding::There(server);
        match std::mem::take(&mut self.ready) {
            Ready::No => None,
            Ready::FilledIn => self.submit(),
            Ready::Way => {
                self.is_asking = true;
                Some(Do::Enter)
            }
        }
    }

    pub(super) fn not_there(&mut self, words: String) {
        (self.finding, self.is_asking) = (Finding::NotThere(words), false);
        self.field = Field::Server;
    }

    pub(super) fn lost(&mut self, words: String) {
        self.not_there(words);
    }

    pub(super) fn registered(&mut self, id: UserId) -> Option<Do> {
        let password = Password::new(self.password.text()).ok()?;
        Some(Do::Login { who: Who::Id(id), password })
    }

    /// This led here.
    pub(super) fn told(&mut self, words: String) {
        self.wrong = Some(Wrong::Told(words));
    }

    pub(super) fn refused(&mut self, words: String, why: Option<&Reason>) {
        let code = why.and_then(Reason::known);
        // The server's words are for who types commands.
        let needs_code = code == Some(ErrorCode::CodeNeeded);
        let wrong = if needs_code { Wrong::NoCode } else { Wrong::Told(words) };
        (self.wrong, self.is_asking) = (Some(wrong), false);
        let is_about_code = matches!(code, Some(ErrorCode::CodeNeeded | ErrorCode::BadCode));
        self.wants_code |= is_about_code;
        self.field = if is_about_code { Field::Code } else { Field::Password };
        if code == Some(ErrorCode::NotLetIn) {
            // It is asked for under this id: the same is the login, once an operator says so.
            if let Some(id) = why.and_then(|why| why.detail.as_deref()) {
                (self.is_new, self.who) = (false, filled(id));
            }
        } else if !self.is_new {
            self.password = Input::default();
        }
    }

    pub(super) fn typed(&mut self, text: &str) {
        self.wrong = None;
        // A line, whatever was pasted.
        let line = text.lines().next().unwrap_or_default();
        if self.field == Field::Kind {
            if line == " " {
                return self.turn();
            }
            // Who types a name here means the field below.
            self.step(true);
        }
        if let Some(input) = self.input_mut() {
            input.insert(line);
        }
    }

    pub(super) fn edit(&mut self, edit: Edit) {
        self.wrong = None;
        match (self.field, edit) {
            (Field::Kind, Edit::Left | Edit::Right) => self.turn(),
            (_, Edit::Newline) => {}
            _ => {
                if let Some(input) = self.input_mut() {
                    input.edit(edit);
                }
            }
        }
    }

    /// Between having an account and wanting one.
    pub(super) fn turn(&mut self) {
        self.is_new = !self.is_new;
        self.wrong = None;
        if !self.fields().contains(&self.field) {
            self.field = Field::Kind;
        }
    }

    /// To the field behind, or before.
    pub(super) fn step(&mut self, forward: bool) {
        let fields = self.fields();
        let at = fields.iter().position(|field| *field == self.field).unwrap_or(0);
        let n_fields = fields.len();
        let to = if forward { at + 1 } else { at + n_fields - 1 } % n_fields;
        self.field = fields.get(to).copied().unwrap_or(Field::Server);
    }

    /// Enter: on to the next field, or what is filled in is used.
    pub(super) fn enter(&mut self) -> Option<Do> {
        let address = self.server.text().trim().to_owned();
        let is_lost = matches!(self.finding, Finding::NotThere(_));
        if !address.is_empty()
            && (address != self.asked || (is_lost && self.field == Field::Server))
        {
            (self.finding, self.wrong) = (Finding::Looking, None);
            self.asked.clone_from(&address);
            self.field = if self.field == Field::Server { Field::Kind } else { self.field };
            return Some(Do::Connect(address));
        }
        if Some(&self.field) == self.fields().last() {
            return self.submit();
        }
        self.step(true);
        None
    }

    fn submit(&mut self) -> Option<Do> {
        match self.filled_in() {
            Ok(order) => {
                self.is_asking = true;
                Some(order)
            }
            Err((field, wrong)) => {
                (self.field, self.wrong) = (field, Some(wrong));
                None
            }
        }
    }

    fn filled_in(&self) -> Result<Do, (Field, Wrong)> {
        let password = Password::new(self.password.text());
        let password = password.map_err(|_| (Field::Password, Wrong::Password))?;
        if self.is_new {
            let name = Name::new(self.name.text()).map_err(|_| (Field::Name, Wrong::Name))?;
            if self.again.text() != self.password.text() {
                return Err((Field::Again, Wrong::Differ));
            }
            let code = Password::new(self.code.text().trim()).ok();
            return Ok(Do::Register { password, name, code });
        }
        let who = command::who(self.who.text().trim());
        let who = who.filter(|_| !self.who.text().trim().is_empty());
        Ok(Do::Login { who: who.ok_or((Field::Who, Wrong::Who))?, password })
    }
}
