//! The server program: command line, signals, exit codes. Everything else is the library's.

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use clap::error::ErrorKind;
use crossbeam_channel::{Receiver, RecvTimeoutError, bounded, select};
use hubbub::config::{Cli, Job, Options};
use hubbub::server::pid_file::{self, PidFile};
use hubbub::server::{Server, StartError, keeping, run_audit, run_cert_act, run_user_act};
use hubbub::session::Encryption;
use hubbub::{logging, threads};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR2};
use signal_hook::iterator::Signals;

/// The exit code for what the operator can mend on the command line.
const USAGE: u8 = 2;

/// Before serving again: time for what the last server let go of to be gone, and for a store that
/// is not there yet.
const RESTART_PAUSE: Duration = Duration::from_millis(500);

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return misunderstood(&error),
    };
    let result = match &cli.job {
        Some(job) => run(job, &mut io::BufWriter::new(io::stdout())).map_err(|line| (line, 1)),
        None => serve(&cli.options),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err((line, code)) => {
            // Nobody can be told that standard error is closed.
            writeln!(io::stderr(), "server: {line}").ok();
            ExitCode::from(code)
        }
    }
}

fn run(job: &Job, out: &mut dyn Write) -> Result<(), String> {
    match job {
        Job::User { store, act } => run_user_act(store, act, out)?,
        Job::Audit { store, since, json } => run_audit(store, *since, *json, out)?,
        Job::Cert { act } => run_cert_act(act, out)?,
        Job::Drain { pid_file } => pid_file::drain(pid_file, out)?,
        Job::Verify { store } => keeping::verify(store, out)?,
        Job::Backup { store, path } => keeping::backup(store, path, out)?,
        Job::Export { store, path } => keeping::export(store, path, out)?,
        Job::Import { store, path } => keeping::import(store, path, out)?,
    }
    out.flush().map_err(|error| error.to_string())
}

/// Help goes out as it is; of a mistake, one line that says what it was.
fn misunderstood(error: &clap::Error) -> ExitCode {
    let is_mistake =
        error.use_stderr() && error.kind() != ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
    if is_mistake {
        let text = error.render().to_string();
        let what = text.split("\n\n").next().unwrap_or_default();
        let what = what.trim_start_matches("error: ").split_whitespace();
        let mut what = what.collect::<Vec<_>>().join(" ");
        if error.kind() == ErrorKind::ArgumentConflict && what.starts_with("the subcommand") {
            what.push_str(" before it: put that behind it");
        }
        writeln!(io::stderr(), "server: {what}; see --help").ok();
    } else {
        error.print().ok();
    }
    ExitCode::from(if error.use_stderr() { USAGE } else { 0 })
}

fn serve(options: &Options) -> Result<(), (String, u8)> {
    let failed = |error: io::Error| (error.to_string(), 1);
    logging::start(options.log).map_err(failed)?;
    let signals = catch_signals(options).map_err(failed)?;
    // Held to the end, also from one server to the next.
    let pid_file = options.pid_file.as_deref().map(PidFile::take).transpose();
    let _pid_file = pid_file.map_err(|line| (line, 1))?;
    let mut server = Server::start(options).map_err(|error| {
        let code = match error {
            StartError::Front(..) | StartError::Plaintext(_) | StartError::NoCertificate(_) => {
                USAGE
            }
            _ => 1,
        };
        (error.to_string(), code)
    })?;
    greet(&server, options).map_err(failed)?;
    let options = on_the_same_ports(options, &server);
    loop {
        let end = select! {
            recv(signals.reload) -> told => match told {
                Ok(()) => {
                    server.read_certificate_again();
                    continue;
                }
                Err(_ended) => End::Stop,
            },
            recv(signals.drain) -> told => if told.is_ok() { End::Drain } else { End::Stop },
            // The first signal, or the end of the thread that catches them.
            recv(signals.stop) -> _ => End::Stop,
            recv(server.replaced()) -> _ => End::Replaced,
        };
        match end {
            End::Drain => server.drain(),
            End::Stop | End::Replaced => server.shutdown(),
        }
        let is_over = end != End::Replaced;
        let again = if is_over { Ok(None) } else { start_again(&options, &signals.stop) };
        log::logger().flush();
        match again.map_err(|error| (error.to_string(), 1))? {
            Some(again) => server = again,
            None => return Ok(()),
        }
    }
}

/// Clients that come back must find it where it was.
fn on_the_same_ports(options: &Options, server: &Server) -> Options {
    let mut options = options.clone();
    for (listen, (addr, _)) in options.listen.iter_mut().zip(server.ports()) {
        listen.addr = *addr;
    }
    options
}

/// Serves again from a store that has been replaced. Blocks until it can, or until a signal:
/// `None`.
///
/// # Errors
/// The store is of a newer layout: only a newer program can serve from it.
fn start_again(options: &Options, signals: &Receiver<()>) -> Result<Option<Server>, StartError> {
    while signals.recv_timeout(RESTART_PAUSE) == Err(RecvTimeoutError::Timeout) {
        match Server::start(options) {
            Ok(server) => {
                log::warn!("serving again from {}", server.place());
                return Ok(Some(server));
            }
            Err(error) if error.is_for_good() => return Err(error),
            Err(error) => log::error!("{error}; trying again"),
        }
    }
    Ok(None)
}

/// What a newcomer needs, in a few lines. `listening on ADDR` is for scripts, too.
fn greet(server: &Server, options: &Options) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let ceiling = server.ceiling();
    writeln!(out, "hubbub {}", env!("CARGO_PKG_VERSION"))?;
    for (addr, _) in server.ports() {
        writeln!(out, "listening on {addr}")?;
    }
    writeln!(out, "storing in {}", server.place())?;
    for advice in server.advice() {
        writeln!(out, "note: {advice}")?;
    }
    if let Some(fingerprint) = server.fingerprint() {
        writeln!(out, "TLS with the certificate {fingerprint}")?;
    }
    writeln!(out, "room for {} connections ({})", ceiling.connections, ceiling.because)?;
    if options.demo {
        writeln!(out, "DEMO: user 100 logs in with the password 123456, known to everybody")?;
    }
    if let Some((addr, encryption)) = server.ports().first() {
        // An address that means every address of this machine is none to connect to.
        let ip = addr.ip();
        let host = if ip.is_unspecified() { "HOST".to_owned() } else { ip.to_string() };
        let (port, client) = (addr.port(), "cargo run --release --bin client --");
        match encryption {
            Encryption::Needed | Encryption::Always => {
                writeln!(out, "connect with: {client} --tls --addr {host}:{port}")?;
                writeln!(out, "          or: openssl s_client -quiet -connect {host}:{port}")?;
            }
            Encryption::None | Encryption::Offered => {
                writeln!(out, "connect with: telnet {host} {port}")?;
                writeln!(out, "          or: {client} --addr {host}:{port}")?;
            }
        }
    }
    out.flush()
}

/// Why serving ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// The operator wants it.
    Stop,
    /// The operator wants it, and everybody to go to another server first.
    Drain,
    /// The store is another one now.
    Replaced,
}

/// What the operator wants meanwhile.
struct Wanted {
    stop: Receiver<()>,
    drain: Receiver<()>,
    reload: Receiver<()>,
}

/// The first signal to stop is told; the second ends the process at once. SIGHUP is caught where
/// there is a certificate to read again, and means what it always does elsewhere: a terminal that
/// is closed ends what runs in it.
fn catch_signals(options: &Options) -> io::Result<Wanted> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGUSR2])?;
    if options.tls_cert.is_some() {
        signals.add_signal(SIGHUP)?;
    }
    let (tell_stop, stop) = bounded(1);
    let (tell_drain, drain) = bounded(1);
    // One that waits stands for all that come before it is done.
    let (tell_reload, reload) = bounded(1);
    threads::spawn("signals", move || {
        let mut is_stopping = false;
        for signal in &mut signals {
            if signal == SIGHUP {
                tell_reload.try_send(()).ok();
            } else if signal == SIGUSR2 {
                tell_drain.try_send(()).ok();
            } else if is_stopping {
                #[expect(clippy::exit, reason = "a second signal means: at once")]
                std::process::exit(128 + signal);
            } else {
                is_stopping = true;
                tell_stop.try_send(()).ok();
            }
        }
    })?;
    Ok(Wanted { stop, drain, reload })
}
