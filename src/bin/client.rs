//! The client's command line: reads the options, runs the interface, ends with its exit code.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use hubbub::client::ui::{self, Ending, Options};
use hubbub::protocol::{Device, Password};
use hubbub::texts::Lang;

/// Talk in a Hubbub chat room: menus in a terminal, plain lines in a pipe.
#[derive(Parser)]
#[command(version, after_long_help = AFTER_HELP)]
struct Args {
    /// The server
    #[arg(long, value_name = "HOST:PORT", env = "HUBBUB_ADDR", default_value = "127.0.0.1:8889")]
    addr: String,

    /// Speak TLS. A server that no public authority vouches for is trusted when it is met first,
    /// and no other from then on (~/.local/state/hubbub/known_servers)
    #[arg(long, env = "HUBBUB_TLS")]
    tls: bool,

    /// Speak TLS, and trust only what the authorities in this PEM file vouch for
    #[arg(long, value_name = "FILE", env = "HUBBUB_CA")]
    ca: Option<PathBuf>,

    /// The language [default: as LC_ALL, LC_MESSAGES or LANG say]
    #[arg(long, value_enum)]
    lang: Option<LangArg>,

    /// Plain lines instead of menus; always so in a pipe and where TERM is "dumb"
    #[arg(long)]
    plain: bool,

    /// Log in at once, as this user
    #[arg(long, value_name = "ID|NAME", env = "HUBBUB_USER")]
    user: Option<String>,

    /// A file whose first line is the password (or put it into the variable HUBBUB_PASSWORD)
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,

    /// The name of this device, under which the server keeps what it has received
    /// [default: one that is made at first use and kept in ~/.local/state/hubbub]
    #[arg(long, value_name = "NAME", env = "HUBBUB_DEVICE", value_parser = device)]
    device: Option<Device>,

    /// At the end, wait so long until everything said is stored
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    wait: u16,

    /// Plain: at the end of the input, go on showing what comes for so long
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    linger: u16,
}

#[derive(Clone, Copy, ValueEnum)]
enum LangArg {
    /// English.
    En,
    /// Chinese.
    Zh,
}

const AFTER_HELP: &str = "\
Plain mode
  Every line of the input is a text for all, or a command:
    /login ID|NAME PASSWORD         /register ID PASSWORD [NAME]   (ID 0: you get one)
    /msg ID|NAME TEXT               /who    /rename NAME    /passwd OLD NEW
    /create ROOM [open|invite|hidden] [no-guests]    /join ROOM    /part ROOM
    /say ROOM TEXT                  /rooms [AFTER]    /members ROOM [AFTER]
    /history ROOM [N]               /topic ROOM TEXT
    /invite ROOM WHO                /kick ROOM WHO [WHY]
    /role ROOM WHO member|moderator|owner     /access ROOM open|invite|hidden [no-guests]
    /receipts on|delivered|off      (whether others see what reached you, and what you read)
    /quit                           //text  (a text that begins with a slash)
  A name with blanks stands in \"quotes\". An unknown command is never sent.
  Every line of the output is one event, its fields parted by tabs; within a field, \\n, \\t,
  \\r, \\\\ and \\u{..} stand for what would break the line or steer a terminal:
    connected SERVER                disconnected MS-TO-RETRY|- WORDS
    first-met ADDRESS FINGERPRINT   (of a server that --tls trusts from now on)
    login ID NAME N-ONLINE          refused WHAT CODE WORDS
    said ROOM ID TIME-MS SENDER-ID SENDER-NAME TEXT [ROOM-NAME]   (replayed: said before)
    room-ACT ROOM ROOM-NAME WHO-ID WHO-NAME WHOM-ID WHOM-NAME ROLE ACCESS GUESTS TEXT
    room ROOM NAME ACCESS GUESTS ONLINE TOPIC ...       rooms-end more|
    my-room ROOM NAME ACCESS GUESTS ROLE TOPIC ...      my-rooms-end more|
    member ROOM ROOM-NAME ID NAME ROLE online| ...      members-end ROOM more|
    history ROOM ID TIME-MS SENDER-ID SENDER-NAME TEXT [ROOM-NAME] ...   history-end ROOM more|
    sent REFERENCE ROOM ID TIME-MS  not-sent REFERENCE later|dropped CODE WORDS
    came ID NAME ADDRESS            left ID NAME left|timeout|login  renamed ID NAME
    online ID NAME ADDRESS ...      online-end N                   skipped ROOM N
    crowd ONLINE CAME LEFT          (very many, not told one by one)
    registered ID    rename-ok NAME    passwd-ok    unanswered WHAT
    delivered ROOM BY-ID UP-TO-ID   read ROOM BY-ID UP-TO-ID
    receipts-ok on|off on|off (delivered, read)
    error CODE WHAT (a line that was not sent)      no-end REFERENCE (not known to be stored)

  With a password and --user, everything fits one line of a script:
    echo 'build done' | HUBBUB_PASSWORD=... client --user 100

Exit codes
  0  fine; in plain mode: everything said is stored
  1  something said was not stored
  2  the options make no sense
  3  no server answers at this address, or not the one that is trusted
  4  the login or the registration was refused
  5  the connection was lost and did not come back in time";

fn main() -> ExitCode {
    let args = Args::parse();
    let password = match password(&args) {
        Ok(password) => password,
        Err(error) => {
            ui::complain(&error);
            return code(Ending::Usage);
        }
    };
    let lang = match args.lang {
        Some(LangArg::En) => Lang::En,
        Some(LangArg::Zh) => Lang::Zh,
        None => ui::lang_of_environment(),
    };
    let wants_tls = args.tls || args.ca.is_some();
    let tls = wants_tls.then(|| ui::trust(args.ca)).flatten();
    if wants_tls && tls.is_none() {
        ui::complain("there is no place to remember servers, for HOME is not set: use --ca FILE");
        return code(Ending::Usage);
    }
    code(ui::run(&Options {
        address: args.addr,
        tls,
        lang,
        plain: args.plain,
        user: args.user,
        password,
        device: args.device,
        wait: Duration::from_secs(args.wait.into()),
        linger: Duration::from_secs(args.linger.into()),
    }))
}

fn code(ending: Ending) -> ExitCode {
    ExitCode::from(ending as u8)
}

/// From the file, else from the environment; never from the command line, which others can see.
fn password(args: &Args) -> Result<Option<Password>, String> {
    let text = match &args.password_file {
        Some(path) => {
            let text = fs::read_to_string(path);
            let text = text.map_err(|error| format!("{}: {error}", path.display()))?;
            Some(text.lines().next().unwrap_or_default().to_owned())
        }
        None => std::env::var("HUBBUB_PASSWORD").ok(),
    };
    text.map(|text| Password::new(&text).map_err(|_| "a password has 1 to 256 bytes".to_owned()))
        .transpose()
}

fn device(text: &str) -> Result<Device, String> {
    Device::new(text).ok_or_else(|| "1 to 64 bytes without control characters".to_owned())
}
