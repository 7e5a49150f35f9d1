//! The ways in which the Go programs die, tried on this server.

use std::collections::BTreeSet;
use std::sync::{Arc, Barrier};

use hubbub::threads;
use serde_json::Value;

use crate::support::peers::{Course, frame, registration};
use crate::support::server::Server;

const TOO_LONG: &str = "内容太长，服务器无法接收，请分开发送";
const BAD_FRAMING: &str = "收到的数据无法识别";

/// Runs this at once for each number, and waits for all.
fn at_once<T: Send + 'static>(n: i64, run: impl Fn(i64) -> T + Send + Sync + 'static) -> Vec<T> {
    let (run, start) = (Arc::new(run), Arc::new(Barrier::new(n as usize)));
    let spawn = |number| {
        let (run, start) = (Arc::clone(&run), Arc::clone(&start));
        let run = move || {
            start.wait();
            run(number)
        };
        threads::spawn(format!("peer-{number}"), run).unwrap()
    };
    let threads: Vec<_> = (0..n).map(spawn).collect();
    threads.into_iter().map(|thread| thread.join().unwrap()).collect()
}

#[test]
fn way_1_and_2_a_frame_may_come_in_pieces() {
    let server = Server::start();
    let mut jerry = Course::enter(server.any(), 200, "jerry");
    let mut tom = Course::connect(server.any());
    let bytes = [
        frame("RegisterMes", &registration(100, "secret", "tom")),
        frame("LoginMes", r#"{"userId":100,"userPwd":"secret","userName":""}"#),
    ];
    for byte in bytes.concat() {
        tom.wire.send(&[byte]);
    }
    tom.expect("RegisterResMes", r#"{"code":200,"error":""}"#);
    tom.expect("LoginResMes", r#"{"code":200,"UsersId":[100,200],"error":""}"#);
    jerry.expect_came(100);
    let text = "x".repeat(6_000);
    let bytes = frame("SmsMes", &format!(r#"{{"content":"{text}"}}"#)).repeat(3);
    for piece in bytes.chunks(1_460) {
        tom.wire.send(piece);
    }
    for _ in 0..3 {
        jerry.expect_said(100, "tom", &text);
    }
}

#[test]
fn way_3_a_length_above_8096_is_told_and_closed() {
    let server = Server::start();
    let mut jerry = Course::enter(server.any(), 200, "jerry");
    let mut tom = Course::enter(server.any(), 100, "tom");
    jerry.expect_came(100);
    let around = frame("SmsMes", r#"{"content":""}"#).len() - 4;
    let text = "x".repeat(8_000);
    let padding = "y".repeat(8_096 - around - text.len() - r#",\"pad\":\"\""#.len());
    let longest = frame("SmsMes", &format!(r#"{{"content":"{text}","pad":"{padding}"}}"#));
    assert_eq!(longest[..4], 8_096_u32.to_be_bytes());
    tom.wire.send(&longest);
    let heard = [jerry.next("the first piece"), jerry.next("the rest")];
    assert_eq!(heard.map(|(_, data)| data.matches('x').count() - 1).iter().sum::<usize>(), 8_000);

    tom.wire.send(&8_097_u32.to_be_bytes());
    tom.expect_said(0, "系统", TOO_LONG);
    tom.wire.expect_end();
    jerry.expect_left(100);
}

#[test]
fn way_3_strangers_are_turned_away() {
    let server = Server::start();
    let mut jerry = Course::enter(server.any(), 200, "jerry");
    let strangers: [(&[u8], &[u8]); 6] = [
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"HTTP/1.0 400 "),
        (b"POST /say HTTP/1.1\r\n\r\nhello", b"HTTP/1.0 400 "),
        (b"\x16\x03\x01\x02\0\x01\0\x01\xfc", b"\x15\x03\x01\0\x02\x02\x28"),
        (b"NICK tom\r\nUSER tom\r\n", b"ERROR :"),
        (b"\x80\x9c\x01\x03", b""),
        (b"\xff\xff\xff\xff", b""),
    ];
    for (said, answer) in strangers {
        let mut stranger = Course::connect(server.any());
        stranger.wire.send(said);
        let heard = stranger.wire.drain();
        assert!(heard.starts_with(answer), "{}", String::from_utf8_lossy(&heard));
        assert_eq!(heard.is_empty(), answer.is_empty());
    }
    for bytes in [&b"\0\0\0\0"[..], b"\0\0\0\x02{]", b"\0\0\0\x02[]"] {
        let mut stranger = Course::connect(server.any());
        stranger.wire.send(bytes);
        stranger.expect_said(0, "系统", BAD_FRAMING);
        stranger.wire.expect_end();
    }
    let mut tom = Course::enter(server.any(), 100, "tom");
    jerry.expect_came(100);
    tom.say(100, "hello");
    jerry.expect_said(100, "tom", "hello");
}

#[test]
fn way_5_a_flood_is_taken_to_the_last_frame() {
    let server = Server::start();
    let mut jerry = Course::enter(server.any(), 200, "jerry");
    let mut tom = Course::enter(server.any(), 100, "tom");
    jerry.expect_came(100);
    let text = |n: usize| format!("{n} {}", "x".repeat(n % 700));
    let flood = move || {
        let frames =
            (0..3_000).map(|n| frame("SmsMes", &format!(r#"{{"content":"{}"}}"#, text(n))));
        tom.wire.send(&frames.collect::<Vec<_>>().concat());
        tom
    };
    let tom = threads::spawn("flood", flood).unwrap();
    for n in 0..3_000 {
        jerry.expect_said(100, "tom", &text(n));
    }
    tom.join().unwrap().wire.close();
    jerry.expect_left(100);
}

/// The answer comes first, and list and notices together name all.
#[test]
fn way_6_and_9_fifty_log_in_at_once_and_all_know_of_all() {
    let server = Server::start();
    let addr = server.any();
    let mut course = Course::connect(addr);
    (1_000..1_050).for_each(|id| course.register(id, "secret", ""));
    let log_in = move |n| {
        let mut course = Course::connect(addr);
        loop {
            course.log_in(1_000 + n, "secret");
            let (kind, data) = course.next("the answer to the login");
            assert_eq!(kind, "LoginResMes");
            let data: Value = serde_json::from_str(&data).unwrap();
            // On a machine that has much else to do.
            let is_busy = data["code"] == 505 && data["error"].as_str().unwrap().contains("繁忙");
            if !is_busy {
                assert_eq!(data["code"], 200, "{data}");
                let listed = data["UsersId"].as_array().unwrap().iter();
                return (course, listed.map(|id| id.as_i64().unwrap()).collect::<BTreeSet<_>>());
            }
        }
    };
    for (mut course, mut known) in at_once(50, log_in) {
        while known.len() < 50 {
            let (kind, data) = course.next("somebody who came");
            let data: Value = serde_json::from_str(&data).unwrap();
            assert_eq!((kind.as_str(), &data["status"]), ("NotifyUserStatusMes", &0.into()));
            known.insert(data["userId"].as_i64().unwrap());
        }
        assert_eq!(known, (1_000..1_050).collect());
    }
}

#[test]
fn way_7_frames_of_several_senders_do_not_mix() {
    let server = Server::start();
    let addr = server.frames();
    let mut jerry = Course::enter(addr, 200, "jerry");
    let mut ann = Course::enter(addr, 300, "ann");
    jerry.expect_came(300);
    let senders = at_once(4, move |n| {
        let mut sender = Course::enter(addr, n + 1, "");
        for text in 0..250 {
            sender.say(n + 1, &format!("{text} {}", "<".repeat(200)));
        }
        sender
    });
    let mut orders = [Vec::new(), Vec::new()];
    for (reader, order) in [&mut jerry, &mut ann].into_iter().zip(&mut orders) {
        let mut next = [0; 4];
        while order.len() < 1_000 {
            let (kind, data) = reader.next("a text");
            if kind != "SmsMes" {
                continue;
            }
            let data: Value = serde_json::from_str(&data).unwrap();
            let from = data["userId"].as_i64().unwrap();
            let (n, text) = data["content"].as_str().unwrap().split_once(' ').unwrap();
            assert_eq!((n.parse(), text.len()), (Ok(next[from as usize - 1]), 200));
            next[from as usize - 1] += 1;
            order.push(from);
        }
    }
    assert_eq!(orders[0], orders[1], "one order for everybody");
    drop(senders);
}

#[test]
fn way_11_of_sixteen_registrations_of_one_id_one_wins() {
    let server = Server::start_on_disk();
    let addr = server.frames();
    let register = move |n| {
        let mut course = Course::connect(addr);
        course.send("RegisterMes", &registration(100, &format!("secret {n}"), "tom"));
        let (kind, data) = course.next("the answer");
        assert_eq!(kind, "RegisterResMes");
        match data.as_str() {
            r#"{"code":200,"error":""}"# => true,
            r#"{"code":505,"error":"用户已经存在..."}"# => false,
            other => panic!("{other}"),
        }
    };
    let won = at_once(16, register);
    assert_eq!(won.iter().filter(|won| **won).count(), 1, "{won:?}");
    let winner = won.iter().position(|won| *won).unwrap();
    let mut course = Course::connect(addr);
    course.log_in(100, &format!("secret {}", (winner + 1) % 16));
    course.expect("LoginResMes", r#"{"code":403,"UsersId":null,"error":"密码不正确"}"#);
    course.log_in(100, &format!("secret {winner}"));
    course.expect("LoginResMes", r#"{"code":200,"UsersId":[100],"error":""}"#);
}

#[test]
fn way_13_one_connection_is_one_account() {
    let server = Server::start();
    Course::join(server.frames(), 300, "ann");
    let mut jerry = Course::enter(server.frames(), 200, "jerry");
    let mut tom = Course::enter(server.frames(), 100, "tom");
    jerry.expect_came(100);
    for id in [300, 100] {
        tom.log_in(id, "secret");
        let error = "这个连接已经登录，请另开一个连接";
        let refused = format!(r#"{{"code":505,"UsersId":null,"error":"{error}"}}"#);
        tom.expect("LoginResMes", &refused);
    }
    for text in ["once", "twice"] {
        jerry.say(200, text);
        tom.expect_said(200, "jerry", text);
    }
    tom.say(300, "who am I?");
    jerry.expect_said(100, "tom", "who am I?");
}

#[test]
fn way_15_who_is_gone_is_told_and_not_listed() {
    let server = Server::start();
    let mut tom = Course::enter(server.frames(), 100, "tom");
    Course::join(server.frames(), 200, "jerry");
    for _ in 0..10 {
        let jerry = Course::come_back(server.frames(), 200);
        tom.expect_came(200);
        jerry.wire.reset();
        tom.expect_left(200);
    }
    tom.wire.close();
    let mut ann = Course::connect(server.frames());
    ann.register(300, "secret", "ann");
    ann.log_in(300, "secret");
    let (_, answer) = ann.next("the answer to the login");
    // Tom has heard the server's end, so the server has let it go.
    assert_eq!(answer, r#"{"code":200,"UsersId":[300],"error":""}"#);
}
