//! Where the kernel has no room: few descriptors, none left, no memory for another thread. Who
//! does not fit is told so, who is in goes on, and when there is room again others come in.

use std::fs;

use hubbub::clock;
use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};

use crate::support::peers::Line;
use crate::support::server::Server;
use crate::support::wire::DEADLINE;

const FULL: &str = "* the server is full; try again later";

/// Sets a limit of the running server.
fn limit(server: &Server, resource: Resource, current: u64) {
    let pid = Pid::from_raw(i32::try_from(server.pid()).unwrap());
    let limit = Rlimit { current: Some(current), maximum: getrlimit(resource).maximum };
    prlimit(pid, resource, limit).unwrap();
}

fn count_threads(server: &Server) -> usize {
    fs::read_dir(format!("/proc/{}/task", server.pid())).unwrap().count()
}

/// Bytes of address space that it has.
fn size(server: &Server) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let size = status.lines().find_map(|line| line.strip_prefix("VmSize:")).unwrap();
    size.trim().strip_suffix(" kB").unwrap().trim().parse::<u64>().unwrap() * 1024
}

/// Comes in as soon as there is room.
fn enter_again(server: &Server) -> Line {
    let by = clock::now() + DEADLINE;
    loop {
        let mut line = Line::connect(server.lines());
        if line.next("a greeting or a refusal") != FULL {
            return line;
        }
        assert!(clock::now() < by, "there is no room again");
    }
}

#[test]
fn a_server_with_few_descriptors_refuses_politely_and_has_room_again() {
    let wrapper = ["sh", "-c", "ulimit -n 110; exec \"$@\"", "sh"];
    let server = Server::start_within(&wrapper, "memory:", &[]);
    let mut inside: Vec<_> = (0..10).map(|_| Line::enter(server.lines())).collect();
    for _ in 0..20 {
        let mut line = Line::connect(server.lines());
        line.expect(FULL);
        line.wire.expect_end();
    }
    inside.pop().unwrap().wire.close();
    enter_again(&server);
    assert!(!server.log().contains("cannot accept"));
}

#[test]
fn where_no_descriptor_is_left_who_is_in_goes_on_and_others_come_later() {
    let server = Server::start();
    let mut inside = Line::enter(server.lines());
    // Its standard streams have these three, so no other number is free.
    limit(&server, Resource::Nofile, 3);
    let mut others: Vec<_> = (0..10).map(|_| Line::connect(server.lines())).collect();
    server.expect_in_log("cannot accept");
    inside.say("still here");
    while !inside.next("its own text").ends_with(": still here") {}
    limit(&server, Resource::Nofile, 1_000);
    for other in &mut others {
        assert!(other.next("a greeting").ends_with("login!!!"));
    }
}

#[test]
fn where_no_memory_is_left_for_a_thread_nothing_ends_but_the_newcomer() {
    const MIB: u64 = 1024 * 1024;
    // One arena of malloc's: others would keep 64 MiB of address space each when they are empty.
    let server = Server::start_within(&["env", "MALLOC_ARENA_MAX=1"], "", &[]);
    let mut inside = Line::enter(server.lines());
    let n_threads = count_threads(&server);
    for _ in 0..2 {
        limit(&server, Resource::As, size(&server) + 128 * MIB);
        let mut many = Vec::new();
        loop {
            assert!(many.len() < 2_000, "the limit does not bite");
            let mut line = Line::connect(server.lines());
            if line.next("a greeting or a refusal") == FULL {
                line.wire.expect_end();
                break;
            }
            many.push(line);
        }
        // The wall is pushed against from all sides. What one of them gives back may let another
        // one in.
        let mut crowd: Vec<_> = (0..100).map(|_| Line::connect(server.lines())).collect();
        let answers: Vec<_> = crowd.iter_mut().map(|line| line.next("an answer")).collect();
        let n_refused = answers.iter().filter(|answer| *answer == FULL).count();
        assert!(n_refused > 50, "{n_refused} of 100 were refused");
        inside.say("still here");
        while !inside.next("its own text").ends_with(": still here") {}
        drop((many, crowd));
        let by = clock::now() + DEADLINE;
        while count_threads(&server) > n_threads {
            assert!(clock::now() < by, "threads are left over");
            std::thread::yield_now();
        }
        drop(enter_again(&server));
    }
    assert!(!server.log().contains("panicked"), "a thread panicked");
}
