//! How a connection begins: TLS if it is wanted, then the language, told by the first bytes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Connection, Host, ending};
use crate::clock;
use crate::envelope::Bytes;
use crate::front::{self, Front, Sniff, Speech};
use crate::outbox::FAREWELL_TIME;
use crate::protocol::{Event, Farewell};
use crate::tls;
use crate::transport::Heard;

/// Silence after which a connection is taken for a person at a line.
const SNIFF_TIME: Duration = Duration::from_secs(1);

/// Bytes after which a language must have been told.
const SNIFF_BYTES: usize = 64;

/// From the first byte, or where only TLS is spoken from the beginning, to the end of the
/// handshake: some round trips, and the computing of both ends.
const SHAKE_TIME: Duration = Duration::from_secs(10);

/// Bytes that a client may need for a handshake. Without a certificate of its own it needs some
/// hundred; a hello with the new, large keys has 1.8 KiB.
const SHAKE_BYTES: usize = 32 * 1024;

/// How a port stands to TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// Who asks for it is refused.
    None,
    /// Who begins with it has it, and who does not is served in clear.
    Offered,
    /// Who begins without it is told so and closed.
    Needed,
    /// It is spoken from the first byte on, and nothing is told by that.
    Always,
}

/// What the first bytes told.
enum Told {
    Front(&'static Front),
    Tls,
    Refuse(&'static [u8]),
}

/// Brings a connection to where it speaks a language: that, and what was read of it. `None`: it
/// is over. Blocks on the peer's first bytes, with a deadline.
pub(super) fn open(host: &Host, conn: &mut Connection) -> Option<(&'static Front, Vec<u8>)> {
    let now = clock::now();
    if conn.encryption == Encryption::Always {
        shake_hands(host, conn, &[], now + SHAKE_TIME)?;
    }
    if let Some(front) = conn.front {
        return Some((front, Vec::new()));
    }
    // Where nobody is greeted in clear there is no hurry to greet.
    let patience = if conn.encryption == Encryption::Needed { SHAKE_TIME } else { SNIFF_TIME };
    let (mut told, mut first) = listen(conn, clock::now() + patience)?;
    if matches!(told, Told::Tls)
        && matches!(conn.encryption, Encryption::Offered | Encryption::Needed)
    {
        shake_hands(host, conn, &first, now + patience + SHAKE_TIME)?;
        (told, first) = listen(conn, clock::now() + SNIFF_TIME)?;
    }
    match told {
        Told::Front(front) if conn.encryption == Encryption::Needed => {
            let dialect = (front.dialect)(Speech { lang: host.policy.lang, ..Speech::default() });
            conn.outbox.set_cut(dialect.cut);
            part(conn, &dialect.bytes(&Event::Farewell(Farewell::TlsNeeded)))
        }
        Told::Front(front) => Some((front, first)),
        Told::Tls => part(conn, &tls::NO_TLS.into()),
        Told::Refuse(words) => part(conn, &words.into()),
    }
}

/// Waits for the first bytes and tells by them. What was read comes with it.
fn listen(conn: &mut Connection, deadline: Instant) -> Option<(Told, Vec<u8>)> {
    let mut first = Vec::new();
    loop {
        let patience = deadline.saturating_duration_since(clock::now());
        match conn.reader.hear(Some(patience)) {
            Heard::Bytes(_) => {
                let bytes = conn.reader.take();
                first.extend_from_slice(&bytes);
                conn.reader.restore(bytes);
            }
            Heard::Silence => return Some((Told::Front(front::silent()), first)),
            Heard::End | Heard::Unfinished | Heard::Broken => return None,
        }
        match front::sniff(&first) {
            Sniff::Front(front) => return Some((Told::Front(front), first)),
            Sniff::Tls => return Some((Told::Tls, first)),
            Sniff::More if first.len() < SNIFF_BYTES && clock::now() < deadline => {}
            Sniff::More => return Some((Told::Front(front::silent()), first)),
            Sniff::Refuse(words) => return Some((Told::Refuse(words), first)),
            Sniff::Unknown => return None,
        }
    }
}

/// The handshake, in the connection's own thread. After it the connection has all the TLS that
/// it can have.
fn shake_hands(host: &Host, conn: &mut Connection, first: &[u8], by: Instant) -> Option<()> {
    let channel = match host.tls.as_ref()?.channel() {
        Ok(channel) => channel,
        Err(error) => {
            log::warn!("no TLS for {}: {error}", conn.peer);
            return None;
        }
    };
    conn.outbox.seal(channel);
    let opener = Box::new(Arc::clone(&conn.outbox));
    conn.encryption = Encryption::None;
    if conn.reader.shake_hands(opener, first, by, SHAKE_BYTES) {
        return Some(());
    }
    log::debug!("{} did not finish its handshake", conn.peer);
    part(conn, &[].into())
}

/// The last word to who will not be served.
fn part<T>(conn: &mut Connection, words: &Bytes) -> Option<T> {
    conn.outbox.finish(words);
    // Closing with bytes unread would send a reset that can overtake the answer.
    ending::hears_end(&mut conn.reader, clock::now() + FAREWELL_TIME);
    None
}
