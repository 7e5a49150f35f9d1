//! In a room, by those who keep order there.

use serde_json::json;

use super::{ask_about, expect_about};
use crate::rooms::frames;
use crate::rooms::lines::{JOIN_HINT, come, until};
use crate::rooms::on_every_store;
use crate::support::peers::{Extended, Line};

#[test]
fn at_a_terminal_each_is_told_clearly() {
    on_every_store(|server| {
        let mut tom = come(server, 100, "tom");
        let mut ann = come(server, 300, "ann");
        until(&mut tom, &format!("[{}]ann: login!!!", ann.me()));
        tom.say("/create hall");
        until(&mut tom, "* what you type goes to #hall now");
        ann.say("/join hall");
        until(&mut ann, "* what you type goes to #hall now");
        tom.expect("* #hall: ann joined");
        ann.ask("/mute tom", &["* you may not do this in this room"]);
        ann.ask("/bans", &["* you may not do this in this room"]);

        let muted = ("* #hall: ann (300) is muted until 20", " UTC: too loud (tom)");
        ask_about(&mut tom, "/mute ann 1h too loud", muted);
        expect_about(&mut ann, muted);
        let told = ("* not sent: you may not speak here: until 20", " UTC; too loud");
        ask_about(&mut ann, "hello?", told);
        let freed = "* #hall: ann (300) may speak again (tom)";
        tom.ask("/unmute 300", &[freed]);
        ann.expect(freed);
        let hello = format!("[#hall {}]ann: hello!", ann.me());
        ann.ask("hello!", &[&hello]);
        tom.expect(&hello);

        let slow = "* #hall: everybody: one message in 600 s (tom)";
        tom.ask("/slow 600", &[slow]);
        ann.expect(slow);
        let one = format!("[#hall {}]ann: one", ann.me());
        ann.ask("one", &[&one]);
        tom.expect(&one);
        ask_about(&mut ann, "two", ("* not sent: slow mode is on: wait ", " s"));
        for text in ["who keeps order", "is not slowed"] {
            let said = format!("[#hall {}]tom: {text}", tom.me());
            tom.ask(text, &[&said]);
            ann.expect(&said);
        }
        let fast = "* #hall: slow mode is off for everybody (tom)";
        tom.ask("/slow 0", &[fast]);
        ann.expect(fast);
        tom.ask("/slow 0", &["* nobody is banned, muted or slowed so"]);

        let banned = ("* #hall: ann (300) is banned until 20", " UTC: spam (tom)");
        ask_about(&mut tom, "/ban ann 2h spam", banned);
        expect_about(&mut ann, banned);
        ann.ask("hello?", &["* you are not in this room", JOIN_HINT]);
        ask_about(&mut ann, "/join hall", ("* you are kept out: until 20", " UTC; spam"));
        ann.ask("/history", &["* you are not in this room", JOIN_HINT]);
        ask_about(&mut tom, "/bans", ("* #hall: 300 is banned until 20", " UTC: spam (tom)"));
        tom.ask("/members", &["* members of #hall:", "* tom (100): owner, online"]);
        tom.ask("/unban ann", &["* #hall: ann (300) may come in again (tom)"]);
        ann.expect("* #hall: ann (300) may come in again (tom)");
        ann.say("/join hall");
        while ann.next("she is back") != "* what you type goes to #hall now" {}
        tom.expect("* #hall: ann joined");
    });
}

#[test]
fn patterns_put_out_who_is_called_so_and_keep_them_out() {
    on_every_store(|server| {
        let mut tom = come(server, 100, "tom");
        tom.say("/create hall");
        until(&mut tom, "* what you type goes to #hall now");
        let mut guest = Line::enter(server.lines());
        until(&mut tom, &guest.notice("login!!!"));
        guest.ask("rename|Spammy", &["rename successful!!"]);
        guest.say("/join hall");
        until(&mut guest, "* what you type goes to #hall now");
        tom.expect("* #hall: Spammy joined");
        let told =
            ["* #hall: spam* is banned, without an end (tom)", "* #hall: tom put Spammy out"];
        tom.ask("/ban Spam*", &told);
        guest.expect(told[0]);
        guest.expect(told[1]);
        guest.ask("/join hall", &["* you are kept out"]);
        // By another name they may, and not by the first again.
        guest.ask("rename|sam", &["rename successful!!"]);
        guest.say("/join hall");
        until(&mut guest, "* what you type goes to #hall now");
        tom.expect("* #hall: sam joined");
        guest.ask("rename|spam again", &["rename successful!!"]);
        guest.expect("* #hall: tom put spam again out");
        tom.expect("* #hall: tom put spam again out");
    });
}

#[test]
fn who_was_banned_while_away_is_out_and_hears_nothing_more_of_it() {
    on_every_store(|server| {
        let mut tom = Extended::enter(server.frames(), (100, "tom"), "laptop");
        let mut ann = Extended::enter(server.frames(), (300, "ann"), "laptop");
        let room = frames::create(&mut tom, "hall");
        frames::ask(&mut ann, &json!({"act": "join", "room": room}));
        frames::until(&mut ann, "RoomMes");
        let address = ann.course.wire.address();
        ann.course.wire.close();
        server.forget(address);
        frames::say(&mut tom, &room, "said while she is away");
        frames::until(&mut tom, "AckMes");
        // In person, and by a pattern that nobody online fits.
        frames::ask(&mut tom, &json!({"act": "ban", "room": room, "against": "an?", "text": "x"}));
        let told = loop {
            let told = frames::until(&mut tom, "RoomMes");
            if told["act"] == "ban" {
                break told;
            }
        };
        assert_eq!((&told["against"], &told["text"]), (&json!("an?"), &json!("x")));
        let mut ann = Extended::come_back(server.frames(), 300, "laptop");
        ann.send("HistoryMes", &json!({"room": room}).to_string());
        // Nothing of what she missed comes before.
        loop {
            let (kind, data) = ann.next("the refusal");
            assert_ne!(kind, "SmsMes", "{data}");
            assert_ne!(kind, "HistoryResMes", "{data}");
            if kind == "ErrorMes" {
                assert_eq!(data["code"], "not_member");
                break;
            }
        }
        frames::ask(&mut ann, &json!({"act": "join", "room": room}));
        let refused = frames::until(&mut ann, "ErrorMes");
        assert_eq!((&refused["code"], &refused["detail"]), (&json!("banned"), &json!("x")));
        // Those in the room are told when it hits her.
        let told = frames::until(&mut tom, "RoomMes");
        assert_eq!((&told["act"], &told["whomId"]), (&json!("kick"), &json!(300)));
        tom.send("SanctionsMes", &json!({"room": room}).to_string());
        let listed = frames::until(&mut tom, "SanctionsResMes");
        assert_eq!(listed["sanctions"][0]["against"], "an?");
        frames::ask(&mut tom, &json!({"act": "unban", "room": room, "against": "an?"}));
        frames::until(&mut tom, "RoomMes");
        frames::ask(&mut ann, &json!({"act": "join", "room": room}));
        let entered = frames::until(&mut ann, "RoomMes");
        assert_eq!(entered["act"], "entered");
    });
}

#[test]
fn what_holds_outlives_a_kill() {
    let mut server = crate::support::server::Server::start_on_disk();
    let mut tom = Extended::enter(server.frames(), (100, "tom"), "laptop");
    let mut ann = Extended::enter(server.frames(), (300, "ann"), "laptop");
    let room = frames::create(&mut tom, "hall");
    frames::ask(&mut ann, &json!({"act": "join", "room": room}));
    frames::until(&mut ann, "RoomMes");
    frames::ask(&mut tom, &json!({"act": "mute", "room": room, "whomId": 300, "text": "x"}));
    frames::until(&mut ann, "RoomMes");
    server.kill_and_start_again();
    let mut ann = Extended::come_back(server.frames(), 300, "laptop");
    frames::say(&mut ann, &room, "still-muted");
    let refused = loop {
        let (kind, data) = ann.next("the refusal");
        if kind == "AckMes" {
            break data;
        }
    };
    assert_eq!(refused["code"], "muted");
    assert_eq!(refused["error"], "not sent: you may not speak here: x");
}
