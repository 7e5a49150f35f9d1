//! Our frames: the extended dialect, in which one comes back by token and every send is
//! acknowledged; the course's; and newcomers, who make accounts and get tokens.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::rc::Rc;

use serde_json::Value;

use super::{Dialect, Entry, Who};
use crate::scan::Framing;
use crate::stamp::Stamp;

/// Of every account that is made here.
const PASSWORD: &str = "yardstick";

/// The device of all of them: it says itself what it has.
const HELLO: &str = r#"{\"version\":1,\"client\":\"yardstick\",\"device\":\"yard\",\"frameLimit\":65536,\"features\":[\"received\"]}"#;

pub(super) struct Frames {
    says_hello: bool,
}

impl Frames {
    pub(super) fn extended() -> Self {
        Self { says_hello: true }
    }

    pub(super) fn course() -> Self {
        Self { says_hello: false }
    }

    fn text(&self, kind: &str, to: Option<u64>, (stamp, size): (Stamp, usize), out: &mut Vec<u8>) {
        let start = out.len();
        let head =
            r#"\",\"userId\":0,\"userPwd\":\"\",\"userName\":\"\",\"userStatus\":0,\"sex\":\"\""#;
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(format!(r#"{{"type":"{kind}","data":"{{\"content\":\""#).as_bytes());
        stamp.write_text(size, out);
        out.extend_from_slice(head.as_bytes());
        if let Some(to) = to {
            out.extend_from_slice(format!(r#",\"toUserId\":{to}"#).as_bytes());
        }
        if self.says_hello {
            out.extend_from_slice(br#",\"clientRef\":\""#);
            stamp.write_digits(out);
            out.extend_from_slice(br#"\""#);
        }
        out.extend_from_slice(br#"}"}"#);
        set_length(out, start);
    }
}

impl Dialect for Frames {
    fn framing(&self) -> Framing {
        Framing::Frames
    }

    fn begin(&mut self, who: &Who, out: &mut Vec<u8>) -> Entry {
        if self.says_hello {
            frame("HelloMes", HELLO, out);
        }
        match (&who.token, self.says_hello) {
            (Some(token), true) => {
                frame("ResumeMes", &format!(r#"{{\"token\":\"{token}\"}}"#), out);
            }
            _ => log_in(who, out),
        }
        Entry::Wait
    }

    fn enter(&mut self, _who: &Who, unit: &[u8], _out: &mut Vec<u8>) -> Entry {
        match read(unit) {
            Some((kind, data)) if kind == "LoginResMes" => login_result(&data),
            Some((kind, data)) if kind == "ErrorMes" => refused(&data),
            Some(_) => Entry::Wait,
            None => Entry::Refused("sent what is no frame".to_owned()),
        }
    }

    fn to_room(&self, _who: &Who, stamp: Stamp, size: usize, out: &mut Vec<u8>) {
        self.text("SmsMes", None, (stamp, size), out);
    }

    fn to_one(&self, pair: (&Who, &Who), stamp: Stamp, size: usize, out: &mut Vec<u8>) {
        self.text("SmsPrivateMes", Some(pair.1.id), (stamp, size), out);
    }

    fn received(&self, up_to: u64, out: &mut Vec<u8>) {
        if self.says_hello {
            let data = format!(r#"{{\"room\":\"lobby\",\"upTo\":{up_to}}}"#);
            frame("ReceivedMes", &data, out);
        }
    }

    fn acknowledges(&self) -> bool {
        self.says_hello
    }

    // A password costs the server a core for 12 ms; more at once only wait.
    fn n_at_once(&self) -> usize {
        if self.says_hello { 64 } else { 4 }
    }
}

/// People who make an account, log in, and keep the token they are given.
#[derive(Debug, Default)]
pub struct Newcomers {
    tokens: Tokens,
}

/// Ids and tokens, in the order in which they came.
pub type Tokens = Rc<RefCell<Vec<(u64, String)>>>;

impl Newcomers {
    /// What they are given.
    pub fn tokens(&self) -> Tokens {
        Rc::clone(&self.tokens)
    }
}

impl Dialect for Newcomers {
    fn framing(&self) -> Framing {
        Framing::Frames
    }

    fn begin(&mut self, who: &Who, out: &mut Vec<u8>) -> Entry {
        frame("HelloMes", HELLO, out);
        let (id, name) = (who.id, format!("y{}", who.id));
        let mut user = String::new();
        write!(user, r#"{{\"user\":{{\"userId\":{id},\"userPwd\":\"{PASSWORD}\","#).ok();
        write!(user, r#"\"userName\":\"{name}\",\"userStatus\":0,\"sex\":\"\"}}}}"#).ok();
        frame("RegisterMes", &user, out);
        Entry::Wait
    }

    fn enter(&mut self, who: &Who, unit: &[u8], out: &mut Vec<u8>) -> Entry {
        let Some((kind, data)) = read(unit) else {
            return Entry::Refused("sent what is no frame".to_owned());
        };
        match kind.as_str() {
            "RegisterResMes" if data["code"] == 200 || data["errorCode"] == "id_taken" => {
                log_in(who, out);
                Entry::Wait
            }
            "RegisterResMes" | "ErrorMes" => refused(&data),
            "LoginResMes" if data["code"] == 200 => Entry::Wait,
            "LoginResMes" => refused(&data),
            "TokenMes" => {
                let token = data["token"].as_str().unwrap_or_default().to_owned();
                self.tokens.borrow_mut().push((who.id, token));
                Entry::In
            }
            _ => Entry::Wait,
        }
    }

    fn to_room(&self, _who: &Who, _stamp: Stamp, _size: usize, _out: &mut Vec<u8>) {}

    fn to_one(&self, _pair: (&Who, &Who), _stamp: Stamp, _size: usize, _out: &mut Vec<u8>) {}

    fn n_at_once(&self) -> usize {
        4
    }
}

fn log_in(who: &Who, out: &mut Vec<u8>) {
    let id = who.id;
    let data = format!(r#"{{\"userId\":{id},\"userPwd\":\"{PASSWORD}\",\"userName\":\"\"}}"#);
    frame("LoginMes", &data, out);
}

fn login_result(data: &Value) -> Entry {
    if data["code"] == 200 { Entry::In } else { refused(data) }
}

/// What can be tried again, and what not.
fn refused(data: &Value) -> Entry {
    let code = data["errorCode"].as_str().or(data["code"].as_str()).unwrap_or_default();
    match code {
        "busy" | "throttled" | "store_unavailable" => Entry::Later,
        _ => Entry::Refused(format!("{code}: {}", data["error"])),
    }
}

/// `data` is JSON with its quotes escaped already.
fn frame(kind: &str, data: &str, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(format!(r#"{{"type":"{kind}","data":"{data}"}}"#).as_bytes());
    set_length(out, start);
}

fn set_length(out: &mut [u8], start: usize) {
    let length = u32::try_from(out.len() - start - 4).unwrap_or(u32::MAX);
    out[start..start + 4].copy_from_slice(&length.to_be_bytes());
}

fn read(body: &[u8]) -> Option<(String, Value)> {
    let outer: Value = serde_json::from_slice(body).ok()?;
    let data = serde_json::from_str(outer["data"].as_str()?).ok()?;
    Some((outer["type"].as_str()?.to_owned(), data))
}
