//! An unchanged Go client takes what one read gives it for a whole header, and what the next
//! gives it for a whole body. Loopback hides what that costs, so this runs over a pair of virtual
//! cards with the packet size of Ethernet, in network namespaces of its own: where those cannot
//! be made, it is skipped.
//!
//! The test runs itself three times: here; as the server, in one namespace; as the reader, in
//! another.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use hubbub::clock;
use socket2::SockRef;

use crate::support::peers::{Course, Extended, frame};
use crate::support::program::{Ended, run_for};
use crate::support::server::Server;
use crate::support::wire::DEADLINE;

const NAME: &str = "faults::ethernet::an_unchanged_go_client_gets_every_frame_whole";
const ROLE: &str = "HUBBUB_TEST_ROLE";

/// Texts that wait, visits that read all of them, and texts that are said during the last.
const WAITING: usize = 400;
const VISITS: usize = 5;
const LIVE: usize = 200;

/// For all of it; every step has a shorter deadline of its own.
const PATIENCE: Duration = Duration::from_secs(120);

/// The last text.
const END: &str = "that was all";

#[test]
fn an_unchanged_go_client_gets_every_frame_whole() {
    match std::env::var(ROLE).as_deref() {
        Ok("server") => serve(),
        Ok("reader") => read(),
        _ => in_namespaces(),
    }
}

fn in_namespaces() {
    let may = |args: &[&str]| {
        let tried = Command::new("unshare").args(args).arg("true").output();
        tried.is_ok_and(|output| output.status.success())
    };
    let has_ip = Command::new("ip").arg("-V").output().is_ok();
    let unshare: &[&str] = match () {
        () if has_ip && may(&["-n"]) => &["-n"],
        () if has_ip && may(&["-rn"]) => &["-rn"],
        () => {
            return eprintln!("SKIPPED: no network namespaces here, so NOTHING RAN OVER ETHERNET");
        }
    };
    let Ended { code, out, err } = run_for(again(unshare, "server"), "", PATIENCE);
    assert_eq!(code, Some(0), "{out}\n{err}");
    println!("{}", out.lines().filter(|line| line.contains("whole")).collect::<String>());
}

/// This very test once more, in another role and a namespace of its own.
fn again(unshare: &[&str], role: &str) -> Command {
    let mut command = Command::new("unshare");
    command.args(unshare).arg(std::env::current_exe().unwrap());
    command.args([NAME, "--exact", "--nocapture", "--test-threads=1"]).env(ROLE, role);
    command
}

fn ip(args: &str) {
    let output = Command::new("ip").args(args.split(' ')).output().unwrap();
    assert!(output.status.success(), "ip {args}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Ends with the test, whatever happens.
struct Reader(Child);

impl Drop for Reader {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn serve() {
    ip("link set lo up");
    ip("link add h0 type veth peer name h1");
    let mut reader = again(&["-n"], "reader");
    let reader = reader.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut reader = Reader(reader);
    let mut said = BufReader::new(reader.0.stdout.take().unwrap()).lines().map_while(Result::ok);
    said.find(|line| line.ends_with("ready")).expect("a reader that is ready");
    ip(&format!("link set h1 netns {}", reader.0.id()));
    ip("addr add 10.77.0.1/24 dev h0");
    ip("link set h0 up");
    let server = Server::start_on("", &["--listen", "frame=10.77.0.1:0", "--allow-plaintext"]);
    Course::join(server.frames(), 200, "jerry");
    let mut tom = Extended::enter(server.frames(), (100, "tom"), "laptop");
    // What waits comes in pages of many frames, at every visit: a torn connection took nothing.
    say(&mut tom, "w", WAITING, |tom, text, reference| tom.tell(200, text, reference));
    tom.tell(200, END, "wait");
    tom.expect_ack("wait");
    let mut stdin = reader.0.stdin.take().unwrap();
    writeln!(stdin, "{}", server.port(3)).unwrap();
    let next = said.find(|line| line.contains("last visit") || line.contains(" frames"));
    println!("{}", next.as_deref().unwrap_or("the reader is gone"));
    // What is said now comes in bursts, as the store makes them.
    say(&mut tom, "l", LIVE, |tom, text, reference| tom.say(text, reference));
    tom.say(END, "live");
    let verdict = said.find(|line| line.contains(" frames")).expect("a verdict");
    println!("{verdict}");
    assert!(verdict.contains("whole"), "{verdict}");
}

/// Some are on their way at the same time.
fn say(tom: &mut Extended, prefix: &str, n_texts: usize, say: impl Fn(&mut Extended, &str, &str)) {
    const AHEAD: usize = 100;
    for n in 0..n_texts + AHEAD {
        if n < n_texts {
            say(tom, &text(n), &format!("{prefix}{n}"));
        }
        if n >= AHEAD {
            while tom.next("an acknowledgement").0 != "AckMes" {}
        }
    }
}

/// 3,000 to 8,000 bytes of body, and now and then a short one.
fn text(n: usize) -> String {
    let length = if n.is_multiple_of(7) { n % 200 } else { 2_900 + (n * 997) % 5_000 };
    format!("{n} {}", "x".repeat(length))
}

/// The Go client, several times.
fn read() {
    println!("ready");
    let mut address = String::new();
    std::io::stdin().read_line(&mut address).unwrap();
    ip("link set lo up");
    ip("addr add 10.77.0.2/24 dev h1");
    ip("link set h1 up");
    let server = address.trim().parse().unwrap();
    let mut n_frames = 0;
    for visit in 1..=VISITS {
        let n_ends = if visit == VISITS {
            println!("the last visit");
            2
        } else {
            1
        };
        if let Err(short) = visit_and_read(server, n_ends, &mut n_frames) {
            return println!("{short} after {n_frames} frames, in visit {visit}");
        }
    }
    println!("all of {n_frames} frames were whole");
}

/// Logs in and reads until it has heard the end so often, then tears the connection.
fn visit_and_read(server: SocketAddr, n_ends: usize, n_frames: &mut usize) -> Result<(), String> {
    let mut stream = TcpStream::connect_timeout(&server, DEADLINE).unwrap();
    stream.set_nodelay(true).unwrap();
    let login = r#"{"userId":200,"userPwd":"secret","userName":""}"#;
    stream.write_all(&frame("LoginMes", login)).unwrap();
    stream.set_nonblocking(true).unwrap();
    SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
    let mut buffer = [0; 8_096];
    let mut n_heard = 0;
    while n_heard < n_ends {
        let n = read_once(&mut stream, &mut buffer[..4]);
        if n != 4 {
            return Err(format!("a header of {n} bytes"));
        }
        let length = u32::from_be_bytes(buffer[..4].try_into().unwrap()) as usize;
        let n = read_once(&mut stream, &mut buffer[..length]);
        if n != length {
            return Err(format!("{n} bytes of {length}"));
        }
        *n_frames += 1;
        n_heard += usize::from(String::from_utf8_lossy(&buffer[..length]).contains(END));
    }
    Ok(())
}

/// What is there, as soon as something is there: a reader that is woken, as Go's, is rarely so
/// quick that it sees half of something.
fn read_once(stream: &mut TcpStream, buffer: &mut [u8]) -> usize {
    let deadline = clock::now() + DEADLINE;
    loop {
        match stream.read(buffer) {
            Ok(n) => return n,
            Err(error) if error.kind() == ErrorKind::WouldBlock && clock::now() < deadline => {}
            Err(error) => panic!("the reader waits for a frame: {error}"),
        }
    }
}
