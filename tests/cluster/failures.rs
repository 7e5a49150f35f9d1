//! Servers and Redis go away, come back, and stand still.

use std::time::Duration;

use hubbub::clock;
use rustix::process::Signal;
use serde_json::Value;

use super::{Cluster, next_said, store, until, until_online, until_pong, until_status};
use crate::support::peers::Extended;
use crate::support::proxy::Proxy;
use crate::support::server::Server;

/// What is promised is five seconds; the rest is for a machine that does other things meanwhile.
const NOTICED: Duration = Duration::from_secs(8);

/// How often somebody was said to have come or left.
fn told(heard: &[(String, Value)], id: i64, status: i64) -> usize {
    let is_it = |data: &Value| data["userId"] == id && data["status"] == status;
    heard.iter().filter(|(kind, data)| kind == "NotifyUserStatusMes" && is_it(data)).count()
}

#[test]
fn the_people_of_a_killed_node_are_offline_soon_and_once() {
    let Some(mut cluster) = Cluster::start(3) else { return };
    let mut tom = Extended::enter(cluster.frames(0), (100, "tom"), "laptop");
    let mut ann = Extended::enter(cluster.frames(1), (300, "ann"), "laptop");
    let _jerry = Extended::enter(cluster.frames(2), (200, "jerry"), "phone");
    until_status(&mut tom, 200, 0);
    until_status(&mut ann, 200, 0);
    let killed = clock::now();
    cluster.nodes[2].kill();
    until_status(&mut tom, 200, 1);
    let after = killed.elapsed();
    assert!(after < NOTICED, "noticed after {after:?}");
    println!("noticed after {} ms", after.as_millis());
    until_status(&mut ann, 200, 1);
    // Once: what is said later comes behind it.
    store(&mut tom, "done", "r1");
    assert_eq!(told(&until_pong(&mut tom), 200, 1), 0);
    assert_eq!(next_said(&mut ann).text, "done");
    assert_eq!(told(&until_pong(&mut ann), 200, 1), 0);
    // It comes back, and so do its people.
    cluster.nodes[2].launch();
    let mut jerry = Extended::come_back(cluster.frames(2), 200, "phone");
    until_status(&mut tom, 200, 0);
    assert_eq!(next_said(&mut jerry).text, "done");
}

#[test]
fn a_node_that_is_cut_off_is_given_up_and_taken_back() {
    let Some(cluster) = Cluster::start(1) else { return };
    let address = cluster.redis.url();
    let port = address.trim_start_matches("redis://").trim_end_matches("/0").parse().unwrap();
    let proxy = Proxy::start(port);
    let far = Server::start_on(&format!("redis://{}/0", proxy.address()), &[]);
    let mut tom = Extended::enter(cluster.frames(0), (100, "tom"), "laptop");
    let mut jerry = Extended::enter(far.frames(), (200, "jerry"), "phone");
    until_status(&mut tom, 200, 0);
    // Nothing comes through for longer than others have patience.
    proxy.delay(Duration::from_secs(4));
    until_status(&mut tom, 200, 1);
    store(&mut tom, "while you were away", "r1");
    proxy.delay(Duration::ZERO);
    proxy.cut();
    // What was said meanwhile arrives, once, and others see them again.
    assert_eq!(next_said(&mut jerry).text, "while you were away");
    until_status(&mut tom, 200, 0);
    store(&mut jerry, "back again", "r1");
    assert_eq!(next_said(&mut tom).text, "back again");
    until_online(&mut jerry, &[100, 200]);
    assert!(!far.log().contains("panicked"));
}

#[test]
fn redis_that_stands_still_makes_nobody_leave() {
    let Some(cluster) = Cluster::start(2) else { return };
    let mut tom = Extended::enter(cluster.frames(0), (100, "tom"), "laptop");
    let mut jerry = Extended::enter(cluster.frames(1), (200, "jerry"), "phone");
    until_status(&mut tom, 200, 0);
    cluster.redis.freeze();
    cluster.nodes[0].expect_in_log("hear nothing of this one");
    cluster.nodes[1].expect_in_log("hear nothing of this one");
    cluster.redis.thaw();
    loop {
        tom.say("still there?", "r1");
        let is_answer = |kind: &str, _: &Value| kind == "AckMes";
        if until(&mut tom, "an answer", is_answer)["id"].is_u64() {
            break;
        }
    }
    let said = until(&mut jerry, "what tom says", |kind, data| {
        assert_ne!((kind, &data["status"]), ("NotifyUserStatusMes", &1.into()), "{data}");
        kind == "SmsMes"
    });
    assert_eq!(said["content"], "still there?");
    assert_eq!(told(&until_pong(&mut tom), 200, 1), 0);
    until_online(&mut jerry, &[100, 200]);
}

#[test]
fn redis_that_dies_comes_back_to_all_nodes() {
    let Some(mut cluster) = Cluster::start(2) else { return };
    let mut tom = Extended::enter(cluster.frames(0), (100, "tom"), "laptop");
    let mut jerry = Extended::enter(cluster.frames(1), (200, "jerry"), "phone");
    store(&mut tom, "before", "r0");
    assert_eq!(next_said(&mut jerry).text, "before");
    let mut spike = Extended::enter(cluster.frames(1), (300, "spike"), "phone");
    until_status(&mut tom, 300, 0);
    // Leaving waits for what is on its way to Redis: nothing is any more.
    store(&mut spike, "here", "r0");
    cluster.redis.kill();
    cluster.nodes[0].expect_in_log("hear nothing of this one");
    // Who goes meanwhile is told when it can be.
    drop(spike);
    until_status(&mut jerry, 300, 1);
    cluster.redis.restart();
    let mut n = 0;
    loop {
        n += 1;
        jerry.say("after", &format!("r{n}"));
        if until(&mut jerry, "an answer", |kind, _| kind == "AckMes")["id"].is_u64() {
            break;
        }
    }
    until(&mut tom, "what jerry says", |kind, data| kind == "SmsMes" && data["content"] == "after");
    until_online(&mut tom, &[100, 200]);
    until_online(&mut jerry, &[100, 200]);
}

/// A server that stands still slows nobody down; it is given up, and taken back when it goes on.
#[test]
fn a_node_that_stands_still_holds_nobody_up() {
    let Some(cluster) = Cluster::start(3) else { return };
    let mut tom = Extended::enter(cluster.frames(0), (100, "tom"), "laptop");
    let mut ann = Extended::enter(cluster.frames(1), (300, "ann"), "laptop");
    let mut jerry = Extended::enter(cluster.frames(2), (200, "jerry"), "phone");
    until_status(&mut tom, 200, 0);
    until_status(&mut ann, 200, 0);
    cluster.nodes[2].signal(Signal::STOP);
    let mut n = 0;
    let mut slowest = Duration::ZERO;
    let mut is_away = false;
    while !is_away {
        n += 1;
        let began = clock::now();
        let is_told = |kind: &str, data: &Value| kind == "AckMes" && data["id"] == n;
        tom.say(&format!("text {n}"), &format!("r{n}"));
        loop {
            let (kind, data) = tom.next("that it is stored");
            is_away |= kind == "NotifyUserStatusMes" && data["userId"] == 200;
            if is_told(&kind, &data) {
                break;
            }
        }
        slowest = slowest.max(began.elapsed());
        assert_eq!(next_said(&mut ann).text, format!("text {n}"));
    }
    println!("{n} texts while it stood still, each stored and acknowledged within {slowest:?}");
    // Who waits for the one that stands still waits until it is given up.
    assert!(n > 10, "only {n} texts before it was given up");
    cluster.nodes[2].signal(Signal::CONT);
    for n in 1..=n {
        assert_eq!(next_said(&mut jerry).text, format!("text {n}"));
    }
    until_status(&mut tom, 200, 0);
    until_online(&mut jerry, &[100, 200, 300]);
    store(&mut jerry, "back again", "r1");
    assert_eq!(next_said(&mut tom).text, "back again");
}

/// One that has missed what the feed does not keep any longer begins anew by itself, and the
/// others do not.
#[test]
fn a_node_that_is_too_far_behind_begins_anew() {
    let Some(cluster) = Cluster::start(2) else { return };
    let mut tom = Extended::enter(cluster.frames(0), (100, "tom"), "laptop");
    let mut jerry = Extended::enter(cluster.frames(1), (200, "jerry"), "phone");
    until_status(&mut tom, 200, 0);
    until_pong(&mut jerry);
    cluster.nodes[1].signal(Signal::STOP);
    for n in 1..=20 {
        store(&mut tom, &format!("text {n}"), &format!("r{n}"));
    }
    redis::cmd("XTRIM")
        .arg(&["{f0}feed", "MAXLEN", "1"])
        .exec(&mut cluster.redis.connect())
        .unwrap();
    cluster.nodes[1].signal(Signal::CONT);
    cluster.nodes[1].expect_in_log("serving again from redis://");
    let mut jerry = Extended::come_back(cluster.frames(1), 200, "phone");
    for n in 1..=20 {
        assert_eq!(next_said(&mut jerry).text, format!("text {n}"));
    }
    store(&mut jerry, "back again", "r1");
    assert_eq!(next_said(&mut tom).text, "back again");
    assert!(!cluster.nodes[0].log().contains("serving again"));
}

/// Redis comes back as an older copy of itself: every node begins anew, with one new epoch.
#[test]
fn an_older_copy_gets_one_new_epoch_from_all_nodes() {
    let Some(mut redis) = crate::support::redis::Redis::start_forgetful() else { return };
    let nodes = [0, 1].map(|_| Server::start_on(&redis.url(), &[]));
    let mut tom = Extended::enter(nodes[0].frames(), (100, "tom"), "laptop");
    let _ann = Extended::enter(nodes[1].frames(), (300, "ann"), "laptop");
    store(&mut tom, "kept", "r0");
    redis::cmd("SAVE").exec(&mut redis.connect()).unwrap();
    store(&mut tom, "lost", "r1");
    redis.kill();
    redis.restart();
    for node in &nodes {
        node.expect_in_log("serving again from redis://");
    }
    let epochs = nodes.each_ref().map(|node| {
        let mut peer = Extended::connect(node.frames(), "laptop");
        peer.log_in(100, "secret")["epoch"].clone()
    });
    assert_eq!(epochs[0], epochs[1]);
}

#[test]
fn a_server_ends_when_one_of_a_later_layout_has_opened_the_store() {
    let Some(mut cluster) = Cluster::start(1) else { return };
    let mut tom = Extended::enter(cluster.frames(0), (100, "tom"), "laptop");
    store(&mut tom, "before", "r1");
    // What a later one does first.
    let mut redis = cluster.redis.connect();
    redis::cmd("HSET").arg("{f0}meta").arg("version").arg(99).exec(&mut redis).unwrap();
    let is_error = |kind: &str, _: &Value| kind == "ErrorMes";
    let farewell = until(&mut tom, "a farewell", is_error);
    assert_eq!(farewell["code"], "shutting_down", "{farewell}");
    let older = &mut cluster.nodes[0];
    assert_eq!(older.wait().code(), Some(1));
    let log = older.log();
    let (_, last) = log.trim_end().rsplit_once('\n').unwrap();
    assert!(last.starts_with("server: ") && last.contains("this program knows versions"), "{log}");
}

/// A server that stands still and goes on again and again: of each of its people the others hear
/// that they go and that they come, by turns, and nothing besides.
#[test]
fn a_node_that_comes_and_goes_floods_nobody() {
    const PEOPLE: i64 = 5;
    const TIMES: usize = 3;
    let Some(cluster) = Cluster::start(2) else { return };
    let mut tom = Extended::enter(cluster.frames(0), (100, "tom"), "laptop");
    let enter = |id: i64| Extended::enter(cluster.frames(1), (id, &format!("p{id}")), "phone");
    let mut crowd: Vec<_> = (200..200 + PEOPLE).map(enter).collect();
    (200..200 + PEOPLE).for_each(|id| until_status(&mut tom, id, 0));
    let mut told = vec![Vec::new(); PEOPLE as usize];
    let mut n_heard = 0;
    for _ in 0..TIMES {
        for (signal, status) in [(Signal::STOP, 1), (Signal::CONT, 0)] {
            cluster.nodes[1].signal(signal);
            while told.iter().any(|told: &Vec<i64>| told.last() != Some(&status)) {
                let (kind, data) = tom.next("who comes and goes");
                n_heard += 1;
                if kind == "NotifyUserStatusMes" {
                    let id = data["userId"].as_i64().unwrap();
                    told[(id - 200) as usize].push(data["status"].as_i64().unwrap());
                }
            }
        }
    }
    n_heard += until_pong(&mut tom).len();
    let n_told: usize = told.iter().map(Vec::len).sum();
    println!("{n_told} notices of {PEOPLE} people who went {TIMES} times");
    assert_eq!(n_heard, n_told, "something else was told");
    assert!(told.iter().all(|told| told.windows(2).all(|two| two[0] != two[1])), "{told:?}");
    // On a machine that does other things meanwhile it may be given up once more.
    assert!(n_told <= 2 * (TIMES + 2) * PEOPLE as usize, "{told:?}");
    assert_eq!(crowd.iter_mut().map(|one| told_left(one, 100)).sum::<usize>(), 0);
    store(&mut tom, "still here", "r1");
    assert_eq!(next_said(&mut crowd[0]).text, "still here");
}

/// How often somebody was said to have left, up to now.
fn told_left(peer: &mut Extended, id: i64) -> usize {
    told(&until_pong(peer), id, 1)
}
