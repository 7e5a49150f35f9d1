//! What lines mean.

use super::*;
use crate::protocol::Password;

fn bad(code: ErrorCode) -> Option<Command> {
    Some(Command::Bad(Refusal::of(code)))
}

fn usage(form: &str) -> Refusal {
    Refusal { detail: Some(form.to_owned()), ..Refusal::of(ErrorCode::BadRequest) }
}

fn chat(text: &str) -> Option<Command> {
    say(HERE, text).ok()
}

fn name(text: &str) -> Who {
    Who::Named(NameKey::new(text).unwrap())
}

#[test]
fn the_words_of_the_original_are_exact() {
    assert_eq!(read(b"who"), Some(Command::Who));
    assert_eq!(read(b"exit"), Some(Command::Logout));
    for text in ["Who", " who", "whoever", "exit now", "rename me"] {
        assert_eq!(read(text.as_bytes()), chat(text));
    }
    let iron_man = Command::Rename(Name::new("Iron man").unwrap());
    assert_eq!(read(b"rename|Iron man"), Some(iron_man.clone()));
    assert_eq!(read(b"rename|Iron man|x"), Some(iron_man));
    assert_eq!(read(b"rename|"), bad(ErrorCode::BadName));
}

#[test]
fn a_slash_never_reaches_the_room_unless_doubled() {
    assert_eq!(read(b"/lgoin 100 secret"), bad(ErrorCode::UnknownCommand));
    assert_eq!(read(b"  /lgoin 100 secret"), bad(ErrorCode::UnknownCommand));
    assert_eq!(read(b"/"), bad(ErrorCode::UnknownCommand));
    assert_eq!(read(b"//me waves"), chat("/me waves"));
    assert_eq!(read(b"///"), chat("//"));
}

#[test]
fn accounts_are_named_by_id_or_name() {
    let password = || Password::new("secret").unwrap();
    let login = |who| Some(Command::Login { who, password: password() });
    assert_eq!(read(b"/login 100 secret"), login(Who::Id(UserId(100))));
    assert_eq!(read(b"/LOGIN Iron  man secret"), login(name("iron man")));
    assert_eq!(read(b"  /login \"Iron man\" secret "), login(name("Iron man")));
    let form = usage("/login ID|NAME PASSWORD");
    assert_eq!(read(b"/login 100"), Some(Command::BadLogin(form)));

    let to = |who, text| say(To::One(who), text).ok();
    assert_eq!(read(b"/msg 200  hi  there "), to(Who::Id(UserId(200)), "hi  there"));
    assert_eq!(read(b"/msg tom hi"), to(name("tom"), "hi"));
    assert_eq!(read(b"/msg \"Iron man\" hi"), to(name("Iron man"), "hi"));
    for line in ["/msg", "/msg tom", "/msg \"Iron man hi", "/msg \"\" hi"] {
        let form = usage("/msg ID|NAME TEXT");
        assert_eq!(read(line.as_bytes()), Some(Command::Bad(form)), "{line}");
    }
    assert_eq!(read(b"/msg 99999999999999999999 hi"), bad(ErrorCode::UnknownUser));
}

#[test]
fn a_registration_has_an_id_a_password_and_perhaps_a_name() {
    let register = |id: Option<i64>, name: Option<&str>| {
        Some(Command::Register {
            id: id.map(UserId),
            password: Password::new("pw").unwrap(),
            name: name.map(|name| Name::new(name).unwrap()),
            code: None,
        })
    };
    assert_eq!(read(b"/register 100 pw"), register(Some(100), None));
    assert_eq!(read(b"/register 100 pw 100"), register(Some(100), None));
    assert_eq!(read(b"/register 0 pw Iron man"), register(None, Some("Iron man")));
    assert_eq!(read(b"/register 0 pw \"Iron man\""), register(None, Some("Iron man")));
    let refused = |code| Some(Command::BadRegister(Refusal::of(code)));
    assert_eq!(read(b"/register -1 pw"), refused(ErrorCode::BadId));
    assert_eq!(read(b"/register tom pw"), refused(ErrorCode::BadId));
    assert_eq!(read(b"/register 100 pw 200"), refused(ErrorCode::BadName));
    let form = usage("/register ID PASSWORD [NAME]");
    assert_eq!(read(b"/register 100"), Some(Command::BadRegister(form)));
}

#[test]
fn other_commands() {
    assert_eq!(read(b"/help me"), Some(Command::Help));
    assert_eq!(read(b"/who"), Some(Command::Who));
    assert_eq!(read(b"/who am i"), Some(Command::Bad(usage("/who"))));
    assert_eq!(read(b"/quit"), Some(Command::Logout));
    let (old, new) = (Password::new("a").unwrap(), Password::new("b").unwrap());
    assert_eq!(read(b"/passwd a b"), Some(Command::Passwd { old, new }));
    assert_eq!(read(b"/passwd a b c"), Some(Command::Bad(usage("/passwd OLD NEW"))));
}

#[test]
fn a_reason_that_cannot_be_one_is_told_as_what_it_is() {
    let long = "x".repeat(201);
    for line in ["/kick 200 ", "/ban 200 2h ", "/mute 200 ", "/reject 200 ", "/busy "] {
        let line = [line, &long].concat();
        assert_eq!(read(line.as_bytes()), bad(ErrorCode::BadNote), "{line}");
    }
}
