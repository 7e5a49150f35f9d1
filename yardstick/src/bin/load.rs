//! The load generator: `load WORKLOAD --help` says what each takes.
//!
//! Results go to standard output as a table, and as JSON lines to `--out`; progress and trouble
//! to standard error. Ends with 1 if anything was lost, repeated or out of order.

use std::error::Error;
use std::fs;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use serde_json::Value;
use yardstick::clock;
use yardstick::crowd::{Crowd, Seal, ignore, raise_limits};
use yardstick::dialect::{self, DIALECTS, Dialect, Manner, Newcomers, Who};
use yardstick::proc::{self, Pids};
use yardstick::report::{Row, table};
use yardstick::workload::fanout::Room;
use yardstick::workload::{Letters, Pace, QUIET, fanout, idle, pairs, slow, stored, storm};

/// How long the server is warmed up before the first phase.
const WARM_UP: Duration = Duration::from_millis(300);

/// Measures a chat server, and checks that every receiver gets everything once and in order.
#[derive(Parser, Debug)]
struct Cli {
    #[command(subcommand)]
    workload: Workload,
}

#[derive(Subcommand, Debug)]
enum Workload {
    /// Makes accounts on our server and keeps their tokens in a file, for the others.
    Accounts {
        #[command(flatten)]
        target: Target,
        #[command(flatten)]
        people: People,
    },
    /// A few speak, everybody hears it.
    Fanout {
        #[command(flatten)]
        target: Target,
        #[command(flatten)]
        people: People,
        /// How many of them speak.
        #[arg(long, default_value_t = 1)]
        senders: usize,
        /// Phases: w16 keeps 16 texts on their way, r50 sends 50 a second.
        #[arg(long, default_value = "w1,w16,w256,r50", value_delimiter = ',', value_parser = Pace::read)]
        phases: Vec<Pace>,
        #[command(flatten)]
        texts: Texts,
    },
    /// Two and two write to each other, an answer for each text.
    Pairs {
        #[command(flatten)]
        target: Target,
        #[command(flatten)]
        people: People,
        /// Texts on their way at once, each way of each pair.
        #[arg(long, default_value_t = 1)]
        depth: u64,
        /// Milliseconds before an answer.
        #[arg(long, default_value_t = 0)]
        pause: u64,
        /// In another run on the same server at most so many speak to all: passed over.
        #[arg(long, default_value_t = 0)]
        others: usize,
        #[command(flatten)]
        texts: Texts,
    },
    /// Everybody writes to somebody who is away, and again when that is stored.
    Stored {
        #[command(flatten)]
        target: Target,
        #[command(flatten)]
        people: People,
        /// Texts of each on their way at once.
        #[arg(long, default_value_t = 1)]
        depth: u64,
        #[command(flatten)]
        texts: Texts,
    },
    /// Comes in and says nothing.
    Idle {
        #[command(flatten)]
        target: Target,
        #[command(flatten)]
        people: People,
        /// How long to say nothing.
        #[arg(long, default_value_t = 10.0)]
        secs: f64,
    },
    /// The server is restarted, and everybody comes back at once. When everybody is in, `restart`
    /// stands on a line of standard output; then the server is to be restarted, and a line of
    /// standard input to say its new process, once that listens.
    Storm {
        #[command(flatten)]
        target: Target,
        #[command(flatten)]
        people: People,
        /// Come back by password.
        #[arg(long)]
        by_password: bool,
    },
    /// Some stop reading, and come back.
    Slow {
        #[command(flatten)]
        target: Target,
        #[command(flatten)]
        people: People,
        /// How many stop reading.
        #[arg(long, default_value_t = 10)]
        slow: usize,
        /// How fast one of the others speaks.
        #[arg(long, default_value = "w16", value_parser = Pace::read)]
        pace: Pace,
        #[command(flatten)]
        texts: Texts,
    },
}

#[derive(Args, Debug)]
struct Target {
    /// The server; of several, with commas between, everybody goes to one in turn.
    #[arg(long, required = true, value_delimiter = ',')]
    addr: Vec<SocketAddr>,
    /// Its process, to see what it costs; of several, with commas between, their sum.
    #[arg(long, value_delimiter = ',')]
    pid: Vec<u32>,
    /// What it speaks.
    #[arg(long, default_value = "frames", value_parser = DIALECTS.iter().map(|row| row.0).collect::<Vec<_>>())]
    dialect: String,
    /// Speak TLS, and trust the authority in this PEM file, as `server cert new` makes it.
    #[arg(long, value_name = "CA.pem")]
    tls: Option<PathBuf>,
    /// What to call it in the results; otherwise its dialect.
    #[arg(long)]
    label: Option<String>,
    /// More to put into each line of results: NAME=VALUE.
    #[arg(long = "set", value_name = "NAME=VALUE")]
    settings: Vec<String>,
    /// Where the results are added, as JSON lines.
    #[arg(long)]
    out: Option<PathBuf>,
}

impl Target {
    fn pids(&self) -> Pids {
        Pids::new(&self.pid)
    }

    /// Where to connect, and how.
    fn server(&self) -> io::Result<(Vec<SocketAddr>, Option<Seal>)> {
        Ok((self.addr.clone(), self.tls.as_deref().map(Seal::by_authority).transpose()?))
    }
}

#[derive(Args, Debug)]
struct People {
    /// How many connect (fanout: besides those who speak).
    #[arg(long, default_value_t = 1000)]
    n: usize,
    /// How many may be coming in at once [64; irc 8, passwords 4].
    #[arg(long)]
    at_once: Option<usize>,
    /// Tokens of accounts, a line each; without it they come by password.
    #[arg(long)]
    tokens: Option<PathBuf>,
    /// The id of the first account.
    #[arg(long, default_value_t = 100_000)]
    first_id: u64,
    /// How many clients share a source address.
    #[arg(long, default_value_t = 20_000)]
    per_source: usize,
}

#[derive(Args, Debug)]
struct Texts {
    /// Bytes of a text.
    #[arg(long, default_value_t = 100)]
    size: usize,
    /// How long a phase is.
    #[arg(long, default_value_t = 3.0)]
    secs: f64,
}

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    raise_limits();
    match run(Cli::parse().workload) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(n) => {
            eprintln!("{n} texts were lost, repeated or refused");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("load: {error}");
            ExitCode::FAILURE
        }
    }
}

/// How many texts are at fault.
fn run(workload: Workload) -> Outcome<u64> {
    match workload {
        Workload::Accounts { target, people } => accounts(&target, &people).map(|()| 0),
        Workload::Fanout { target, people, senders, phases, texts } => {
            fan_out(&target, &people, (senders, &phases), &texts)
        }
        Workload::Pairs { target, people, depth, pause, others, texts } => {
            let pause = Duration::from_millis(pause);
            let (size, pids) = (texts.size, target.pids());
            let letters = Letters { depth, size, pause, n_others: others, pids };
            two_and_two(&target, &people, letters, span(texts.secs))
        }
        Workload::Stored { target, people, depth, texts } => {
            to_the_absent(&target, &people, depth, &texts)
        }
        Workload::Idle { target, people, secs } => come(&target, &people, span(secs)),
        Workload::Storm { target, people, by_password } => come_back(&target, &people, by_password),
        Workload::Slow { target, people, slow, pace, texts } => {
            stop_reading(&target, &people, (slow, pace), &texts)
        }
    }
}

fn fan_out(
    target: &Target,
    people: &People,
    (n_senders, phases): (usize, &[Pace]),
    texts: &Texts,
) -> Outcome<u64> {
    let mut crowd = crowd(target, people, people.n + n_senders, n_senders, false)?;
    enter(&mut crowd, people, people.n + n_senders)?;
    let room = Room { n_senders, n_mute: 0, size: texts.size, pids: target.pids() };
    let mut all = Results::new("fanout", target, people);
    all.warmed_up(&fanout::run(&mut crowd, room, Pace::Window(4), WARM_UP)?.1);
    for pace in phases {
        let (phase, row) = fanout::run(&mut crowd, room, *pace, span(texts.secs))?;
        crowd.acknowledge(phase.last_id);
        all.add(row)?;
    }
    Ok(all.finish())
}

fn two_and_two(target: &Target, people: &People, letters: Letters, span: Duration) -> Outcome<u64> {
    let n = people.n & !1;
    let mut crowd = crowd(target, people, n, 0, true)?;
    come_in(&mut crowd, people, n)?;
    // Where others speak it never is quiet.
    match letters.n_others {
        0 => crowd.settle(QUIET)?,
        _ => crowd.stay(QUIET)?,
    }
    let mut all = Results::new("pairs", target, people);
    all.warmed_up(&pairs::run(&mut crowd, letters, WARM_UP)?);
    all.add(pairs::run(&mut crowd, letters, span)?)?;
    Ok(all.finish())
}

/// The last one has an account, and stays away.
fn to_the_absent(target: &Target, people: &People, depth: u64, texts: &Texts) -> Outcome<u64> {
    let mut crowd = crowd(target, people, people.n + 1, 0, true)?;
    if !crowd.dialect.acknowledges() {
        return Err("only frames are acknowledged".into());
    }
    enter(&mut crowd, people, people.n)?;
    let (size, pause, pids) = (texts.size, Duration::ZERO, target.pids());
    let letters = Letters { depth, size, pause, n_others: 0, pids };
    let mut all = Results::new("stored", target, people);
    all.warmed_up(&stored::run(&mut crowd, letters, WARM_UP)?);
    all.add(stored::run(&mut crowd, letters, span(texts.secs))?)?;
    Ok(all.finish())
}

fn stop_reading(
    target: &Target,
    people: &People,
    (n_slow, pace): (usize, Pace),
    texts: &Texts,
) -> Outcome<u64> {
    let n = people.n + 1;
    let mut crowd = crowd(target, people, n, 1, false)?;
    (n.saturating_sub(n_slow)..n).for_each(|peer| crowd.make_small(peer));
    enter(&mut crowd, people, n)?;
    let room = Room { n_senders: 1, n_mute: 0, size: texts.size, pids: target.pids() };
    let mut all = Results::new("slow", target, people);
    for row in slow::run(&mut crowd, room, (pace, span(texts.secs)), n_slow)? {
        all.add(row)?;
    }
    Ok(all.finish())
}

fn span(secs: f64) -> Duration {
    Duration::try_from_secs_f64(secs).unwrap_or_default()
}

/// Comes in and stays.
fn come(target: &Target, people: &People, span: Duration) -> Outcome<u64> {
    let mut crowd = crowd(target, people, people.n, 0, false)?;
    let n_at_once = people.at_once.unwrap_or(crowd.dialect.n_at_once());
    let mut all = Results::new("idle", target, people);
    for row in idle::run(&mut crowd, n_at_once, span, target.pids())? {
        all.add(row)?;
    }
    Ok(all.finish())
}

/// Comes in at leisure, and back all at once.
fn come_back(target: &Target, people: &People, by_password: bool) -> Outcome<u64> {
    let mut crowd = crowd(target, people, people.n, 0, false)?;
    let n_at_first = crowd.dialect.n_at_once();
    let n_at_once = people.at_once.unwrap_or(people.n);
    let mut all = Results::new("storm", target, people);
    let restart = storm::Restart { server: &mut wait_for_restart, by_password, n_at_once };
    all.add(storm::run(&mut crowd, n_at_first, restart)?)?;
    Ok(all.finish())
}

/// Asks whoever started this for a restart of the server: its new process.
fn wait_for_restart() -> io::Result<u32> {
    println!("restart");
    io::stdout().flush()?;
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    line.trim().parse().map_err(|_| io::Error::other("no process was given after the restart"))
}

/// `n` people, the first `n_speakers` of whom speak.
fn crowd(
    target: &Target,
    people: &People,
    n: usize,
    n_speakers: usize,
    pairs: bool,
) -> Outcome<Crowd> {
    let dialect = dialect::named(&target.dialect, Manner { pairs }).ok_or("no such dialect")?;
    let mut tokens = match &people.tokens {
        Some(path) if target.dialect == "frames" => read_tokens(path)?,
        _ => Vec::new(),
    }
    .into_iter();
    let who = |index| {
        let account = tokens.next();
        let id = account.as_ref().map_or(people.first_id + index as u64, |account| account.0);
        let token = account.map(|account| account.1);
        Who { index, id, token, is_speaker: index < n_speakers }
    };
    let all: Vec<Who> = (0..n).map(who).collect();
    if people.tokens.is_some() && all.iter().any(|who| who.token.is_none()) {
        return Err(format!("{n} tokens are needed: make more by `load accounts`").into());
    }
    Ok(Crowd::new(target.server()?, dialect, all, people.per_source)?)
}

/// The first `n` come in, and all have heard of it.
fn enter(crowd: &mut Crowd, people: &People, n: usize) -> Outcome<()> {
    come_in(crowd, people, n)?;
    Ok(crowd.settle(QUIET)?)
}

fn come_in(crowd: &mut Crowd, people: &People, n: usize) -> Outcome<()> {
    let everybody: Vec<usize> = (0..n).collect();
    let n_at_once = people.at_once.unwrap_or(crowd.dialect.n_at_once());
    crowd.bring_in(&everybody, n_at_once, &mut ignore)?;
    Ok(())
}

/// Makes what is missing in the file of tokens.
fn accounts(target: &Target, people: &People) -> Outcome<()> {
    let path = people.tokens.as_deref().ok_or("say where the tokens go: --tokens FILE")?;
    let known = if path.exists() { read_tokens(path)? } else { Vec::new() };
    let is_known = |id: &u64| known.iter().any(|account| account.0 == *id);
    let ids = (people.first_id..).take(people.n).filter(|id| !is_known(id));
    let who = |(index, id)| Who { index, id, ..Who::default() };
    let all: Vec<Who> = ids.enumerate().map(who).collect();
    let everybody: Vec<usize> = (0..all.len()).collect();
    let newcomers = Newcomers::default();
    let n_at_once = people.at_once.unwrap_or(newcomers.n_at_once());
    let made = newcomers.tokens();
    let mut crowd = Crowd::new(target.server()?, Box::new(newcomers), all, people.per_source)?;
    let result = crowd.bring_in(&everybody, n_at_once, &mut ignore);
    write_tokens(path, &made.borrow())?;
    result?;
    println!("{} accounts made, {} were there", made.borrow().len(), known.len());
    Ok(())
}

fn read_tokens(path: &Path) -> Outcome<Vec<(u64, String)>> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let account = |line: &str| {
        let (id, token) = line.split_once(' ')?;
        Some((id.parse().ok()?, token.to_owned()))
    };
    let wrong = || format!("{}: no tokens", path.display());
    Ok(text.lines().map(account).collect::<Option<Vec<_>>>().ok_or_else(wrong)?)
}

/// Adds to the file, which is for the owner alone: a token is as good as a password.
fn write_tokens(path: &Path, tokens: &[(u64, String)]) -> Outcome<()> {
    let mut file = fs::OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
    let lines = tokens.iter().map(|(id, token)| format!("{id} {token}\n"));
    Ok(file.write_all(lines.collect::<String>().as_bytes())?)
}

/// Rows as they come: to the file at once, to the screen in the end.
struct Results<'a> {
    name: String,
    target: &'a Target,
    n: usize,
    rows: Vec<Row>,
    n_faults: u64,
}

impl<'a> Results<'a> {
    fn new(name: &str, target: &'a Target, people: &People) -> Self {
        Self { name: name.to_owned(), target, n: people.n, rows: Vec::new(), n_faults: 0 }
    }

    /// What is lost before the first phase is lost, too.
    fn warmed_up(&mut self, row: &Row) {
        self.n_faults += row.faults();
    }

    fn add(&mut self, row: Row) -> Outcome<()> {
        self.n_faults += row.faults();
        let label = self.target.label.as_ref().unwrap_or(&self.target.dialect);
        let mut all = Row::default();
        all.set("label", label.as_str()).set("workload", self.name.as_str());
        all.set("n", self.n as u64).extend(row);
        let mut line = all.clone();
        line.set("dialect", self.target.dialect.as_str());
        line.number("load", proc::load()).number("at", clock::seconds(clock::now()).round());
        for (name, value) in self.target.settings.iter().filter_map(|one| one.split_once('=')) {
            line.set(name, serde_json::from_str(value).unwrap_or_else(|_| Value::from(value)));
        }
        if let Some(path) = &self.target.out {
            line.append(path)?;
        }
        self.rows.push(all);
        Ok(())
    }

    fn finish(self) -> u64 {
        print!("{}", table(&self.rows));
        self.n_faults
    }
}
