//! Every server of three is replaced, one after the other, while people talk: nothing is lost,
//! nothing comes twice, and nobody is away for long.

use std::collections::{BTreeMap, BTreeSet};
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use hubbub::client::{Client, Config, Update, Updates};
use hubbub::protocol::{Device, Password, RoomId, Text, UserId, Who};
use hubbub::{clock, threads};

use crate::support::peers::Course;
use crate::support::program::{run, server};
use crate::support::redis::Redis;
use crate::support::server::Server;
use crate::support::wire::{DEADLINE, Wire};

/// The people.
const PEOPLE: i64 = 6;

/// What they say ends with this.
const LAST: &str = "that was all";

/// Nobody is without a connection for longer. It takes some hundred milliseconds; the rest is for
/// a machine that does other things meanwhile.
const AWAY: Duration = Duration::from_secs(5);

/// A server whose clients know where to find it, also when it was started again, and its file.
fn node(store: &str, pid_file: &Path) -> (Server, String) {
    // Between finding a free port and using it somebody else may take it.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let address = format!("127.0.0.1:{port}");
    let listen = format!("frame={address}");
    let pid_file = pid_file.to_str().unwrap();
    let options = ["--listen", &listen, "--advertise", &address, "--pid-file", pid_file];
    (Server::start_on(store, &options), address)
}

/// Asks a server for the others until it knows so many.
fn until_known(server: &Server, n: usize) {
    loop {
        let mut course = Course { wire: Wire::connect(server.frames()), buffer: 65_536 };
        course.send("HelloMes", r#"{"version":1}"#);
        let (kind, data) = course.next("the servers");
        assert_eq!(kind, "HelloResMes");
        let data: serde_json::Value = serde_json::from_str(&data).unwrap();
        if data["servers"].as_array().is_some_and(|servers| servers.len() == n) {
            return;
        }
    }
}

/// What one of them went through.
#[derive(Debug, Default)]
struct Story {
    /// Ids of the lobby in the order in which they were shown, one's own included.
    heard: Vec<u64>,
    /// Ids under which own texts are stored.
    stored: Vec<u64>,
    /// Both of private rooms.
    private: BTreeMap<RoomId, (Vec<u64>, Vec<u64>)>,
    longest_away: Duration,
    n_moves: usize,
}

struct Person {
    client: Client,
    updates: Updates,
    /// What they tell each other is in another feed than the lobby, where there are two.
    friend: UserId,
    story: Story,
    away_since: Option<Instant>,
}

impl Person {
    fn enter(id: i64, address: &str) -> Self {
        let mut config = Config::new(address, "test/1");
        config.device = Device::new("desk");
        let (client, updates) = Client::start(config).unwrap();
        client.login(Who::Id(UserId(id)), Password::new("secret").unwrap()).unwrap();
        let is_friend = |other: &i64| RoomId::pair(UserId(id), UserId(*other)).feed(2) == 1;
        let friend = UserId((1..=PEOPLE).find(is_friend).unwrap_or(id));
        let story = Story::default();
        let mut person = Self { client, updates, friend, story, away_since: None };
        while !matches!(person.next(), Update::LoggedIn { .. }) {}
        person
    }

    fn next(&mut self) -> Update {
        let update = self.updates.next(DEADLINE).expect("news");
        match &update {
            Update::Said(said) => match said.room {
                RoomId::Lobby => self.story.heard.push(said.id.0),
                room => self.story.private.entry(room).or_default().0.push(said.id.0),
            },
            Update::Sent { id, room: RoomId::Lobby, .. } => self.story.stored.push(id.0),
            Update::Sent { id, room, .. } => {
                self.story.private.entry(*room).or_default().1.push(id.0);
            }
            Update::Disconnected { .. } => {
                self.away_since.get_or_insert_with(clock::now);
            }
            Update::LoggedIn { .. } => {
                if let Some(since) = self.away_since.take() {
                    self.story.longest_away = self.story.longest_away.max(since.elapsed());
                    self.story.n_moves += 1;
                }
            }
            _ => {}
        }
        update
    }

    /// Talks, a text after the other, until it is over; then listens until all have said so.
    fn live(mut self, is_over: &AtomicBool) -> Story {
        let mut n = 0;
        let mut n_over = 0;
        let mut is_last = false;
        loop {
            n += 1;
            is_last = is_last || is_over.load(Ordering::Acquire);
            let text = if is_last { LAST.to_owned() } else { format!("text {n}") };
            self.client.send(Some(self.friend), Text::new("psst").unwrap()).unwrap();
            self.client.send(None, Text::new(&text).unwrap()).unwrap();
            let n_stored = self.story.stored.len();
            while self.story.stored.len() == n_stored {
                n_over += usize::from(is_over_text(&self.next()));
            }
            if is_last {
                break;
            }
        }
        while n_over < PEOPLE as usize - 1 {
            n_over += usize::from(is_over_text(&self.next()));
        }
        assert_eq!(self.client.close(Duration::from_secs(5)).map(|left| left.len()), Some(0));
        self.story
    }
}

fn is_over_text(update: &Update) -> bool {
    matches!(update, Update::Said(said) if said.text == LAST)
}

#[test]
fn servers_are_replaced_under_the_people_without_a_loss() {
    let Some(redis) = Redis::start() else { return };
    replace_all(&redis.url());
}

#[test]
fn servers_of_two_redis_are_replaced_under_the_people_without_a_loss() {
    let Some((one, other)) = Redis::start().zip(Redis::start()) else { return };
    replace_all(&[one.url(), other.url()].join(","));
}

fn replace_all(store: &str) {
    let folder = tempfile::tempdir().unwrap();
    let pid_files = ["0", "1", "2"].map(|name| folder.path().join(name));
    let (mut nodes, addresses): (Vec<_>, Vec<_>) =
        pid_files.iter().map(|pid_file| node(store, pid_file)).unzip();
    nodes.iter().for_each(|node| until_known(node, 3));
    for id in 1..=PEOPLE {
        Course::join(nodes[0].frames(), id, &format!("p{id}"));
    }
    let is_over = Arc::new(AtomicBool::new(false));
    let people: Vec<JoinHandle<Story>> = (1..=PEOPLE)
        .map(|id| {
            // Each begins with one server; of the others it is told.
            let person = Person::enter(id, &addresses[id as usize % 3]);
            let is_over = Arc::clone(&is_over);
            threads::spawn(format!("person-{id}"), move || person.live(&is_over)).unwrap()
        })
        .collect();
    for (node, pid_file) in nodes.iter_mut().zip(&pid_files) {
        let drain = ["drain", "--pid-file", pid_file.to_str().unwrap()];
        let drained = run(server(folder.path(), &drain), "");
        assert_eq!(drained.code, Some(0), "{drained:?}");
        node.start_again();
    }
    is_over.store(true, Ordering::Release);
    let stories: Vec<_> = people.into_iter().map(|person| person.join().unwrap()).collect();
    let said: BTreeSet<u64> = stories.iter().flat_map(|story| story.stored.clone()).collect();
    let n_stored: usize = stories.iter().map(|story| story.stored.len()).sum();
    assert_eq!(said.len(), n_stored, "an id was given twice");
    assert!(said.iter().copied().eq(1..=n_stored as u64), "nothing was lost between them");
    for story in &stories {
        assert!(story.heard.is_sorted_by(|a, b| a < b), "once, and in order: {:?}", story.heard);
        let own: BTreeSet<_> = story.stored.iter().copied().collect();
        let all: BTreeSet<_> = story.heard.iter().copied().chain(own).collect();
        // Others may have said goodbye later than the last that this one waited for.
        assert!(all.is_subset(&said));
        let last_heard = story.heard.last().copied().unwrap_or_default();
        let expected = said.iter().copied().filter(|id| *id <= last_heard).count();
        assert_eq!(all.iter().filter(|id| **id <= last_heard).count(), expected, "no hole");
        assert!(story.longest_away < AWAY, "away for {:?}", story.longest_away);
        for (room, (heard, own)) in &story.private {
            assert!(heard.is_sorted_by(|a, b| a < b), "once, and in order in {room}: {heard:?}");
            let all: BTreeSet<_> = heard.iter().chain(own).copied().collect();
            let last = heard.iter().max().copied().unwrap_or_default();
            assert!((1..=last).all(|id| all.contains(&id)), "a hole in {room}: {all:?}");
        }
    }
    let n_moves: usize = stories.iter().map(|story| story.n_moves).sum();
    assert!(n_moves >= PEOPLE as usize, "only {n_moves} moves");
    let longest = stories.iter().map(|story| story.longest_away).max().unwrap_or_default();
    println!("{n_stored} texts, {n_moves} moves, away for {} ms at most", longest.as_millis());
}
