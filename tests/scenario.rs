//! One scenario, over every front and every store, in clear and through TLS: three people register, meet, talk, one of them
//! is away, the server is started again, and nobody misses or hears anything twice.

mod people;

use std::any::Any;
use std::collections::BTreeMap;

use hubbub::dao::STORES;
use hubbub::front::FRONTS;

use crate::support::redis::Redis;
use crate::support::server::Server;
use people::{Course, Extended, Human, Line, News, Person};

/// A way of speaking to the server.
struct Way {
    name: &'static str,
    connect: fn(&Server, &Human) -> Box<dyn Person>,
    /// How it says that the password is wrong, the user unknown, the id taken.
    refusals: [&'static str; 3],
}

/// Every way that a front has.
fn ways(front: &str) -> Vec<Way> {
    match front {
        "line" => vec![Way {
            name: "line",
            connect: |server, human| Box::new(Line::connect(server, human)),
            refusals: [
                "* unknown id/name or wrong password",
                "* unknown id/name or wrong password",
                "* this id is taken; choose another one",
            ],
        }],
        "frame" => vec![
            Way {
                name: "frame, as a client of the course",
                connect: |server, _| Box::new(Course::connect(server)),
                refusals: [
                    r#"{"code":403,"UsersId":null,"error":"密码不正确"}"#,
                    r#"{"code":500,"UsersId":null,"error":"用户不存在.."}"#,
                    r#"{"code":505,"error":"用户已经存在..."}"#,
                ],
            },
            Way {
                name: "frame, after hello",
                connect: |server, human| Box::new(Extended::connect(server, human)),
                refusals: ["wrong_password", "unknown_user", "id_taken"],
            },
        ],
        other => panic!("tell this test how to speak to the front {other}"),
    }
}

/// Where a server stores.
struct Place {
    url: String,
    /// What is stored is there after a restart.
    keeps: bool,
    _holds: Box<dyn Any>,
}

/// None for Redis where it is not installed.
fn place(scheme: &str) -> Option<Place> {
    let nothing = || Box::new(());
    match scheme {
        "sqlite" => Some(Place { url: String::new(), keeps: true, _holds: nothing() }),
        "memory" => Some(Place { url: "memory:".into(), keeps: false, _holds: nothing() }),
        "redis" => {
            let redis = Redis::start()?;
            Some(Place { url: redis.url(), keeps: true, _holds: Box::new(redis) })
        }
        other => panic!("tell this test where a {other} store can be"),
    }
}

fn over_every_front(scheme: &str) {
    for way in FRONTS.iter().flat_map(|front| ways(front.name)) {
        for start in [Server::start_on, Server::start_with_tls] {
            let Some(place) = place(scheme) else { return };
            let server = start(&place.url, &[]);
            println!("{}, stored in {scheme}, sealed: {}", way.name, server.has_tls());
            play(&way, &place, server);
        }
    }
}

#[test]
fn people_meet_and_miss_nothing_on_sqlite() {
    over_every_front("sqlite");
}

#[test]
fn people_meet_and_miss_nothing_on_redis() {
    over_every_front("redis");
}

#[test]
fn people_meet_and_miss_nothing_on_memory() {
    over_every_front("memory");
}

#[test]
fn no_store_is_left_out() {
    let schemes: Vec<_> = STORES.iter().map(|kind| kind.scheme).collect();
    assert_eq!(schemes, ["sqlite", "redis", "memory"], "one test each, above");
}

/// Those who are there.
struct Room {
    tom: Box<dyn Person>,
    ann: Box<dyn Person>,
}

fn play(way: &Way, place: &Place, mut server: Server) {
    let humans = [Human::new(100, "tom"), Human::new(200, "jerry"), Human::new(300, "ann")];
    register(way, &server, &humans);
    refuse_logins(way, &server, &humans[0]);
    let (mut room, jerry) = meet(way, &server, &humans);
    let address = jerry.leave();
    room.both_hear(&News::Left(200));
    server.forget(address);
    talk_about_jerry(&mut room);
    if place.keeps {
        room = restart(way, &mut server, room, &humans);
    }
    jerry_comes_back(way, &server, room, &humans);
}

fn register(way: &Way, server: &Server, humans: &[Human]) {
    let mut first = (way.connect)(server, &humans[0]);
    for human in humans {
        assert_eq!(first.register(human.id, "secret", human.name), Ok(()));
    }
    let taken = Err(way.refusals[2].to_owned());
    assert_eq!(first.register(100, "other", "eve"), taken);
    first.leave();
}

/// After what is refused the same connection may try again.
fn refuse_logins(way: &Way, server: &Server, tom: &Human) {
    let mut person = (way.connect)(server, tom);
    let [wrong, unknown, _] = way.refusals;
    assert_eq!(person.log_in(100, "secrets"), Err(wrong.to_owned()));
    assert_eq!(person.log_in(999, "secret"), Err(unknown.to_owned()));
    assert_eq!(person.log_in(100, "secret"), Ok(()));
    server.forget(person.leave());
}

fn come(way: &Way, server: &Server, human: &Human) -> Box<dyn Person> {
    let mut person = (way.connect)(server, human);
    assert_eq!(person.log_in(human.id, "secret"), Ok(()));
    person
}

fn meet(way: &Way, server: &Server, humans: &[Human; 3]) -> (Room, Box<dyn Person>) {
    let [tom, jerry, ann] = humans;
    let mut tom = come(way, server, tom);
    assert_eq!(tom.online(), [100]);
    let ann = come(way, server, ann);
    assert_eq!(tom.next(), News::Came(300));
    let mut room = Room { tom, ann };
    let mut jerry = come(way, server, jerry);
    room.both_hear(&News::Came(200));
    for person in [&mut room.tom, &mut room.ann, &mut jerry] {
        assert_eq!(person.online(), [100, 200, 300]);
    }
    room.tom.say("hello <all> & \"you\" 你好");
    let hello = News::Group(100, "hello <all> & \"you\" 你好".into());
    assert_eq!(jerry.next(), hello);
    assert_eq!(room.ann.next(), hello);
    jerry.tell(100, "psst");
    assert_eq!(room.tom.next(), News::Private(200, "psst".into()));
    jerry.say("did ann hear that?");
    room.both_hear(&News::Group(200, "did ann hear that?".into()));
    (room, jerry)
}

fn talk_about_jerry(room: &mut Room) {
    room.tom.tell(200, "tom 1");
    room.tom.say("all 1");
    assert_eq!(room.ann.next(), News::Group(100, "all 1".into()));
    room.ann.tell(200, "ann 1");
    room.ann.say("all 2");
    assert_eq!(room.tom.next(), News::Group(300, "all 2".into()));
    room.tom.tell(200, "tom 2");
    room.tom.say("all 3");
    assert_eq!(room.ann.next(), News::Group(100, "all 3".into()));
}

/// Those who were there come back and have nothing to hear.
fn restart(way: &Way, server: &mut Server, room: Room, humans: &[Human; 3]) -> Room {
    server.ask_to_stop();
    room.tom.hear_farewell();
    room.ann.hear_farewell();
    server.start_again();
    let mut tom = come(way, server, &humans[0]);
    let ann = come(way, server, &humans[2]);
    assert_eq!(tom.next(), News::Came(300));
    Room { tom, ann }
}

fn jerry_comes_back(way: &Way, server: &Server, mut room: Room, humans: &[Human; 3]) {
    let mut jerry = come(way, server, &humans[1]);
    room.both_hear(&News::Came(200));
    let missed: Vec<_> = (0..6).map(|_| jerry.next()).collect();
    let expected = [
        ("to all", vec!["all 1", "all 2", "all 3"]),
        ("from 100", vec!["tom 1", "tom 2"]),
        ("from 300", vec!["ann 1"]),
    ];
    assert_eq!(by_conversation(&missed), BTreeMap::from(expected.map(|(k, v)| (k.to_owned(), v))));
    server.forget(jerry.leave());
    room.both_hear(&News::Left(200));
    let mut jerry = come(way, server, &humans[1]);
    room.both_hear(&News::Came(200));
    room.tom.say("again");
    let again = News::Group(100, "again".into());
    assert_eq!(jerry.next(), again, "once, and not again");
    assert_eq!(room.ann.next(), again);
}

/// The order is promised within each conversation.
fn by_conversation(news: &[News]) -> BTreeMap<String, Vec<&str>> {
    let mut all: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for one in news {
        let (conversation, text) = match one {
            News::Group(_, text) => ("to all".to_owned(), text),
            News::Private(from, text) => (format!("from {from}"), text),
            other => panic!("expected what was missed, not {other:?}"),
        };
        all.entry(conversation).or_default().push(text);
    }
    all
}

impl Room {
    fn both_hear(&mut self, news: &News) {
        assert_eq!(&self.tom.next(), news);
        assert_eq!(&self.ann.next(), news);
    }
}
