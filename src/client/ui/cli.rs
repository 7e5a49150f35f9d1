//! The client's command line.

use clap::Parser;

use super::{Job, Options};
use crate::client::settings::{self, Keys};
use crate::client::{device, kept};

/// Talk in Hubbub's rooms: a full screen in a terminal, plain lines in a pipe; or do one thing.
#[derive(Debug, Parser)]
#[command(name = "client", version, after_long_help = AFTER_HELP)]
pub struct Cli {
    /// What to do instead of talking.
    #[command(subcommand)]
    pub job: Option<Job>,

    /// What can stand in the file, too.
    #[command(flatten)]
    pub keys: Keys,

    /// Plain lines instead of the full screen; always so in a pipe and where TERM is "dumb"
    #[arg(long)]
    pub plain: bool,

    /// The menus of the course project instead of the full screen
    #[arg(long, conflicts_with = "plain")]
    pub menu: bool,

    /// Plain: at the end of the input, go on showing what comes for so long
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    pub linger: u16,

    /// Print the settings as they are now, in the form of the file, and where each comes from
    #[arg(long)]
    pub print_config: bool,
}

const AFTER_HELP: &str = "\
Plain mode
  Every line of the input is a text for all, or a command. They go out at once, and the answers
  come later: where the order matters, wait for \"sent\" (or what else answers).
    /login ID|NAME PASSWORD         /register ID PASSWORD [NAME]   (ID 0: you get one)
    /code CODE                      (an invitation code, before /register where one is needed)
    /msg ID|NAME TEXT               /who    /rename NAME    /passwd OLD NEW
    /away [TEXT]    /busy [TEXT]    /back         /devices    /logout DEVICE  (-: without a name)
    /ignore [WHO]                   /unignore WHO     (nothing more from them; alone: lists them)
    /export FILE                    (what is yours, into a new file)
    /delete-account PASSWORD [keep|erase]     (your messages stay, or are erased)
    /create ROOM [open|invite|hidden] [no-guests]    /join ROOM    /part ROOM
    /say ROOM TEXT                  /rooms [AFTER]    /members ROOM [AFTER]
    /history ROOM [N]               /topic ROOM TEXT
    /invite ROOM WHO                /kick ROOM WHO [WHY]
    /role ROOM WHO member|moderator|owner     /access ROOM open|invite|hidden [no-guests]
    /close ROOM                     (your room is no more, nor what was said in it; for good)
    /ban ROOM|lobby WHO [TIME] [WHY]     /unban ROOM|lobby WHO     (/mute, /unmute: the same)
    /slow ROOM|lobby SECONDS [WHO] [TIME] [WHY]     /bans ROOM|lobby     /audit [N]
    /pending    /approve ID         /reject ID [WHY]      (operators: who asks for an account)
    /reply ROOM ID TEXT             /edit ROOM ID TEXT    /delete ROOM ID
    /react ROOM ID EMOJI            /unreact ROOM ID EMOJI
    /search ROOM|* [#ID] WORDS      (all of them; before #ID; *: in all rooms)
    /receipts on|delivered|off      (whether others see what reached you, and what you read)
    /quit                           //text  (a text that begins with a slash)
  A name with blanks stands in \"quotes\". An unknown command is never sent.
  Every line of the output is one event, its fields parted by tabs; within a field, \\n, \\t,
  \\r, \\\\ and \\u{..} stand for what would break the line or steer a terminal:
    connected SERVER                disconnected MS-TO-RETRY|- WORDS
    first-met ADDRESS FINGERPRINT   (of a server that --tls trusts from now on)
    login ID NAME N-ONLINE          refused WHAT CODE WORDS
    said ROOM ID TIME-MS SENDER-ID SENDER-NAME TEXT [ROOM-NAME [REPLY-TO [edited]]]
                                    (replayed: said before)
    edited ROOM ID TIME-MS BY-ID BY-NAME ABOUT-ID TEXT ROOM-NAME
                                    (deleted, reacted, unreacted: the same)
    room-ACT ROOM ROOM-NAME WHO-ID WHO-NAME WHOM-ID WHOM-NAME ROLE ACCESS GUESTS TEXT
             AGAINST EVERY-S UNTIL-MS
    sanction ROOM ban|mute|slow AGAINST EVERY-S UNTIL-MS BY-ID WHY ...   sanctions-end ROOM
    deed TIME-MS BY-ID ACT ROOM WHOM HOW WHY ...    audit-end    exported FILE
    room ROOM NAME ACCESS GUESTS ONLINE TOPIC ...       rooms-end more|
    my-room ROOM NAME ACCESS GUESTS ROLE TOPIC ...      my-rooms-end more|
    member ROOM ROOM-NAME ID NAME ROLE online| ...      members-end ROOM more|
    history ROOM ID TIME-MS SENDER-ID SENDER-NAME TEXT
            [ROOM-NAME [REPLY-TO [edited|deleted [REACTIONS]]]] ...   history-end ROOM more|
    found ROOM ID ... (as history)  found-end ROOM|* ID-TO-GO-ON|
    sent REFERENCE ROOM ID TIME-MS  not-sent REFERENCE later|dropped CODE WORDS
    came ID NAME ADDRESS            left ID NAME left|timeout|login  renamed ID NAME
    online ID NAME ADDRESS [busy|away TEXT] ...     online-end N   skipped ROOM N
    device NAME SINCE-MS USED-MS TOKEN-UNTIL-MS this| ADDRESS ...   devices-end
    device-ended NAME N-CONNECTIONS
    ignore-ok ID NAME               unignore-ok ID NAME    ignored ID NAME ...   ignored-end
    applicant ID NAME SINCE-MS ...   applicants-end
    entry wait|approve|reject ID NAME BY-ID BY-NAME WHY   (to operators: who asks for an account)
    absence ID NAME busy|away|here TEXT             absence-ok busy|away|here TEXT
    is-absent ID NAME busy|away TEXT (you wrote to them)           typing ROOM ID NAME
    crowd ONLINE CAME LEFT          (very many, not told one by one)
    registered ID    rename-ok NAME    passwd-ok    unanswered WHAT
    delivered ROOM BY-ID UP-TO-ID   read ROOM BY-ID UP-TO-ID
    receipts-ok on|off on|off (delivered, read)
    error CODE WHAT (a line that was not sent)      no-end REFERENCE (not known to be stored)

Scripts
  client send, tail, history, search, who and rooms do one thing and end: client send --help
    make 2>&1 | tail -5 | client send --to '#builds' || echo 'nobody was told'

Files
  ~/.config/hubbub/config.toml    settings; --print-config shows what can stand there
  ~/.local/state/hubbub           the name of this device, tokens of earlier logins (each takes
                                  the place of the password for 30 days), known servers
  (or where XDG_CONFIG_HOME and XDG_STATE_HOME say)

Exit codes
  0  fine; everything said is stored
  1  something said was not stored, something asked was refused, or the output cannot be written
  2  the options or the settings make no sense
  3  no server answers at this address, or not the one that is trusted
  4  the login or the registration was refused, or no password is known
  5  the connection was lost and did not come back in time, or no answer came in time";

impl Cli {
    /// What the file says. Blocks on the disk.
    ///
    /// # Errors
    /// In one line: the file, the line and what is wrong with it.
    pub fn file() -> Result<Keys, String> {
        Keys::file().map_or_else(|| Ok(Keys::default()), |path| Keys::read(&path))
    }

    /// Everything together: the options, the file, the last login for jobs and for people, the
    /// defaults. Blocks on the disk.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub fn options(&self, file: Keys) -> Result<Options, String> {
        let (given, is_plain) = (&self.keys, super::is_plain(self.plain));
        let mut keys = given.clone().or(file);
        if self.job.is_some() || !is_plain {
            let last = device::state_folder().and_then(|folder| kept::last(&folder));
            if let Some(last) = last.filter(|last| keys.goes_on_from(last)) {
                keys = keys.or(last);
            }
        }
        let keys = keys.or(Keys::defaults());
        if let Some(bad) = keys.bad_address() {
            return Err(format!("{bad:?} is not the HOST:PORT of a server: 127.0.0.1:8889, say"));
        }
        let secret = match std::env::var("HUBBUB_PASSWORD") {
            _ if given.password_file.is_some() || given.password_cmd.is_some() => given.secret()?,
            Ok(password) => settings::known(&password)?,
            Err(_) => keys.secret()?,
        };
        Ok(Options {
            lang: keys.lang(),
            tls: keys.trust()?,
            device: keys.device()?,
            secret,
            keys,
            plain: is_plain,
            menu: self.menu,
            linger: std::time::Duration::from_secs(self.linger.into()),
        })
    }
}
