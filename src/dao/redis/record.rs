//! An account as the original keeps it: JSON in the hash `users`.

use super::super::{Account, Secret};
use crate::protocol::wire::User;
use crate::protocol::{Name, UserId};

/// Reads a record. The field it was found under is the account, whatever the record says.
/// `None`: no JSON of ours or the original's, or without a password.
pub(super) fn read(id: UserId, record: &[u8]) -> Option<Account> {
    let user: User = serde_json::from_slice(record).ok()?;
    let secret = match user.user_pwd {
        nothing if nothing.is_empty() => return None,
        hash if hash.starts_with("$argon2") => Secret::Hash(hash),
        clear => Secret::Clear(clear),
    };
    Some(Account { id, name: Name::stored(&user.user_name, id), secret })
}

/// Writes a record, with the original's keys in the original's order.
///
/// # Errors
/// None that is known: strings and numbers are always JSON.
pub(super) fn write(account: &Account) -> serde_json::Result<String> {
    let (Secret::Hash(secret) | Secret::Clear(secret)) = &account.secret;
    serde_json::to_string(&User {
        user_id: account.id.0,
        user_pwd: secret.clone(),
        user_name: account.name.as_str().to_owned(),
        user_status: 0,
        sex: String::new(),
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
