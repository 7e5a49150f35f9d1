//! One's account, its devices, and whom it ignores: what is asked, and what is heard of it.

use super::{Conversation, Order};
use crate::client::{Ask, Update};
use crate::protocol::wire::entry::{APPROVE, Applicants, EntryMes, REJECT};
use crate::protocol::wire::{self, IgnoreMes, Ignored, Passed, kind};
use crate::protocol::{Device, EntryAsk, MessageId, Note, RoomId, Who};

impl Conversation {
    /// Nothing else comes here.
    pub(super) fn ask_about_account(&mut self, order: &Order) {
        match order {
            Order::DeleteAccount { password, erase } => {
                let user_pwd = password.reveal().to_owned();
                self.write(kind::DELETE_ACCOUNT, &wire::DeleteAccount { user_pwd, erase: *erase });
            }
            Order::Export => self.write(kind::EXPORT, &wire::AskExport::default()),
            Order::Devices => self.write(kind::DEVICES, &wire::Empty {}),
            Order::EndDevice(device) => {
                let device = device.as_ref().map_or("", Device::as_str).to_owned();
                self.write(kind::END_DEVICE, &wire::EndDevice { device, sessions: None });
            }
            Order::Ignore { who, is_so } => {
                let off = (!is_so).then_some(true);
                let mes = match who {
                    Who::Id(id) => IgnoreMes { user_id: id.0, user_name: None, off },
                    Who::Named(key) => {
                        IgnoreMes { user_id: 0, user_name: Some(key.as_str().to_owned()), off }
                    }
                };
                self.write(kind::IGNORE, &mes);
            }
            Order::Ignored => self.write(kind::IGNORED, &wire::Empty {}),
            Order::Entry(ask) => self.ask_entry(ask),
            _ => {}
        }
    }

    /// The next page is asked for as soon as this one is here: whoever does not take it stops
    /// the reading of the socket, and so the pages.
    pub(super) fn exported(&mut self, told: wire::Exported) {
        if told.more {
            self.write(kind::EXPORT, &wire::AskExport { more: true });
        } else if !told.part {
            self.answered(Ask::Export);
        }
        self.hand_on(Update::Exported { text: told.text, more: told.more || told.part });
    }

    fn ask_entry(&mut self, ask: &EntryAsk) {
        let (act, whom, text) = match ask {
            EntryAsk::Pending => return self.write(kind::PENDING, &wire::Empty {}),
            EntryAsk::Approve(whom) => (APPROVE, whom, None),
            EntryAsk::Reject(whom, why) => (REJECT, whom, why.as_ref().map(Note::as_str)),
        };
        let (act, text) = (act.to_owned(), text.map(str::to_owned));
        let mes = EntryMes { act, whom_id: whom.0, text, ..EntryMes::default() };
        self.write(kind::ENTRY, &mes);
    }

    pub(super) fn applicants_told(&mut self, told: Applicants) {
        if !told.more {
            self.answered(Ask::Entry);
        }
        self.hand_on(Update::Applicants(told));
    }

    /// What oneself has decided is told as what others have.
    pub(super) fn entry_told(&mut self, mes: EntryMes) {
        if mes.user_id.is_some() && mes.user_id == self.account.me.map(|me| me.0) {
            self.answered(Ask::Entry);
        }
        self.hand_on(Update::Entry(mes));
    }

    pub(super) fn ignoring_told(&mut self, mes: IgnoreMes) {
        self.answered(Ask::Ignore);
        self.hand_on(Update::Ignoring(mes));
    }

    pub(super) fn ignored_told(&mut self, told: Ignored) {
        if !told.more {
            self.answered(Ask::Ignore);
        }
        self.hand_on(Update::Ignored(told));
    }

    /// What is left out has its place among what is said, and counts as taken with what came
    /// before it.
    pub(super) fn passed(&mut self, passed: &Passed) {
        if let Some(room) = RoomId::parse(&passed.room).filter(|_| self.listens()) {
            self.positions.take(room, MessageId(passed.up_to), self.n_updates);
        }
    }
}
