//! Bytes that are no chat.

use hubbub::threads;

use super::is_well;
use crate::support::peers::{Extended, frame, registration};
use crate::support::server::Server;
use crate::support::wire::Wire;

/// Numbers that look random and are the same each time (xorshift).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    fn bytes(&mut self, n: usize) -> Vec<u8> {
        (0..n).map(|_| self.next() as u8).collect()
    }
}

/// Things that come to an open port, whole and in part.
fn strangers() -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = [
        &b"GET / HTTP/1.1\r\nHost: chat\r\n\r\n"[..],
        b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"CONNECT example.org:443 HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"CAP LS 302\r\nNICK tom\r\nUSER tom 0 * :tom\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"\x04\x01\x00\x50\x7f\x00\x00\x01\x00",
        b"\x05\x01\x00",
        b"*1\r\n$4\r\nPING\r\n",
        b"\xff\xfb\x1f\xff\xfa\x18",
        b"\xff\xff\xff\xff",
        b"\0\0\0\0",
        b"\0\0\x1f\xa1",
        b"\x7f\xff\xff\xff{",
        b"\0\0\0\x02{}\0\0\0\x04null\0\0\0\x01[",
        b"\0\0\0\x03\xff\xfe\xfd",
        b"\0\0\0\x12{\"type\":\"SmsMes\"}",
    ]
    .map(<[u8]>::to_vec)
    .to_vec();
    let login = "{\"userId\":1,\"userPwd\":\"x\",\"userName\":\"\"}";
    all.push(frame("LoginMes", &login.replace('1', "99999999999999999999")));
    all.push(frame("LoginMes", "{\"userId\":\"1\"}"));
    all.push(frame("RegisterMes", &registration(-5, "", "\u{0}\u{1b}[2J")));
    all.push(frame("SmsMes", "{\"content\":\"\\ud800\"}"));
    all.push(frame("HelloMes", "{\"version\":9223372036854775807,\"frameLimit\":-1}"));
    all.push("x".repeat(100_000).into_bytes());
    all.push("/register ".repeat(5_000).into_bytes());
    all
}

/// Says these bytes in pieces, then leaves in one way or another. What is answered is not looked
/// at; the server may close at any byte.
fn say(wire: &mut Wire, bytes: &[u8], random: &mut Random) {
    let mut rest = bytes;
    while !rest.is_empty() {
        let (piece, later) = rest.split_at(1 + random.below(rest.len()));
        if wire.try_send(piece).is_err() {
            return;
        }
        rest = later;
    }
}

fn leave(wire: Wire, random: &mut Random) {
    match random.below(3) {
        0 => wire.reset(),
        1 => drop(wire),
        _ => {
            let mut wire = wire;
            // It may be gone already.
            wire.try_half_close().ok();
            wire.drain();
        }
    }
}

#[test]
fn no_bytes_end_the_server() {
    let server = Server::start();
    let ports = [server.any(), server.lines(), server.frames()];
    let mut tom = Extended::enter(server.frames(), (100, "tom"), "laptop");
    let throw = move || {
        let mut random = Random(0x4855_4242_5542);
        for bytes in strangers() {
            for port in ports {
                let mut wire = Wire::connect(port);
                say(&mut wire, &bytes, &mut random);
                leave(wire, &mut random);
            }
        }
        let good = [
            frame("HelloMes", "{\"version\":1,\"features\":[\"received\"],\"device\":\"d\"}"),
            frame("RegisterMes", &registration(0, "x", "y")),
            frame("SmsMes", "{\"content\":\"hi\",\"toUserId\":100}"),
            frame("ReceivedMes", "{\"room\":\"@1,2\",\"upTo\":18446744073709551615}"),
        ]
        .concat();
        for round in 0..120 {
            let mut bytes = good.clone();
            if round % 3 == 0 {
                let n = random.below(6_000);
                bytes = random.bytes(n);
            } else {
                // A few bytes of good frames are something else.
                for _ in 0..1 + random.below(8) {
                    let at = random.below(bytes.len());
                    bytes[at] = random.next() as u8;
                }
            }
            let mut wire = Wire::connect(ports[round % ports.len()]);
            say(&mut wire, &bytes, &mut random);
            leave(wire, &mut random);
        }
    };
    let thrown = threads::spawn("garbage", throw).unwrap();
    // Meanwhile somebody talks.
    for n in 0..200 {
        tom.say(&format!("text {n}"), &format!("r{n}"));
        while tom.next("an acknowledgement").0 != "AckMes" {}
    }
    thrown.join().unwrap();
    is_well(&server, 1_000);
}
