//! Who may make an account: everybody, who has a code, whom an operator lets in, or nobody.

use super::Session;
use super::asking::refusal_of;
use crate::auth::{self, code};
use crate::clock;
use crate::config::Registration;
use crate::dao::{Asked, Decision, Entry, TokenDigest, Write};
use crate::protocol::{
    self, EntryAsk, EntryNews, ErrorCode, Event, Knock, Name, Note, Party, Password, Refusal,
    SessionId, UserId, Who,
};
use crate::state::{Deed, Input};

impl Session<'_> {
    /// A code for the registration to come, where a language has no word for it in the
    /// registration itself. Looked at at once, so that a mistyped one costs no password.
    pub(super) fn keep_code(&mut self, code: &Password) {
        let digest = digest_of(code);
        match self.check_code(digest) {
            Ok(()) => {
                self.code = Some(digest);
                self.tell(&Event::CodeKept);
            }
            Err(refusal) => self.tell(&Event::Refused(refusal)),
        }
    }

    /// How this registration is let in. The store looks at the code once more, where the use of
    /// it is taken.
    pub(super) fn entry(&self, code: Option<&Password>) -> Result<Entry, Refusal> {
        match self.host.policy.registration {
            Registration::Open => Ok(Entry::Open),
            Registration::Approval => Ok(Entry::Asked(clock::now_ms())),
            Registration::Closed => Err(ErrorCode::RegistrationClosed.into()),
            Registration::Code => {
                let digest = code.map(digest_of).or(self.code).ok_or(ErrorCode::CodeNeeded)?;
                self.check_code(digest)?;
                Ok(Entry::Code(digest, clock::now_ms()))
            }
        }
    }

    /// A wrong code counts like a wrong password from this address.
    fn check_code(&self, digest: TokenDigest) -> Result<(), Refusal> {
        let (now, block) = (clock::now(), self.block());
        if !self.host.wrong_from_address.take(&block, now) {
            log::warn!("{}: too many wrong codes", self.peer);
            return Err(ErrorCode::Throttled.into());
        }
        let codes = self.host.store.codes().map_err(|error| refusal_of(&error));
        let is_good = codes.map(|codes| {
            let now = clock::now_ms();
            codes.iter().any(|code| code.digest == digest && code.expires > now)
        });
        if is_good != Ok(false) {
            self.host.wrong_from_address.give_back(&block, now);
        }
        if is_good? { Ok(()) } else { Err(ErrorCode::BadCode.into()) }
    }

    /// What an operator asks about those who wait.
    pub(super) fn on_entry(&mut self, ask: EntryAsk) {
        let done = match ask {
            EntryAsk::Pending => self.list_applicants(),
            EntryAsk::Approve(whom) => self.decide(whom, true, None),
            EntryAsk::Reject(whom, why) => self.decide(whom, false, why),
        };
        if let Err(refusal) = done {
            self.tell(&Event::Refused(refusal));
        }
    }

    fn list_applicants(&self) -> Result<(), Refusal> {
        self.check_operator(Deed::Approve)?;
        let all = self.applicants()?;
        self.tell(&Event::Applicants(all.iter().map(Asked::shown).collect()));
        Ok(())
    }

    fn decide(&self, whom: UserId, is_let_in: bool, why: Option<Note>) -> Result<(), Refusal> {
        let me = self.check_operator(Deed::Approve)?;
        let asked = self.applicants()?.into_iter().find(|asked| asked.account.id == whom);
        let party = asked.ok_or(ErrorCode::NobodyWaits)?.shown().who;
        let account = self.host.store.account(me).map_err(|error| refusal_of(&error))?;
        let account = account.ok_or(ErrorCode::OperatorsOnly)?;
        let by = Party { id: me, name: account.name.as_str().into() };
        let deed = protocol::Deed {
            time: clock::now_ms(),
            nonce: auth::nonce().ok_or(ErrorCode::Internal)?,
            by: by.clone(),
            act: if is_let_in { "approve" } else { "reject" },
            place: None,
            whom: Some(format!("{whom} ({})", party.name).into()),
            how: None,
            reason: why.clone(),
        };
        self.host.write(Write::Decide(Decision { whom, is_let_in, deed }))?;
        log::info!("{me} has decided about {whom}, who asked for an account");
        let what = if is_let_in { Knock::LetIn(by) } else { Knock::Rejected(by, why) };
        self.tell_entry(Some(self.id), EntryNews { whom: party, what });
        Ok(())
    }

    /// Operators hear of it.
    fn tell_entry(&self, by: Option<SessionId>, news: EntryNews) {
        self.enter(Input::Entry { by, news: Box::new(news) });
    }

    /// The account is asked for: what who asked is told.
    pub(super) fn asked_for(&self, id: UserId, name: Option<&Name>) -> Refusal {
        log::info!("{id} asks for an account");
        let name = name.map_or_else(|| id.to_string().into(), |name| name.as_str().into());
        self.tell_entry(None, EntryNews { whom: Party { id, name }, what: Knock::Waits });
        Refusal { detail: Some(id.to_string()), ..Refusal::of(ErrorCode::NotLetIn) }
    }

    /// Who waits under this id, or alone under this name.
    pub(super) fn waiting(&self, who: &Who) -> Result<Option<Asked>, Refusal> {
        let mut all = self.applicants()?;
        all.retain(|asked| match who {
            Who::Id(id) => asked.account.id == *id,
            Who::Named(key) => asked.account.name.key() == key,
        });
        Ok(all.pop().filter(|_| all.is_empty()))
    }

    fn applicants(&self) -> Result<Vec<Asked>, Refusal> {
        self.host.store.applicants().map_err(|error| refusal_of(&error))
    }
}

fn digest_of(code: &Password) -> TokenDigest {
    TokenDigest(code::digest(code.reveal()))
}
