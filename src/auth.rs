//! Passwords: Argon2id behind a gate. Hashing runs in the connection's own thread, never in the
//! hub. Knows nothing of sessions and stores.

pub mod code;

use std::fmt;
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Block, Params, Version};
use crossbeam_channel::{Receiver, Sender, bounded};

use crate::protocol::{ErrorCode, Password};

/// A number that tells one attempt to write something from all others; signed, as stores keep it,
/// it is the same. `None`: the kernel gives no random bytes.
pub fn nonce() -> Option<u64> {
    let mut nonce = [0_u8; 8];
    getrandom::fill(&mut nonce).ok()?;
    Some(u64::from_le_bytes(nonce) >> 1)
}

/// Memory of one hash in KiB: 19 MiB, with 2 passes and 1 lane (OWASP's first choice).
const MEMORY_KIB: u32 = Params::DEFAULT_M_COST;

/// Hashes made elsewhere with more memory than this are refused: a record must not be able to
/// exhaust the server.
const MAX_MEMORY_KIB: u32 = 256 * 1024;

/// Passes that a hash made elsewhere may ask for.
const MAX_PASSES: u32 = 16;

/// Who waits longer for a permit is told `busy`.
const PATIENCE: Duration = Duration::from_secs(5);

/// Bytes of salt (RFC 9106 section 3.1 recommends 16) and of the hash itself.
const SALT: usize = 16;
const OUTPUT: usize = 32;

/// The gate: as many permits as cores, each permit owns its 19 MiB of memory. (Allocating per
/// hash left 138 MiB behind after twenty hashes; the owned blocks stay at 21 MiB.)
pub struct Auth {
    permits: (Sender<Memory>, Receiver<Memory>),
    /// What an unknown user's password is checked against, so that it takes as long.
    nobody: String,
}

/// Empty until its first use: a server that nobody logs in to needs no such memory.
type Memory = Vec<Block>;

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Auth({} of {:?} permits free)", self.permits.1.len(), self.permits.1.capacity())
    }
}

impl Auth {
    /// Opens the gate with as many permits as this machine has cores.
    pub fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let permits = bounded(cores);
        for _ in 0..cores {
            // There is room for exactly these.
            permits.0.try_send(Memory::new()).ok();
        }
        let salt = "c2FsdHNhbHRzYWx0c2FsdA";
        let hash = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        Self { permits, nobody: format!("$argon2id$v=19$m={MEMORY_KIB},t=2,p=1${salt}${hash}") }
    }

    /// The PHC string of a password, under a fresh salt. Blocks: the wait for a permit (5 s at
    /// most) and some 12 ms of work.
    ///
    /// # Errors
    /// [`ErrorCode::Busy`]: no permit came free. [`ErrorCode::Internal`]: no random bytes.
    pub fn hash(&self, password: &Password) -> Result<String, ErrorCode> {
        let mut salt = [0; SALT];
        getrandom::fill(&mut salt).map_err(|_none| ErrorCode::Internal)?;
        let argon2 = Argon2::default();
        let output = self.work(&argon2, password, &salt, OUTPUT)?;
        let phc = PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::default().into()),
            params: argon2.params().try_into().map_err(|_odd| ErrorCode::Internal)?,
            salt: argon2::password_hash::phc::Salt::new(&salt).ok(),
            hash: argon2::password_hash::phc::Output::new(&output).ok(),
        };
        Ok(phc.to_string())
    }

    /// Is this the password of that hash? Blocks like [`Auth::hash`].
    ///
    /// # Errors
    /// [`ErrorCode::Busy`]: no permit came free. [`ErrorCode::Internal`]: the hash cannot be
    /// read, or asks for more than 256 MiB or 16 passes.
    pub fn verify(&self, password: &Password, phc: &str) -> Result<bool, ErrorCode> {
        let unreadable = ErrorCode::Internal;
        let hash = PasswordHash::new(phc).map_err(|_bad| unreadable)?;
        let algorithm = Algorithm::try_from(hash.algorithm.as_str()).map_err(|_bad| unreadable)?;
        let version = match hash.version {
            Some(version) => Version::try_from(version).map_err(|_bad| unreadable)?,
            None => Version::default(),
        };
        let params = Params::try_from(&hash).map_err(|_bad| unreadable)?;
        if params.m_cost() > MAX_MEMORY_KIB || params.t_cost() > MAX_PASSES {
            return Err(unreadable);
        }
        let (Some(salt), Some(expected)) = (hash.salt, hash.hash) else { return Err(unreadable) };
        let argon2 = Argon2::new(algorithm, version, params);
        let output = self.work(&argon2, password, &salt, expected.len())?;
        let output = argon2::password_hash::phc::Output::new(&output).map_err(|_odd| unreadable)?;
        // `Output` compares in constant time.
        Ok(output == expected)
    }

    /// Takes as long as [`Auth::verify`], for a user who does not exist.
    ///
    /// # Errors
    /// [`ErrorCode::Busy`]: no permit came free.
    pub fn pretend(&self, password: &Password) -> Result<(), ErrorCode> {
        self.verify(password, &self.nobody).map(|_never| ())
    }

    fn work(
        &self,
        argon2: &Argon2<'_>,
        password: &Password,
        salt: &[u8],
        length: usize,
    ) -> Result<Vec<u8>, ErrorCode> {
        let mut memory = self.permits.1.recv_timeout(PATIENCE).map_err(|_late| ErrorCode::Busy)?;
        let needed = argon2.params().block_count();
        if memory.len() < needed {
            memory.resize(needed, Block::new());
        }
        let mut output = vec![0; length];
        let done = argon2.hash_password_into_with_memory(
            password.reveal().as_bytes(),
            salt,
            &mut output,
            &mut memory,
        );
        if needed > Params::default().block_count() {
            memory = Memory::new();
        }
        // There is room: this permit was taken out.
        self.permits.0.try_send(memory).ok();
        done.map(|()| output).map_err(|_bad| ErrorCode::Internal)
    }
}

impl Default for Auth {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Password {
        Password::new(text).unwrap()
    }

    #[test]
    fn a_hash_is_of_its_password_alone_and_salted() {
        let auth = Auth::new();
        let phc = auth.hash(&password("123456")).unwrap();
        assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{phc}");
        assert_eq!(auth.verify(&password("123456"), &phc), Ok(true));
        assert_eq!(auth.verify(&password("123457"), &phc), Ok(false));
        assert_ne!(auth.hash(&password("123456")).unwrap(), phc);
        assert_eq!(auth.pretend(&password("123456")), Ok(()));
    }

    #[test]
    fn a_record_cannot_ask_for_all_memory() {
        let auth = Auth::new();
        let hash = "c2FsdHNhbHRzYWx0c2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        let greedy = format!("$argon2id$v=19$m=4000000,t=2,p=1${hash}");
        let slow = format!("$argon2id$v=19$m=19456,t=1000000,p=1${hash}");
        for bad in [greedy.as_str(), slow.as_str(), "", "$argon2id$", "123456"] {
            assert_eq!(auth.verify(&password("x"), bad), Err(ErrorCode::Internal), "{bad}");
        }
    }
}
