//! An account as the original keeps it: JSON in the hash `users`; and the small records of our
//! own.

use redis::streams::StreamId;

use super::super::{Account, PeerMarks, Receipts, Secret, Token};
use crate::protocol::wire::User;
use crate::protocol::{
    About, Device, Message, MessageId, Millis, Name, Reference, RoomId, Text, UserId, What,
};

/// Reads a record. The field it was found under is the account, whatever the record says.
/// `None`: no JSON of ours or the original's, or without a password.
pub(super) fn read(id: UserId, record: &[u8]) -> Option<Account> {
    let user: User = serde_json::from_slice(record).ok()?;
    if user.user_pwd.is_empty() {
        return None;
    }
    let secret = Secret::stored(user.user_pwd);
    Some(Account { id, name: Name::stored(&user.user_name, id), secret })
}

/// Writes a record, with the original's keys in the original's order.
///
/// # Errors
/// None that is known: strings and numbers are always JSON.
pub(super) fn write(account: &Account) -> serde_json::Result<String> {
    serde_json::to_string(&User {
        user_id: account.id.0,
        user_pwd: account.secret.as_stored().to_owned(),
        user_name: account.name.as_str().to_owned(),
        user_status: 0,
        sex: String::new(),
    })
}

/// What others may see of an account's progress.
pub(super) fn receipts(receipts: Receipts) -> String {
    [receipts.delivered, receipts.read].map(|shown| if shown { '1' } else { '0' }).iter().collect()
}

/// Reads what [`receipts`] wrote; nothing else is anything but the default.
pub(super) fn read_receipts(record: Option<&str>) -> Receipts {
    let mut shown = record.unwrap_or_default().bytes().map(|digit| digit != b'0');
    Receipts { delivered: shown.next().unwrap_or(true), read: shown.next().unwrap_or(true) }
}

/// Writes what a token stands for.
pub(super) fn token(token: &Token) -> String {
    let device = token.device.as_ref().map_or("", Device::as_str);
    format!("{} {} {device}", token.account, token.expires.0)
}

/// Reads what a token stands for, as append.lua writes it too.
pub(super) fn read_token(record: &str) -> Option<Token> {
    let (account, rest) = record.split_once(' ')?;
    let (expires, device) = rest.split_once(' ')?;
    let device = match device {
        "" => None,
        name => Some(Device::new(name)?),
    };
    let (account, expires) = (UserId(account.parse().ok()?), Millis(expires.parse().ok()?));
    Some(Token { account, device, expires })
}

/// What others may see of an account in a room: what it shows, its cursor, its mark.
pub(super) fn seen([receipts, delivered, read]: &[Option<String>; 3]) -> PeerMarks {
    let shown = read_receipts(receipts.as_deref());
    let id = |id: &Option<String>, is_shown: bool| {
        let id = id.as_deref().filter(|_| is_shown).and_then(|id| id.parse().ok());
        MessageId(id.unwrap_or_default())
    };
    PeerMarks { delivered: id(delivered, shown.delivered), read: id(read, shown.read) }
}

pub(super) fn message_id(entry: &StreamId) -> Option<MessageId> {
    let (id, _) = entry.id.split_once('-')?;
    Some(MessageId(id.parse().ok()?))
}

pub(super) fn message(room: RoomId, entry: &StreamId) -> Option<Message> {
    // We write `ID-0`; beside it anything may be put by hand.
    let (id, "0") = entry.id.split_once('-')? else { return None };
    let about = match entry.get::<String>("what") {
        Some(what) => {
            let id = MessageId(entry.get("about")?);
            Some(About { id, what: What::from_name(&what)? })
        }
        None => None,
    };
    Some(Message {
        id: MessageId(id.parse().ok()?),
        room,
        sender: UserId(entry.get("sender")?),
        name: entry.get::<String>("name")?.into(),
        time: Millis(entry.get("time")?),
        text: Text::stored(about.map(|about| about.what), &entry.get::<String>("text")?).ok()?,
        reference: Reference::new(&entry.get::<String>("ref")?)?,
        about,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_read_as_the_course_writes_them_and_written_in_its_key_order() {
        let tom = br#"{"userId":100,"userPwd":"123456","userName":"tom","userStatus":0,"sex":""}"#;
        let account = read(UserId(100), tom).unwrap();
        assert_eq!(account.secret, Secret::Clear("123456".to_owned()));
        assert_eq!(write(&account).unwrap().as_bytes(), tom);
    }

    #[test]
    fn a_record_by_hand_may_lack_all_but_the_password() {
        let account = read(UserId(7), br#"{"userPwd":"$argon2id$x","age":[[3]]}"#).unwrap();
        assert_eq!(account.name.as_str(), "7");
        assert_eq!(account.secret, Secret::Hash("$argon2id$x".to_owned()));
        for bad in
            ["", "7", "{}", r#"{"userPwd":""}"#, r#"{"userPwd":1}"#, "\u{0}", &"[".repeat(9000)]
        {
            assert!(read(UserId(7), bad.as_bytes()).is_none(), "{bad}");
        }
        assert!(read(UserId(7), b"\xff\xfe").is_none());
    }
}
