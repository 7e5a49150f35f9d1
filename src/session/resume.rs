//! Tokens: a login gives one, and it takes the place of the password when the same device comes
//! back, without Argon2, so that ten thousand clients can return after a restart.
//!
//! 256 random bits; the store has only their hash. A token ends by `LogoutMes`, by a change of
//! the password, by the operator, or by its age.

use std::fmt::Write as _;

use blake2::Blake2b;
use blake2::digest::Digest;
use blake2::digest::consts::U32;

use super::asking::refusal_of;
use super::{End, Identity, Session};
use crate::clock;
use crate::dao::{Account, Token, TokenDigest, Write};
use crate::protocol::{
    Act, ErrorCode, Event, Farewell, MessageId, Millis, Password, Progress, Receipts, Refusal,
    RoomId, UserId,
};

/// Random bytes of a token.
const TOKEN: usize = 32;

/// Milliseconds that a token is good for: a client that comes once a month never needs its
/// password. Coming back in the second half of its life gives it a new one.
const TOKEN_LIFE: i64 = 30 * 24 * 60 * 60 * 1000;

impl Session<'_> {
    pub(super) fn resume(
        &mut self,
        token: &Password,
        epoch: &str,
        held: &[(RoomId, MessageId)],
    ) -> Result<(), End> {
        let digest = digest_of(token);
        match self.check_token(digest) {
            Ok((account, expires)) => {
                self.token = Some(digest);
                // Positions of another epoch mean other messages.
                let is_same_epoch = *epoch == *self.host.store.identity().epoch;
                self.enter_as_account(&account, if is_same_epoch { held } else { &[] })?;
                // Who was logged out while it came in was not seen by the hub.
                if let Ok(None) = self.host.store.token(&digest) {
                    return Err(End::ours(Farewell::LoggedOut));
                }
                self.renew_token(account.id, digest, expires);
                Ok(())
            }
            Err(refusal) => {
                self.tell(&Event::LoginRefused(refusal));
                Ok(())
            }
        }
    }

    fn check_token(&self, digest: TokenDigest) -> Result<(Account, Millis), Refusal> {
        if matches!(self.who, Identity::Account(_)) {
            return Err(Refusal::of(ErrorCode::AlreadyLoggedIn));
        }
        let bad = || Refusal::of(ErrorCode::BadToken);
        let token = self.host.store.token(&digest).map_err(|error| refusal_of(&error))?;
        let Token { account, device, expires } = token.ok_or_else(bad)?;
        let own_device = self.hello.as_ref().and_then(|hello| hello.device.clone());
        if expires <= clock::now_ms() || device != own_device {
            return Err(bad());
        }
        let account = self.host.store.account(account).map_err(|error| refusal_of(&error))?;
        Ok((account.ok_or_else(bad)?, expires))
    }

    /// Gives a client that said hello a token for its next time. A store that does not take it
    /// costs the comfort, not the login.
    pub(super) fn give_token(&mut self, account: UserId) {
        let Some(hello) = &self.hello else { return };
        let device = hello.device.clone();
        let Some(token) = fresh_token() else { return };
        let (digest, expires) = (digest_of(&token), clock::now_ms().plus(TOKEN_LIFE));
        match self.host.write(Write::Token { account, device, digest, expires }) {
            Ok(_) => {
                self.token = Some(digest);
                self.tell(&Event::Token { token, expires });
            }
            Err(code) => log::warn!("no token for {account}: {code}"),
        }
    }

    fn renew_token(&mut self, account: UserId, digest: TokenDigest, expires: Millis) {
        if expires < clock::now_ms().plus(TOKEN_LIFE / 2) {
            self.give_token(account);
            if let Err(code) = self.host.write(Write::RevokeToken(digest)) {
                log::debug!("the old token stays until it expires: {code}");
            }
        }
    }

    /// Whoever logs out wants nobody to come back as them.
    pub(super) fn revoke_token(&mut self) {
        if let Some(digest) = self.token.take()
            && let Err(code) = self.host.write(Write::RevokeToken(digest))
        {
            log::warn!("a token is not revoked: {code}");
        }
    }

    /// How far the account is in its rooms, for a client that shows it.
    pub(super) fn tell_progress(&self, account: UserId) {
        if self.hello.is_none() {
            return;
        }
        match self.host.store.marks(account) {
            Ok(marks) => {
                let progress = marks.iter().map(|marks| Progress {
                    room: marks.room,
                    read: marks.read,
                    peer_delivered: marks.peer.unwrap_or_default().delivered,
                    peer_read: marks.peer.unwrap_or_default().read,
                });
                self.tell(&Event::Progress(progress.collect()));
            }
            Err(error) => log::warn!("{error}"),
        }
    }

    pub(super) fn set_receipts(&mut self, receipts: Receipts) {
        let Some(account) = self.account() else {
            return self.refuse(ErrorCode::NotLoggedIn);
        };
        match self.host.write(Write::Receipts { account, receipts }) {
            Ok(_) => self.ask(Act::Receipts(receipts)),
            Err(code) => self.refuse(code),
        }
    }
}

/// `None`: the system has no random bytes.
fn fresh_token() -> Option<Password> {
    let mut bytes = [0_u8; TOKEN];
    getrandom::fill(&mut bytes).ok()?;
    let mut text = String::with_capacity(2 * TOKEN);
    for byte in bytes {
        write!(text, "{byte:02x}").ok()?;
    }
    Password::new(&text).ok()
}

fn digest_of(token: &Password) -> TokenDigest {
    TokenDigest(Blake2b::<U32>::digest(token.reveal().as_bytes()).into())
}
