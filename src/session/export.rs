//! What is one's own, page by page, read in the session's own thread: the one who asks waits for
//! the store, and nobody else. The next page is read when it is asked for.

use std::time::Duration;

use super::asking::refusal_of;
use super::{End, Session};
use crate::clock;
use crate::dao::own::Own;
use crate::protocol::{ErrorCode, Event, Refusal};

/// Bytes of lines in one page; the last line may go beyond it.
const PAGE: usize = 64 * 1024;

/// A page that takes longer ends where it is: others may have said a million things between.
const TIME: Duration = Duration::from_millis(500);

impl Session<'_> {
    /// Begins, or goes on where it was.
    pub(super) fn export(&mut self, goes_on: bool) -> Result<(), End> {
        match self.next_page(goes_on) {
            Ok(page) => {
                let mut bytes = Vec::new();
                (self.dialect.encode)(&page, &mut bytes);
                // It counts as nothing that was taken: there are no marks with it.
                self.send_page(&mut bytes, &mut Vec::new())
            }
            Err(refusal) => {
                self.tell(&Event::Refused(refusal));
                Ok(())
            }
        }
    }

    fn next_page(&mut self, goes_on: bool) -> Result<Event, Refusal> {
        let me = self.account().ok_or_else(|| Refusal::of(ErrorCode::NotLoggedIn))?;
        // Who cannot be told anything else is told at least that.
        if self.hello.is_none() {
            return Err(Refusal::of(ErrorCode::ClientNeeded));
        }
        let store = &*self.host.store;
        let own = match self.own.take() {
            Some(own) if goes_on => Ok(own),
            None if goes_on => return Err(Refusal::of(ErrorCode::BadRequest)),
            _ if !self.host.exports.take(&me, clock::now()) => {
                log::warn!("{me} exports too often");
                return Err(Refusal::of(ErrorCode::Throttled));
            }
            _ => Own::begin(store, me).map(Box::new),
        };
        let mut own = own.map_err(|error| refusal_of(&error))?;
        let by = Some(clock::now() + TIME);
        let piece = match own.next(store, (PAGE, by)) {
            Ok(piece) => piece,
            Err(error) => {
                // It goes on from here when the store is back.
                self.own = Some(own);
                return Err(refusal_of(&error));
            }
        };
        let more = piece.records.is_none();
        self.own = more.then_some(own);
        let text = String::from_utf8(piece.lines);
        let text = text.map_err(|_not_text| Refusal::of(ErrorCode::Internal))?;
        Ok(Event::Exported { text: text.into(), more })
    }
}
