//! What people say and how they log in is nobody's business: not the log's either.

use crate::support::peers::{Course, Extended, Line, frame};
use crate::support::server::Server;
use crate::support::wire::Wire;

#[test]
fn no_password_and_no_text_is_in_the_log() {
    let server = Server::start_on_disk();
    let mut course = Course::connect(server.frames());
    course.register(100, "Zahnbürste-1", "tom");
    course.log_in(100, "Zahnbürste-falsch");
    course.next("a refusal");
    course.log_in(100, "Zahnbürste-1");
    course.next("the answer to the login");
    course.say(100, "Zahnbürste-text");
    let mut line = Line::enter(server.lines());
    for typed in [
        "/register 200 Zahnbürste-2 jerry",
        "/login 200 Zahnbürste-verkehrt",
        "/login 200 Zahnbürste-2",
        "/passwd Zahnbürste-2 Zahnbürste-3",
        "/passwd Zahnbürste-2",
        "/login Zahnbürste-4",
        "/msg 100 Zahnbürste-msg",
        "/nonsense Zahnbürste-nonsense",
    ] {
        line.say(typed);
    }
    while course.next("a private text").0 != "SmsPrivateMes" {}
    course.tell(100, 200, "Zahnbürste-privat");
    while !line.next("a private text").ends_with("Zahnbürste-privat") {}
    let mut extended = Extended::connect(server.frames(), "laptop");
    extended.log_in(100, "Zahnbürste-1");
    let passwd = r#"{"oldPwd":"Zahnbürste-1","newPwd":"Zahnbürste-5"}"#;
    extended.send("PasswdMes", passwd);
    while extended.next("the answer").0 != "PasswdResMes" {}
    // Cut in the midst, and nothing that can be read.
    for bytes in [
        &frame("LoginMes", "{\"userId\":100,\"userPwd\":\"Zahnbürste-6\"")[..],
        "\0\0\0\x20{\"type\":\"Zahnbürste\"".as_bytes(),
        "\0\0\0\x10Zahnbürste-Zahnbürste".as_bytes(),
        "GET /Zahnbürste HTTP/1.1\r\n\r\n".as_bytes(),
    ] {
        let mut wire = Wire::connect(server.any());
        wire.send(bytes);
        wire.half_close();
        wire.drain();
    }
    server.ask_to_stop();
    course.wire.drain();
    let log = server.log();
    assert!(log.contains("DEBUG"), "it is not the log that says most");
    for secret in ["Zahnb", "argon2"] {
        let shown: Vec<_> = log.lines().filter(|line| line.contains(secret)).collect();
        assert!(shown.is_empty(), "{shown:#?}");
    }
}
