//! Who may make an account: everybody, who has a code, or nobody.

use super::Session;
use super::asking::refusal_of;
use crate::auth::code;
use crate::clock;
use crate::config::Registration;
use crate::dao::{Entry, TokenDigest};
use crate::protocol::{ErrorCode, Event, Password, Refusal};

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
}

fn digest_of(code: &Password) -> TokenDigest {
    TokenDigest(code::digest(code.reveal()))
}
