//! A message that somebody changed by hand in the store keeps nobody from the others.

use crate::support::peers::{Course, Extended, Line};
use crate::support::program::{self, run};
use crate::support::server::Server;

#[test]
fn who_missed_an_unreadable_message_gets_all_others_and_goes_on() {
    let server = Server::start_on_disk();
    Course::join(server.frames(), 200, "jerry");
    let mut tom = Extended::enter(server.frames(), (100, "tom"), "laptop");
    let last = (0..250).map(|n| tom.store(&format!("said {n}"), &format!("r{n}"))).last();
    let file = server.home().join("hubbub/hubbub.db");
    let outside = rusqlite::Connection::open(&file).unwrap();
    let alter = "UPDATE messages SET text = CAST(x'736169ff' AS TEXT) WHERE id % 90 = 30";
    let n_bad = outside.execute(alter, []).unwrap() as u64;
    let mut jerry = Extended::come_back(server.frames(), 200, "phone");
    let heard: Vec<_> = (0..last.unwrap() - n_bad).map(|_| jerry.expect_said().id).collect();
    assert_eq!(heard, (1..=250).filter(|id| id % 90 != 30).collect::<Vec<_>>());
    tom.expect("NotifyUserStatusMes");
    tom.store("live", "live");
    assert_eq!(jerry.expect_said().text, "live");
    // A client that cannot acknowledge is served as well.
    let mut line = Line::enter(server.lines());
    line.say("/login 200 secret");
    while !line.next("the newest text").ends_with("tom: live") {}
    assert!(server.log().contains("cannot be read"));
    assert!(!server.log().contains("said 2"), "a text in the log");
    let store = format!("sqlite:{}", file.display());
    let ended = run(program::server(server.home(), &["verify", "--store", &store]), "");
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.out.contains("message 30"), "{ended:?}");
}
