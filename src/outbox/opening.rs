//! What a sealed connection brings in: one object of rustls has both ciphers, and the outbox owns
//! it. Called by the session's thread.

use std::sync::Arc;

use super::{Outbox, Phase, TURN};
use crate::tls::{self, TlsError};
use crate::transport::{Opened, Opener};

/// The mutex is held for one read's worth of computing, and for sending
/// what TLS answers.
impl Opener for Arc<Outbox> {
    fn open(&self, sealed: &[u8], plain: &mut Vec<u8>) -> Opened {
        let mut inner = self.lock();
        let Some(tls) = &mut inner.tls else { return Opened::Broken };
        let opened = tls.open(sealed, plain);
        let answers = tls.is_pending() && inner.queued == 0;
        if answers && matches!(inner.phase, Phase::Open | Phase::Closing(_)) {
            if self.send(&mut inner, TURN).is_err() {
                self.lose(&mut inner);
            } else if inner.is_backlogged() {
                self.hand_over(&mut inner);
            }
        }
        match opened {
            Ok(tls::Opened::Shaking) => Opened::Shaking,
            Ok(tls::Opened::Open) => Opened::Open,
            Ok(tls::Opened::Ended) => Opened::Ended,
            Err(error) => {
                log_failure(&error);
                Opened::Broken
            }
        }
    }
}

/// Anybody can send nonsense, as often as they like.
fn log_failure(error: &TlsError) {
    log::debug!("TLS failed: {error}");
}
