//! What the operator may set: the command line, with an environment variable for each option.
//! The rows below are the source of `--help` and of the table in `docs/options.md`.

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::str::FromStr;

use clap::builder::BoolishValueParser;
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::limits::Net;
use crate::protocol::lasting;
use crate::texts::Lang;

/// A chat server for a whole crowd: telnet, a terminal client and the Go course's clients meet
/// in one room, on one port.
#[derive(Debug, Parser)]
#[command(
    version,
    about = "A chat server: telnet, a terminal client and the Go course's clients in one room",
    long_about = None,
    args_conflicts_with_subcommands = true
)]
pub struct Cli {
    /// What to do instead of serving.
    #[command(subcommand)]
    pub job: Option<Job>,
    /// How to serve.
    #[command(flatten)]
    pub options: Options,
}

/// Other jobs than serving.
#[derive(Debug, Subcommand)]
pub enum Job {
    /// Add, list, change or delete accounts, also while a server runs on the same store
    User {
        /// Where the accounts are.
        #[command(flatten)]
        store: StoreArg,
        /// What to do with them.
        #[command(subcommand)]
        act: UserAct,
    },
    /// Read the whole store, count what is in it and report what is wrong; exit code 1 when
    /// something is. Also while a server runs
    Verify {
        /// Which store.
        #[command(flatten)]
        store: StoreArg,
    },
    /// Copy the store to a new file, also while a server runs. The first server that opens the
    /// copy tells clients that it is another store
    Backup {
        /// Which store.
        #[command(flatten)]
        store: StoreArg,
        /// The new file.
        path: PathBuf,
    },
    /// Write everything in the store as JSON lines, also while a server runs. Holds the hashes
    /// of passwords
    Export {
        /// Which store.
        #[command(flatten)]
        store: StoreArg,
        /// A new file, or - for standard output.
        #[arg(default_value = "-")]
        path: PathBuf,
    },
    /// Show what was done to keep order, the oldest first: when, by whom, what, where, to whom. Also
    /// while a server runs
    Audit {
        /// Which store.
        #[command(flatten)]
        store: StoreArg,
        /// Only what was done since then: `7d`, `12h`, `30m`.
        #[arg(long, value_name = "TIME", value_parser = since)]
        since: Option<u32>,
        /// As JSON, an object in a line.
        #[arg(long)]
        json: bool,
    },
    /// Have a server that was started with --pid-file send everybody to another server of the same
    /// Redis and end, and wait for that. Exit code 1 when there is none, or it has not ended
    Drain {
        /// The same file
        #[arg(long, env = "HUBBUB_PID_FILE", value_name = "FILE")]
        pid_file: PathBuf,
    },
    /// Make a certificate for TLS
    Cert {
        /// What to do.
        #[command(subcommand)]
        act: CertAct,
    },
    /// Fill an empty store from JSON lines, all or nothing; no server may run on it
    Import {
        /// Which store.
        #[command(flatten)]
        store: StoreArg,
        /// The file, or - for standard input.
        #[arg(default_value = "-")]
        path: PathBuf,
    },
}

/// The id of an account.
fn id(word: &str) -> Result<i64, String> {
    word.parse().map_err(|_bad| "an id is a number; server user list shows them".to_owned())
}

/// Seconds from a word such as `7d`.
fn since(word: &str) -> Result<u32, String> {
    lasting(word).ok_or_else(|| "a number and s, m, h or d, such as 7d".to_owned())
}

/// What to do with accounts.
#[derive(Debug, Subcommand)]
pub enum UserAct {
    /// Make an account; the password is asked for, or is the first line of standard input
    Add {
        /// Its id, from 1; `new` lets the store choose one.
        id: String,
        /// Its display name; without one the id is shown.
        name: Option<String>,
    },
    /// List accounts: id, a tab, the name
    List,
    /// Set a new password; it is asked for, or is the first line of standard input
    Passwd {
        /// Whose.
        #[arg(value_parser = id)]
        id: i64,
    },
    /// Make an account log in with its password again, on every device: its tokens end. Sessions
    /// that are open stay
    Logout {
        /// Whose.
        #[arg(value_parser = id)]
        id: i64,
    },
    /// Let an account keep order in every room, from its next login on
    Operator {
        /// Whose.
        #[arg(value_parser = id)]
        id: i64,
        /// Not any more.
        #[arg(long)]
        off: bool,
    },
    /// Make an invitation code for a server of --registration code; it is shown this once
    Invite {
        /// How many accounts may be made with it.
        #[arg(long, value_name = "N", default_value_t = 1,
            value_parser = clap::value_parser!(u32).range(1..=100_000))]
        uses: u32,
        /// How many days it is good for.
        #[arg(long, value_name = "N", default_value_t = 7,
            value_parser = clap::value_parser!(u32).range(1..=3_660))]
        days: u32,
    },
    /// List the invitation codes that are good: a mark, a tab, how many accounts, a tab, until when
    Invites {
        /// End one instead, by its mark or by itself.
        #[arg(long, value_name = "MARK|CODE")]
        revoke: Option<String>,
    },
    /// List who asks for an account of a server of --registration approval: id, a tab, the name, a
    /// tab, since when
    Pending,
    /// Let somebody have the account that they ask for
    Approve {
        /// Whose.
        #[arg(value_parser = id)]
        id: i64,
    },
    /// Do not let them have it; the id is free again
    Reject {
        /// Whose.
        #[arg(value_parser = id)]
        id: i64,
        /// Why, for the record.
        reason: Option<String>,
    },
    /// Write what an account is, where it is a member, its devices, and every message it said that
    /// is kept, as JSON lines; nothing that others said, and no password
    Export {
        /// Whose.
        #[arg(value_parser = id)]
        id: i64,
        /// A new file, or - for standard output.
        #[arg(default_value = "-")]
        path: PathBuf,
    },
    /// Delete an account; its messages stay, or are erased
    Delete {
        /// Whose.
        #[arg(value_parser = id)]
        id: i64,
        /// The texts of all its messages go, too, soon after, while a server runs on the store.
        #[arg(long)]
        erase: bool,
    },
}

/// What to do with certificates.
#[derive(Debug, Subcommand)]
pub enum CertAct {
    /// Make a certificate for a server of one's own, signed by an authority made for it alone
    New {
        /// A name or an IP address by which clients reach the server; may be given more than once
        #[arg(long = "host", value_name = "NAME", value_delimiter = ',',
            default_values = ["localhost", "127.0.0.1", "::1"])]
        hosts: Vec<String>,
        /// Where to put ca.pem, cert.pem and key.pem [default: tls in the user's data folder]
        #[allow(rustdoc::broken_intra_doc_links, reason = "brackets are what --help shows")]
        #[arg(long, value_name = "FOLDER")]
        out: Option<PathBuf>,
    },
}

/// `$XDG_DATA_HOME/hubbub`, or `~/.local/share/hubbub`.
pub fn data_folder() -> PathBuf {
    let data = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from);
    let home = std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/share"));
    data.or(home).unwrap_or_else(|| PathBuf::from(".")).join("hubbub")
}

/// Where the data lives.
#[derive(Args, Clone, Debug)]
pub struct StoreArg {
    /// Where accounts and messages live: sqlite:PATH, redis://[user:pass@]host:port/db or
    /// memory: (nothing is kept); several Redis with commas between share the rooms
    /// [default: sqlite: in the user's data folder]
    #[allow(rustdoc::broken_intra_doc_links, reason = "brackets are what --help shows")]
    #[arg(long, global = true, env = "HUBBUB_STORE", value_name = "URL", hide_env_values = true)]
    pub store: Option<String>,
}

impl StoreArg {
    /// The URL, or the default one: `$XDG_DATA_HOME/hubbub/hubbub.db`.
    pub fn url(&self) -> String {
        let default = || format!("sqlite:{}", data_folder().join("hubbub.db").display());
        self.store.clone().unwrap_or_else(default)
    }
}

/// Seconds: a year, for who means "never" and does not know that 0 does.
const MAX_IDLE: u64 = 365 * 24 * 60 * 60;

/// How to serve.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Where to listen; may be given more than once, port 0 lets the system choose. KIND= takes
    /// only that wire language (frame= or line=), or TLS from the first byte on (tls=), or both
    /// (tls+frame=, tls+line=), instead of telling by the first bytes. A
    /// name is looked up once, at the start
    #[arg(
        long,
        env = "HUBBUB_LISTEN",
        value_name = "[KIND=]ADDR",
        default_value = "127.0.0.1:8889",
        value_delimiter = ','
    )]
    pub listen: Vec<Listen>,

    /// Where the data lives.
    #[command(flatten)]
    pub store: StoreArg,

    /// Close a connection that has not logged in after so many seconds
    #[arg(long, env = "HUBBUB_LOGIN_TIMEOUT", value_name = "SECONDS", default_value_t = 30,
        value_parser = clap::value_parser!(u64).range(1..=MAX_IDLE))]
    pub login_timeout: u64,

    /// Close a telnet line after so many seconds of silence; 0: never
    #[arg(long, env = "HUBBUB_IDLE_TIMEOUT", value_name = "SECONDS", default_value_t = 60,
        value_parser = clap::value_parser!(u64).range(..=MAX_IDLE))]
    pub idle_timeout: u64,

    /// Refuse connections beyond so many, politely [default: what the kernel's limits allow]
    #[arg(long, env = "HUBBUB_MAX_CONNECTIONS", value_name = "N")]
    pub max_connections: Option<usize>,

    /// Telnet users must log in: without an account only /help, /register, /code and /login
    #[arg(long, env = "HUBBUB_NO_GUESTS", value_parser = BoolishValueParser::new())]
    pub no_guests: bool,

    /// May people make accounts for themselves?
    #[arg(long, env = "HUBBUB_REGISTRATION", value_name = "WHO", default_value = "open")]
    pub registration: Registration,

    /// Networks that are free of the limits on connections, registrations, new rooms and message
    /// rate; may be given more than once [default: this machine]
    #[arg(long, env = "HUBBUB_EXEMPT", value_name = "NET", value_delimiter = ',')]
    pub exempt: Vec<Net>,

    /// Remove messages after so many days; 0: keep them
    #[arg(long, env = "HUBBUB_KEEP_DAYS", value_name = "N", default_value_t = 0)]
    pub keep_days: u32,

    /// Remove all but the newest so many messages of each room; 0: keep them
    #[arg(long, env = "HUBBUB_KEEP_MESSAGES", value_name = "N", default_value_t = 0)]
    pub keep_messages: u64,

    /// Forget what was done to keep order after so many days; 0: keep it
    #[arg(long, env = "HUBBUB_AUDIT_DAYS", value_name = "N", default_value_t = 365)]
    pub audit_days: u32,

    /// Others see a short token instead of a user's IP address and port
    #[arg(long, env = "HUBBUB_HIDE_ADDRESSES", value_parser = BoolishValueParser::new())]
    pub hide_addresses: bool,

    /// Where clients reach this server, among several on one Redis: they are told of all of them,
    /// and go to another when theirs ends
    #[arg(long, env = "HUBBUB_ADVERTISE", value_name = "HOST:PORT", value_parser = address)]
    pub advertise: Option<String>,

    /// Write the number of this process into a file, for `server drain`; it is removed at the end
    #[arg(long, env = "HUBBUB_PID_FILE", value_name = "FILE")]
    pub pid_file: Option<PathBuf>,

    /// The server's certificate (PEM, with those that lead to the root behind it): who begins
    /// with TLS has it, on every port that tells by the first bytes. Read again on SIGHUP.
    /// `server cert new` makes one
    #[arg(long, env = "HUBBUB_TLS_CERT", value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,

    /// The private key of --tls-cert (PEM)
    #[arg(long, env = "HUBBUB_TLS_KEY", value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,

    /// Serve beyond this machine in clear, too: passwords travel as they are
    #[arg(long, env = "HUBBUB_ALLOW_PLAINTEXT", value_parser = BoolishValueParser::new())]
    pub allow_plaintext: bool,

    /// How an unchanged Go course client gets private text: as SmsPrivateMes, which it does not
    /// show, or as group text, which it does
    #[arg(long, env = "HUBBUB_COURSE_PRIVATE", value_name = "HOW", default_value = "private")]
    pub course_private: CoursePrivate,

    /// The language of texts for telnet users: en or zh
    #[arg(long, env = "HUBBUB_LANG", value_name = "LANG", default_value = "en", value_parser = language)]
    pub lang: Lang,

    /// How much goes to standard error: error, warn, info, debug
    #[arg(long, env = "HUBBUB_LOG", value_name = "LEVEL", default_value = "info", value_parser = level)]
    pub log: log::LevelFilter,

    /// Make the course's user 100 with the password 123456: for trying out, not for a server
    /// that others reach
    #[arg(long, env = "HUBBUB_DEMO", value_parser = BoolishValueParser::new())]
    pub demo: bool,
}

fn level(text: &str) -> Result<log::LevelFilter, String> {
    text.parse().map_err(|_bad| "there are error, warn, info and debug".to_owned())
}

/// A host and a port, as a client writes them.
fn address(text: &str) -> Result<String, String> {
    let port = text.rsplit_once(':').filter(|(host, _)| !host.is_empty());
    let is_good = port.is_some_and(|(_, port)| port.parse::<u16>().is_ok_and(|port| port > 0));
    let is_plain = !text.contains(|c: char| c.is_whitespace() || c.is_control());
    if is_good && is_plain { Ok(text.to_owned()) } else { Err("not a HOST:PORT".to_owned()) }
}

fn language(text: &str) -> Result<Lang, String> {
    match text {
        "en" => Ok(Lang::En),
        "zh" => Ok(Lang::Zh),
        _ => Err("there are en and zh".to_owned()),
    }
}

/// One `--listen`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listen {
    /// TLS from the first byte on.
    pub tls: bool,
    /// Only this front; `None`: told by the first bytes.
    pub front: Option<String>,
    /// Where.
    pub addr: SocketAddr,
}

impl FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (kind, addr) = text.split_once('=').map_or((None, text), |(k, a)| (Some(k), a));
        let (tls, front) = match kind {
            Some("tls") => (true, None),
            Some(kind) => {
                let front = kind.strip_prefix("tls+");
                (front.is_some(), Some(front.unwrap_or(kind)))
            }
            None => (false, None),
        };
        let found: Vec<_> =
            addr.to_socket_addrs().map_or_else(|_bad| Vec::new(), Iterator::collect);
        // Of the addresses of a name one in the old notation: that is what people connect to.
        let addr = found.iter().find(|addr| addr.is_ipv4()).or(found.first()).ok_or_else(|| {
            format!("{addr:?} is not an address such as 127.0.0.1:8889 or localhost:8889")
        })?;
        Ok(Self { tls, front: front.map(str::to_owned), addr: *addr })
    }
}

/// `--registration`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Registration {
    /// Everybody may.
    Open,
    /// Who has an invitation code, made with `server user invite`.
    Code,
    /// Whom an operator lets in, with `/approve` or `server user approve`.
    Approval,
    /// Only the operator, with `server user add`.
    Closed,
}

/// `--course-private`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CoursePrivate {
    /// As SmsPrivateMes.
    Private,
    /// As SmsMes.
    Group,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent_and_every_option_has_a_variable() {
        Cli::command().debug_assert();
        for arg in Cli::command().get_arguments().filter(|arg| arg.get_long().is_some()) {
            let name = arg.get_long().unwrap();
            if !["help", "version"].contains(&name) {
                let variable = format!("HUBBUB_{}", name.replace('-', "_").to_uppercase());
                assert_eq!(arg.get_env().and_then(|env| env.to_str()), Some(variable.as_str()));
            }
        }
    }

    #[test]
    fn a_listener_may_name_its_front_and_want_tls() {
        let listen: Listen = "line=[::1]:0".parse().unwrap();
        assert_eq!(listen.front.as_deref(), Some("line"));
        assert!(listen.addr.is_ipv6() && !listen.tls);
        let kind = |text: &str| text.parse().map(|listen: Listen| (listen.tls, listen.front));
        assert_eq!(kind("tls=127.0.0.1:0"), Ok((true, None)));
        assert_eq!(kind("tls+frame=127.0.0.1:0"), Ok((true, Some("frame".to_owned()))));
        let listen: Listen = "localhost:8889".parse().unwrap();
        assert_eq!(listen.addr.to_string(), "127.0.0.1:8889");
        for bad in ["8889", "localhost", "no.such.host.invalid:1", ":8889x"] {
            assert!(bad.parse::<Listen>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_store_may_be_named_before_and_behind_what_is_to_be_done() {
        let url = "memory:";
        for words in [
            ["server", "user", "--store", url, "list"].as_slice(),
            &["server", "user", "list", "--store", url],
            &["server", "user", "add", "1", "--store", url, "tom"],
            &["server", "verify", "--store", url],
        ] {
            let cli = Cli::try_parse_from(words).unwrap();
            let store = match cli.job.unwrap() {
                Job::User { store, .. } | Job::Verify { store } => store,
                other => panic!("{other:?}"),
            };
            assert_eq!(store.url(), url, "{words:?}");
        }
        assert_eq!(
            Cli::try_parse_from(["server", "--store", url]).unwrap().options.store.url(),
            url
        );
    }
}
