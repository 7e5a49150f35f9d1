//! What has happened, in words of the catalogue ([`crate::texts`]). What the system, the server
//! and other people say is cleaned by whoever shows it.

use super::{Changed, Doing, Lost, Reason, Said, TlsError};
use crate::protocol::{ErrorCode, Farewell, Refusal, What};
use crate::texts::client::Fixed;
use crate::texts::{self, Lang};

/// Why there is no connection.
pub fn lost(why: &Lost, lang: Lang) -> String {
    let fixed = match why {
        Lost::NotThere(words) | Lost::Broken(words) => return words.clone(),
        Lost::Insecure(error) => return insecure(error, lang),
        Lost::Told(_) if why.farewell() == Some(Farewell::TlsNeeded) => Fixed::NeedsTls,
        Lost::Told(told) => {
            let known = why.farewell().map(|why| texts::farewell(why, lang).to_owned());
            return known.unwrap_or_else(|| reason(told, lang));
        }
        Lost::Closed => Fixed::ServerClosed,
        Lost::Silent => Fixed::ServerSilent,
        Lost::Stuck => Fixed::ServerStuck,
        Lost::Garbled => Fixed::NoServer,
    };
    fixed.text(lang).to_owned()
}

/// Why TLS does not work out.
pub fn insecure(error: &TlsError, lang: Lang) -> String {
    match error {
        TlsError::Changed(changed) => changed.text(lang),
        _ => error.to_string(),
    }
}

/// Why the server refused. It speaks English, and then says more than its code does: which ids
/// share a name, for instance.
pub fn reason(reason: &Reason, lang: Lang) -> String {
    worded(reason, lang, texts::error)
}

/// The same for a refused login or registration.
pub fn entry_reason(reason: &Reason, lang: Lang) -> String {
    match (reason.known(), &reason.detail) {
        (Some(code @ ErrorCode::NotLetIn), Some(_)) => {
            let detail = reason.detail.clone();
            texts::entry_refusal(&Refusal { detail, ..Refusal::of(code) }, lang)
        }
        _ => worded(reason, lang, texts::entry_error),
    }
}

fn worded(reason: &Reason, lang: Lang, error: fn(ErrorCode, Lang) -> &'static str) -> String {
    let said = Some(&reason.text).filter(|text| !text.is_empty());
    let words = match (reason.known(), said) {
        (Some(code @ ErrorCode::NameShared), Some(text)) if lang != Lang::En => {
            format!("{} ({text})", error(code, lang))
        }
        (_, Some(text)) if lang == Lang::En => text.clone(),
        (Some(code), _) => error(code, lang).to_owned(),
        (None, text) => text.unwrap_or(&reason.code).clone(),
    };
    match &reason.detail {
        Some(detail) => format!("{words} ({detail})"),
        None => words,
    }
}

/// What somebody did to a message; the name is harmless already, a text may hold anything.
pub fn changed(changed: &Changed, name: &str, lang: Lang) -> String {
    let (what, text) = match &changed.what {
        Doing::Edit(text) => (What::Edit, text.as_str()),
        Doing::Delete => (What::Delete, ""),
        Doing::React(emoji) => (What::React, emoji.as_str()),
        Doing::Unreact(emoji) => (What::Unreact, emoji.as_str()),
    };
    texts::did((name, changed.about, text), what, lang)
}

/// What has become of a message of a page, behind its time.
pub fn state(said: &Said, lang: Lang) -> String {
    let state = texts::state(said.is_deleted, said.edited.is_some(), lang);
    state.map_or(String::new(), |state| format!("{}{state}", Fixed::Also.text(lang)))
}
