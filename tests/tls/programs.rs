//! Programs that others have written: `openssl s_client`, and Python's ssl.

use std::process::Command;

use super::server;
use crate::support::peers::Line;
use crate::support::program::run;
use crate::support::server::Server;

/// Is it installed? Says loudly what is left out where it is not.
fn has(program: &str, probe: &[&str]) -> bool {
    let is_there = Command::new(program).args(probe).output().is_ok_and(|out| out.status.success());
    if !is_there {
        println!("SKIPPED: there is no {program}; on Debian: apt-get install {program}");
    }
    is_there
}

fn authority(server: &Server) -> String {
    server.identity().authority().to_str().unwrap().to_owned()
}

#[test]
fn openssl_talks_as_a_person_and_hears_the_goodbye() {
    if !has("openssl", &["version"]) {
        return;
    }
    let server = server();
    let mut tom = Line::over(server.call(server.lines()));
    for version in ["-tls1_2", "-tls1_3"] {
        let mut command = Command::new("openssl");
        let port = server.lines().to_string();
        command.args(["s_client", "-quiet", version, "-verify_return_error", "-CAfile"]);
        command.args([&authority(&server), "-verify_hostname", "localhost", "-connect", &port]);
        let ended = run(command, &format!("by {version}\n/quit\n"));
        assert!(ended.out.ends_with("* bye\r\n"), "{ended:?}");
        assert!(ended.out.contains(&format!("by {version}\r\n")), "{ended:?}");
        assert_eq!(ended.code, Some(0), "{ended:?}");
        while !tom.next("what openssl says").ends_with(version) {}
    }
}

const PYTHON: &str = r#"
import json, socket, ssl, struct, sys
host, port, ca = sys.argv[1:]
context = ssl.create_default_context(cafile=ca)
def connect():
    return context.wrap_socket(socket.create_connection((host, int(port)), 30), server_hostname="localhost")
def say(s, kind, data):
    body = json.dumps({"type": kind, "data": json.dumps(data)}).encode()
    s.sendall(struct.pack(">I", len(body)) + body)
def hear(s):
    length = struct.unpack(">I", s.recv(4))[0]
    # As the Go client reads: one read for the whole body.
    body = json.loads(s.recv(length))
    return body["type"], json.loads(body["data"])
s = connect()
say(s, "RegisterMes", {"user": {"userId": 7, "userPwd": "secret", "userName": "py"}})
print(*hear(s)[1].values())
say(s, "LoginMes", {"userId": 7, "userPwd": "secret", "userName": ""})
print(hear(s)[1]["code"])
other = connect()
say(other, "RegisterMes", {"user": {"userId": 8, "userPwd": "secret", "userName": "two"}})
hear(other)
say(other, "LoginMes", {"userId": 8, "userPwd": "secret", "userName": ""})
hear(other)
print(hear(s)[0])
for n in range(50):
    say(other, "SmsMes", {"content": str(n) + "y" * 3000, "userId": 8})
print([hear(s)[1]["content"][:2].rstrip("y") for n in range(50)] == [str(n) for n in range(50)])
other.unwrap()
print(hear(s))
s.close()
"#;

#[test]
fn python_talks_as_a_client_of_the_course() {
    if !has("python3", &["-c", "import ssl"]) {
        return;
    }
    let server = server();
    let mut command = Command::new("python3");
    let (host, port) = (server.any().ip().to_string(), server.any().port().to_string());
    command.args(["-c", PYTHON, &host, &port, &authority(&server)]);
    let ended = run(command, "");
    let left = "('NotifyUserStatusMes', {'userId': 8, 'status': 1})";
    let expected = ["200 ", "200", "NotifyUserStatusMes", "True", left];
    assert_eq!(ended.out.lines().collect::<Vec<_>>(), expected, "{ended:?}");
}
