//! What the model says of an account's devices, and how far they and it are.

use std::collections::BTreeSet;

use hubbub::dao::{Marks, PeerMarks, Receipts};
use hubbub::protocol::{Device, MessageId, Millis, OwnDevice, RoomId, UserId};

use super::Model;
use crate::stores::device;

impl Model {
    pub(super) fn devices(&self, account: i64) -> Vec<OwnDevice> {
        let known = self.devices.iter().filter(|(id, _)| *id == account);
        let known = known.map(|(_, name)| Some(device(name)));
        let with_token = self.tokens.iter().filter(|(_, token)| token.account.0 == account);
        let names: BTreeSet<_> =
            known.chain(with_token.map(|(_, token)| token.device.clone())).collect();
        let own = |name: Option<Device>| {
            let is_it = |its: &str| name.as_ref().is_some_and(|name| name.as_str() == its);
            let seen = || self.seen.iter().filter(|(id, its, _)| *id == account && is_it(its));
            let tokens = self.tokens.iter().map(|(_, token)| token);
            let tokens = tokens.filter(|t| t.account.0 == account && t.device == name);
            OwnDevice {
                since: Millis(seen().next().map_or(0, |(.., time)| *time)),
                used: Millis(seen().next_back().map_or(0, |(.., time)| *time)),
                token_until: tokens.map(|token| token.expires).max().unwrap_or_default(),
                name: name.clone(),
                ..OwnDevice::default()
            }
        };
        let mut devices: Vec<_> = names.into_iter().map(own).collect();
        OwnDevice::in_order(&mut devices);
        devices
    }

    pub(super) fn receipts(&self, account: i64) -> Receipts {
        let said = self.receipts.iter().rev().find(|(id, _)| *id == account && self.has(account));
        said.map(|(_, receipts)| *receipts).unwrap_or_default()
    }

    pub(super) fn marks(&self, account: i64) -> Vec<Marks> {
        let read = |account, room| {
            let marks = self.reads.iter().filter(|(id, its, _)| (*id, *its) == (account, room));
            marks.map(|(.., id)| *id).max().unwrap_or(0)
        };
        let taken = |account, room| {
            let marks =
                self.cursors.iter().filter(|(id, _, its, _)| (*id, *its) == (account, room));
            marks.map(|(.., id)| *id).max().unwrap_or(0)
        };
        let lobby = std::iter::once((account, RoomId::Lobby, 0));
        let rooms = lobby.chain(self.members.iter().copied().filter(|(id, ..)| *id == account));
        let mut marks: Vec<_> = rooms
            .map(|(_, room, since)| {
                let peer = room.other(UserId(account)).map(|UserId(peer)| PeerMarks {
                    delivered: MessageId(if self.receipts(peer).delivered {
                        taken(peer, room)
                    } else {
                        0
                    }),
                    read: MessageId(if self.receipts(peer).read { read(peer, room) } else { 0 }),
                });
                Marks { room, read: MessageId(read(account, room).max(since)), peer }
            })
            .collect();
        marks.sort_unstable_by_key(|marks| marks.room);
        marks
    }

    pub(super) fn at(&self, account: i64, name: Option<&str>) -> Vec<(String, u64)> {
        let known = name.filter(|name| self.devices.contains(&(account, (*name).into())));
        let name = known.unwrap_or("");
        let lobby = std::iter::once((account, RoomId::Lobby, 0));
        let mut rooms: Vec<_> = lobby
            .chain(self.members.iter().copied().filter(|(id, ..)| *id == account))
            .map(|(_, room, since)| {
                let taken = self.cursors.iter().filter(|(id, its, taken, _)| {
                    (*id, its.as_str(), *taken) == (account, name, room)
                });
                (room, taken.map(|(.., id)| *id).max().unwrap_or(0).max(since))
            })
            .collect();
        rooms.sort_unstable();
        rooms.into_iter().map(|(room, id)| (room.to_string(), id)).collect()
    }
}
