//! Who may do what in a room: the table of docs/moderation.md against the servers, over every
//! front and every store. Chance chooses what is tried; what a case is about is told when it fails.
//! Who the table keeps out is told nothing of what was said, and of a hidden room not even its name.

mod asked;

use hubbub::dao::STORES;
use hubbub::protocol::{ErrorCode, Role, RoomKind};
use hubbub::state::Rank;
use hubbub::texts::{self, Lang};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use crate::rooms::frames;
use crate::rooms::lines::come;
use crate::support::more_cases;
use crate::support::peers::{Course, Extended, Line};
use crate::support::program;
use crate::support::redis::Redis;
use crate::support::server::Server;
use asked::{framed, looks, typed};

const PAGE: &str = include_str!("../../docs/moderation.md");

/// Cases for each store; `HUBBUB_FUZZ_RUNS` says how many more.
const CASES: u32 = 60;

/// Whom acts are done to.
const TARGET: i64 = 300;

/// Who has a client without hello.
const COURSE: i64 = 202;

/// A row of the document.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    act: String,
    open: Rank,
    closed: Rank,
    over: bool,
    operator: bool,
}

fn rows() -> Vec<Row> {
    let rank = |cell: &str| {
        let named = |rank: &&Rank| format!("{rank:?}").to_lowercase() == cell;
        *Rank::ALL.iter().chain(&[Rank::Nobody]).find(named).expect(cell)
    };
    let table = PAGE.lines().skip_while(|line| !line.starts_with("| act |")).skip(2);
    let row = |line: &str| {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        Row {
            act: cells[1].trim_matches('`').to_owned(),
            open: rank(cells[2]),
            closed: rank(cells[3]),
            over: cells[4] == "yes",
            operator: cells[5] == "always",
        }
    };
    table.take_while(|line| line.starts_with('|')).map(row).collect()
}

/// Who tries it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Ranked(Rank),
    /// An operator who is not in the room.
    Operator,
}

/// How it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Front {
    /// At a terminal.
    Line,
    /// By frames, after hello.
    Frame,
    /// By the same frames without hello, which has no words for rooms: whatever is asked for, only
    /// what others see of it tells what came of it.
    Course,
}

#[derive(Clone, Debug)]
struct Case {
    row: Row,
    kind: RoomKind,
    who: Who,
    target: Role,
    front: Front,
    /// The room is named, not numbered.
    named: bool,
}

impl Case {
    fn rank(&self) -> Rank {
        match self.who {
            Who::Ranked(rank) => rank,
            Who::Operator => Rank::Stranger,
        }
    }

    fn is_in(&self) -> bool {
        self.rank() >= Rank::Visitor
    }

    /// What the document says.
    fn is_allowed(&self) -> bool {
        if self.who == Who::Operator && self.row.operator {
            return true;
        }
        let least = if self.kind == RoomKind::Open { self.row.open } else { self.row.closed };
        let is_below = !self.row.over || Rank::of(self.target) < self.rank();
        self.rank() >= least && is_below
    }

    /// There is no such room, for this one.
    fn is_hidden(&self) -> bool {
        self.kind == RoomKind::Hidden && self.who != Who::Operator && self.rank() < Rank::Invited
    }

    /// Can it be asked at all? Frames have no guests; at a terminal most is about the room that one
    /// talks in.
    fn can_be(&self) -> bool {
        let by_name = ["join", "part", "members", "close"].contains(&self.row.act.as_str());
        let is_guest = matches!(self.who, Who::Ranked(Rank::Guest | Rank::Visitor));
        match self.front {
            Front::Line => self.who != Who::Operator && (self.is_in() || by_name),
            Front::Frame => !is_guest,
            Front::Course => !is_guest && self.who != Who::Operator,
        }
    }
}

fn case(has_operator: bool) -> impl Strategy<Value = Case> {
    let mut who: Vec<_> = Rank::ALL.iter().map(|rank| Who::Ranked(*rank)).collect();
    if has_operator {
        who.extend([Who::Operator; 2]);
    }
    let kinds = vec![RoomKind::Open, RoomKind::Invite, RoomKind::Hidden];
    let targets = vec![Role::Member, Role::Moderator, Role::Owner];
    let select = prop::sample::select::<Who>;
    (
        prop::sample::select(rows()),
        prop::sample::select(kinds),
        select(who),
        prop::sample::select(targets),
        prop::sample::select(vec![Front::Line, Front::Frame, Front::Frame, Front::Course]),
        any::<bool>(),
    )
        .prop_map(|(row, kind, who, target, front, named)| Case {
            row,
            kind,
            who,
            target,
            front,
            named,
        })
        .prop_filter("cannot be asked", Case::can_be)
}

/// Everybody who takes part. Rooms are made by the owner, a new one for each case.
struct Cast {
    owner: Extended,
    target: Extended,
    frame: Extended,
    operator: Option<Extended>,
    line: Line,
    guest: Line,
    /// One account without hello, and with it on another device.
    course: Course,
    phone: Extended,
    n_cases: usize,
}

/// What somebody was told, as far as a mark that comes behind it.
type Told = Vec<String>;

impl Cast {
    fn new(server: &Server, has_operator: bool) -> Self {
        let enter = |id, name| Extended::enter(server.frames(), (id, name), "laptop");
        let operator = || Extended::come_back(server.frames(), 50, "laptop");
        Self {
            owner: enter(100, "owner"),
            target: enter(TARGET, "target"),
            frame: enter(200, "frame"),
            operator: has_operator.then(operator),
            line: come(server, 201, "line"),
            guest: Line::enter(server.lines()),
            course: Course::enter(server.frames(), COURSE, "course"),
            phone: Extended::come_back(server.frames(), COURSE, "phone"),
            n_cases: 0,
        }
    }

    fn play(&mut self, case: &Case) {
        self.n_cases += 1;
        let name = format!("room{}", self.n_cases);
        let room = frames_create(&mut self.owner, &name);
        let stage = Stage { room, name, secret: format!("secret{}", self.n_cases) };
        self.set(&stage, case);
        if case.front == Front::Course {
            self.try_without_hello(&stage, case);
            return self.ask_owner(&json!({"act": "close", "room": stage.room}));
        }
        let (told, refusal) = self.act(&stage, case);
        let what = format!("{case:?}: {told:?}");
        assert_eq!(refusal.is_none(), case.is_allowed(), "{refusal:?} {what}");
        if case.is_hidden() && case.row.open != Rank::Nobody {
            let code = refusal.as_deref();
            assert!(matches!(code, Some("unknown_room" | "not_member")), "{code:?} {what}");
        }
        let looks = case.row.act != "join" || !case.is_allowed();
        if !case.is_in() && case.front == Front::Frame && looks {
            self.look(&stage, case);
        }
        self.ask_owner(&json!({"act": "close", "room": stage.room}));
    }

    /// The room as the case wants it, and everybody what they are in it.
    fn set(&mut self, stage: &Stage, case: &Case) {
        let Stage { room, secret, .. } = stage;
        join(&mut self.target, room);
        let role = |id: i64, role: Role| json!({"act": "role", "room": room, "whomId": id, "role": role.name()});
        self.ask_owner(&role(TARGET, case.target));
        frames::say(&mut self.target, room, secret);
        let id = match case.front {
            Front::Line => 201,
            Front::Frame => 200,
            Front::Course => COURSE,
        };
        match case.who {
            Who::Ranked(Rank::Visitor) => enter_by_line(&mut self.guest, &stage.name),
            Who::Ranked(rank) if rank > Rank::Visitor => {
                match case.front {
                    Front::Line => enter_by_line(&mut self.line, &stage.name),
                    Front::Frame => join(&mut self.frame, room),
                    Front::Course => join(&mut self.phone, room),
                }
                let as_what = match rank {
                    Rank::Owner => Role::Owner,
                    Rank::Moderator => Role::Moderator,
                    _ => Role::Member,
                };
                self.ask_owner(&role(id, as_what));
            }
            Who::Ranked(Rank::Invited) => {
                self.ask_owner(&json!({"act": "invite", "room": room, "whomId": id}));
            }
            Who::Ranked(_) | Who::Operator => {}
        }
        let access = case.kind.name();
        self.ask_owner(&json!({"act": "set", "room": room, "access": access, "guests": true}));
        // What was told so far is told, so it does not stand among the answers.
        mark_frame(&mut self.target);
        match (case.front, case.who) {
            (Front::Line, Who::Ranked(Rank::Guest | Rank::Visitor)) => {
                drop(mark_line(&mut self.guest));
            }
            (Front::Line, _) => drop(mark_line(&mut self.line)),
            (Front::Frame, Who::Operator) => drop(self.operator.as_mut().map(mark_frame)),
            (Front::Frame, _) => drop(mark_frame(&mut self.frame)),
            (Front::Course, _) => drop(mark_frame(&mut self.phone)),
        }
    }

    /// Does it; what was told, and the refusal.
    fn act(&mut self, stage: &Stage, case: &Case) -> (Told, Option<String>) {
        if case.front == Front::Line {
            let is_guest = matches!(case.who, Who::Ranked(Rank::Guest | Rank::Visitor));
            let line = if is_guest { &mut self.guest } else { &mut self.line };
            line.say(&typed(&case.row.act, &stage.name));
            let told = mark_line(line);
            let refusal = told.iter().find_map(|line| code_of(line));
            return (told, refusal);
        }
        let peer = match case.who {
            Who::Operator => self.operator.as_mut().unwrap(),
            Who::Ranked(_) => &mut self.frame,
        };
        let (kind, data) = framed(&case.row.act, &stage.called(case));
        peer.send(kind, &data.to_string());
        let told = mark_frame(peer);
        let refusal = told.iter().find_map(|(kind, data)| match kind.as_str() {
            "ErrorMes" | "AckMes" => data["code"].as_str().map(str::to_owned),
            _ => None,
        });
        (told.iter().map(|(kind, data)| format!("{kind} {data}")).collect(), refusal)
    }

    /// Who is not in it finds nothing of it, wherever they look.
    fn look(&mut self, stage: &Stage, case: &Case) {
        let peer = match case.who {
            Who::Operator => self.operator.as_mut().unwrap(),
            Who::Ranked(_) => &mut self.frame,
        };
        let room = stage.called(case);
        for (kind, data) in looks(&room) {
            peer.send(kind, &data.to_string());
        }
        for (kind, data) in mark_frame(peer) {
            let text = data.to_string();
            assert!(!text.contains(&stage.secret), "{case:?} is told {kind} {text}");
            let name = format!("\"#{}\"", stage.name);
            assert!(!case.is_hidden() || !text.contains(&name), "{case:?} finds {kind} {text}");
            let is_list = kind == "MembersResMes";
            assert!(!is_list || case.who == Who::Operator, "{case:?} counts {text}");
        }
    }

    /// Nobody else sees anything of what is not allowed, and the client itself nothing at all.
    fn try_without_hello(&mut self, stage: &Stage, case: &Case) {
        let called = stage.called(case);
        let mut asks = vec![framed(&case.row.act, &called)];
        if !case.is_in() {
            asks.extend(looks(&called));
        }
        for (kind, data) in &asks {
            self.course.send(kind, &data.to_string());
        }
        // What one asks for is done in this order.
        let mark = next_mark();
        self.course.say(COURSE, &mark);
        let mut seen = Vec::new();
        loop {
            let (kind, data) = self.owner.next(&mark);
            if kind == "SmsMes" && data["content"] == mark.as_str() {
                break;
            }
            if data["userId"] == COURSE && kind != "NotifyUserStatusMes" {
                seen.push(format!("{kind} {data}"));
            }
        }
        assert!(seen.is_empty() || case.is_allowed(), "{case:?}: {seen:?}");
        let mark = next_mark();
        self.owner.say(&mark, &mark);
        loop {
            let (kind, data) = self.course.next(&mark);
            assert!(!data.contains(&stage.secret), "{case:?} is told {kind} {data}");
            assert!(!data.contains(&stage.name), "{case:?} finds {kind} {data}");
            if data.contains(&mark) {
                return;
            }
        }
    }

    /// The owner does something and waits until it is done.
    fn ask_owner(&mut self, ask: &Value) {
        frames::ask(&mut self.owner, ask);
        drop(mark_frame(&mut self.owner));
    }
}

/// The room of a case.
struct Stage {
    room: String,
    name: String,
    secret: String,
}

impl Stage {
    fn called(&self, case: &Case) -> String {
        if case.named { format!("#{}", self.name) } else { self.room.clone() }
    }
}

fn frames_create(owner: &mut Extended, name: &str) -> String {
    frames::ask(owner, &json!({"act": "create", "room": name, "guests": true}));
    let told = mark_frame(owner);
    let entered = told.iter().find(|(kind, data)| kind == "RoomMes" && data["act"] == "entered");
    entered.unwrap_or_else(|| panic!("{told:?}")).1["room"].as_str().unwrap().to_owned()
}

fn join(peer: &mut Extended, room: &str) {
    frames::ask(peer, &json!({"act": "join", "room": room}));
    let told = mark_frame(peer);
    assert!(told.iter().any(|(_, data)| data["act"] == "entered"), "{told:?}");
}

fn enter_by_line(line: &mut Line, name: &str) {
    line.say(&format!("/join {name}"));
    let told = mark_line(line);
    assert!(told.iter().any(|said| said.starts_with("* what you type goes to")), "{told:?}");
}

/// Numbers of marks: none is used twice.
fn next_mark() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("mark{}.", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Everything told before the answer to something that waits for all that was asked before.
fn mark_frame(peer: &mut Extended) -> Vec<(String, Value)> {
    let mark = next_mark();
    peer.send("AwayMes", &json!({"state": "away", "text": mark}).to_string());
    let mut told = Vec::new();
    loop {
        let (kind, data) = peer.next(&mark);
        if kind == "AwayMes" && data["text"] == mark.as_str() {
            return told;
        }
        told.push((kind, data));
    }
}

fn mark_line(line: &mut Line) -> Told {
    let mark = next_mark();
    line.say(&format!("/away {mark}"));
    let mut told = Vec::new();
    loop {
        let next = line.next(&mark);
        if next.starts_with("* you are away") && next.contains(&mark) {
            return told;
        }
        told.push(next);
    }
}

/// The code of a line that refuses something.
fn code_of(line: &str) -> Option<String> {
    let told = line.strip_prefix("* ")?;
    let is_told = |code: &ErrorCode| told == texts::error(*code, Lang::En);
    let codes = ErrorCode::NAMES.iter().map(|(code, _)| code);
    codes.copied().find(is_told).map(|code| code.name().to_owned())
}

#[test]
fn nobody_does_reads_counts_or_finds_what_the_table_denies() {
    for kind in STORES {
        let redis = if kind.scheme == "redis" { Redis::start() } else { None };
        let url = match (kind.scheme, &redis) {
            ("sqlite", _) => String::new(),
            ("redis", Some(redis)) => redis.url(),
            ("redis", None) => continue,
            (scheme, _) => format!("{scheme}:"),
        };
        let server = Server::start_on(&url, &[]);
        Course::join(server.frames(), 400, "invited");
        // Nobody can make an operator in a store that only its server can reach.
        let has_operator = kind.scheme != "memory";
        if has_operator {
            make_operator(&server, &url);
        }
        let cast = std::cell::RefCell::new(Cast::new(&server, has_operator));
        let cases = CASES + more_cases();
        let config = Config { cases, failure_persistence: None, ..Config::default() };
        let checked = TestRunner::new(config).run(&case(has_operator), |case| {
            cast.borrow_mut().play(&case);
            Ok(())
        });
        checked.unwrap_or_else(|failure| panic!("{}: {failure}", kind.scheme));
    }
}

fn make_operator(server: &Server, url: &str) {
    let mut store = Vec::new();
    if !url.is_empty() {
        store.extend(["--store", url]);
    }
    for words in [["add", "50", "operator"].as_slice(), &["operator", "50"]] {
        let args: Vec<_> = ["user"].iter().chain(&store).chain(words).copied().collect();
        let ended = program::run(program::server(server.home(), &args), "secret\n");
        assert_eq!(ended.code, Some(0), "{}", ended.err);
    }
}
