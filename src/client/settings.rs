//! What the client is told: by options, else by variables, else by its file `config.toml`, else
//! by the last login, else by defaults. One struct is the table of all of them: each field is an
//! option, a variable and a key of the file, and its help is the comment that `--print-config`
//! writes above it. For programs on the library that want the same keys, too.

mod command;
mod print;

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::builder::BoolishValueParser;
use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};

use super::device;
use super::{Device, Password, Trust};
use crate::texts::Lang;

pub use print::print;

/// Where a server listens unless told otherwise.
pub const DEFAULT_ADDR: &str = "127.0.0.1:8889";

/// Seconds to wait for acknowledgements: longer than a healthy server ever takes.
const DEFAULT_WAIT: u16 = 10;

/// Bytes of the file: a thousand times what it needs.
const MAX_FILE: u64 = 64 * 1024;

/// The options that can stand in the file as well. Not the password: `password-file` and
/// `password-cmd` say where it is.
#[derive(Args, Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Keys {
    /// The server; several of one chat, with commas between or given more than once, to go on
    /// with another where one ends
    #[arg(
        long,
        global = true,
        value_name = "HOST:PORT",
        env = "HUBBUB_ADDR",
        value_delimiter = ','
    )]
    #[serde(with = "servers", skip_serializing_if = "Vec::is_empty")]
    pub addr: Vec<String>,

    /// Speak TLS. A server that no public authority vouches for is trusted when it is met first,
    /// and no other from then on (known_servers in the state folder)
    #[arg(
        long, global = true, value_name = "yes|no", env = "HUBBUB_TLS",
        num_args = 0..=1, require_equals = true, default_missing_value = "yes",
        value_parser = BoolishValueParser::new(), hide_possible_values = true,
    )]
    pub tls: Option<bool>,

    /// Speak TLS, and trust only what the authorities in this PEM file vouch for
    #[arg(long, global = true, value_name = "FILE", env = "HUBBUB_CA")]
    pub ca: Option<PathBuf>,

    /// The language; else as LC_ALL, LC_MESSAGES or LANG say
    #[arg(long, global = true, value_enum, env = "HUBBUB_LANG")]
    pub lang: Option<LangName>,

    /// Log in at once, as this user
    #[arg(long, global = true, value_name = "ID|NAME", env = "HUBBUB_USER")]
    pub user: Option<String>,

    /// A file whose first line is the password (or put it into the variable HUBBUB_PASSWORD)
    #[arg(long, global = true, value_name = "FILE", conflicts_with = "password_cmd")]
    pub password_file: Option<PathBuf>,

    /// A command, run by sh, whose first line of output is the password: "pass show hubbub"
    #[arg(long, global = true, value_name = "COMMAND")]
    pub password_cmd: Option<String>,

    /// The name of this device, under which the server keeps what it has received; else one that
    /// is made at first use and kept in the state folder
    #[arg(long, global = true, value_name = "NAME", env = "HUBBUB_DEVICE")]
    pub device: Option<String>,

    /// The full screen rings the terminal's bell at a private message and where one's name is said,
    /// unless it is seen at once
    #[arg(
        long, value_name = "yes|no", env = "HUBBUB_BELL",
        num_args = 0..=1, require_equals = true, default_missing_value = "yes",
        value_parser = BoolishValueParser::new(), hide_possible_values = true,
    )]
    pub bell: Option<bool>,

    /// At the end, wait so long until everything said is stored
    #[arg(long, global = true, value_name = "SECONDS")]
    pub wait: Option<u16>,
}

/// A language by its name.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LangName {
    /// English.
    En,
    /// Chinese.
    Zh,
}

/// Where the password is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Secret {
    /// Nowhere: somebody has to be asked.
    Unknown,
    /// Here.
    Known(Password),
    /// In what this command says.
    Command(String),
}

impl Secret {
    /// The password, if it is anywhere. Blocks while a command finds it, a minute at most.
    ///
    /// # Errors
    /// The command fails, in words for people.
    pub fn password(&self) -> Result<Option<Password>, String> {
        match self {
            Self::Unknown => Ok(None),
            Self::Known(password) => Ok(Some(password.clone())),
            Self::Command(command) => command::password(command).map(Some),
        }
    }
}

impl Keys {
    /// The file: `$XDG_CONFIG_HOME/hubbub/config.toml`, or `~/.config/hubbub/config.toml`.
    pub fn file() -> Option<PathBuf> {
        Some(device::xdg_folder("XDG_CONFIG_HOME", ".config")?.join("config.toml"))
    }

    /// Reads a file; one that does not exist says nothing. Blocks on the disk.
    ///
    /// # Errors
    /// In one line: the file, the line and what is wrong with it.
    pub fn read(path: &Path) -> Result<Self, String> {
        let mut text = String::new();
        let read = File::open(path).and_then(|file| file.take(MAX_FILE).read_to_string(&mut text));
        match read {
            Ok(_) => Self::parse(&text).map_err(|error| format!("{}, {error}", path.display())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(format!("{}: {error}", path.display())),
        }
    }

    fn parse(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error: toml::de::Error| {
            let before = error.span().and_then(|span| text.get(..span.start));
            let line = before.map_or(1, |before| before.matches('\n').count() + 1);
            // The line itself is not shown: somebody may have put a password there.
            let words = error.message().replace('\n', " ");
            format!("line {line}: {words} (client --print-config shows what can stand there)")
        })
    }

    /// These, and what they leave open by `lower`. Account and password of `lower` are for its
    /// server alone: who names another one does not send a password there.
    #[must_use]
    pub fn or(self, lower: Self) -> Self {
        let is_same_server = self.addr.is_empty() || self.address() == lower.address();
        let is_same_user = is_same_server && (self.user.is_none() || self.user == lower.user);
        let knows_password = self.password_file.is_some() || self.password_cmd.is_some();
        let secrets = is_same_user && !knows_password;
        Self {
            addr: if self.addr.is_empty() { lower.addr } else { self.addr },
            tls: self.tls.or(lower.tls),
            ca: self.ca.or(lower.ca),
            lang: self.lang.or(lower.lang),
            user: self.user.or(lower.user.filter(|_| is_same_server)),
            password_file: self.password_file.or(lower.password_file.filter(|_| secrets)),
            password_cmd: self.password_cmd.or(lower.password_cmd.filter(|_| secrets)),
            device: self.device.or(lower.device),
            bell: self.bell.or(lower.bell),
            wait: self.wait.or(lower.wait),
        }
    }

    /// Names no account, and no other server than the last login did: who logged in there is
    /// meant.
    pub fn goes_on_from(&self, last: &Self) -> bool {
        self.user.is_none() && (self.addr.is_empty() || self.addr == last.addr)
    }

    /// What holds where nothing is said.
    pub fn defaults() -> Self {
        let addr = vec![DEFAULT_ADDR.to_owned()];
        Self {
            addr,
            tls: Some(false),
            bell: Some(false),
            wait: Some(DEFAULT_WAIT),
            ..Self::default()
        }
    }

    /// `host:port`, and of several servers all, with commas between.
    pub fn address(&self) -> String {
        if self.addr.is_empty() { DEFAULT_ADDR.to_owned() } else { self.addr.join(",") }
    }

    /// An address that can be none, if there is one.
    pub fn bad_address(&self) -> Option<&str> {
        let port = |text: &str| text.parse::<u16>().is_ok_and(|port| port > 0);
        let is_good = |text: &str| {
            text.rsplit_once(':').is_some_and(|(host, no)| !host.is_empty() && port(no))
        };
        self.addr.iter().find(|text| !is_good(text)).map(String::as_str)
    }

    /// The language, or that of the environment.
    pub fn lang(&self) -> Lang {
        match self.lang {
            Some(LangName::En) => Lang::En,
            Some(LangName::Zh) => Lang::Zh,
            None => Lang::of_environment(|name| std::env::var(name).ok()),
        }
    }

    /// Whom to trust, where TLS is to be spoken.
    ///
    /// # Errors
    /// There is no place to remember servers.
    pub fn trust(&self) -> Result<Option<Trust>, String> {
        match (&self.ca, self.tls) {
            (Some(authority), _) => Ok(Some(Trust::Authority(authority.clone()))),
            (None, Some(true)) => {
                let folder = device::state_folder().ok_or(
                    "there is no place to remember servers, for HOME is not set: use --ca FILE",
                )?;
                Ok(Some(Trust::FirstMet(folder.join("known_servers"))))
            }
            (None, _) => Ok(None),
        }
    }

    /// The name of this device, where one is given.
    ///
    /// # Errors
    /// It is none.
    pub fn device(&self) -> Result<Option<Device>, String> {
        let bad = "a device name has 1 to 64 bytes without control characters";
        self.device.as_deref().map(|name| Device::new(name).ok_or(bad.to_owned())).transpose()
    }

    /// How long to wait for acknowledgements.
    pub fn wait(&self) -> Duration {
        Duration::from_secs(self.wait.unwrap_or(DEFAULT_WAIT).into())
    }

    /// Where the password is. Blocks on its file.
    ///
    /// # Errors
    /// The file cannot be read, or holds no password.
    pub fn secret(&self) -> Result<Secret, String> {
        if let Some(command) = &self.password_cmd {
            return Ok(Secret::Command(command.clone()));
        }
        let Some(path) = &self.password_file else { return Ok(Secret::Unknown) };
        let wrong = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
        let mut text = String::new();
        let file = File::open(path).map_err(|error| wrong(&error))?;
        file.take(MAX_FILE).read_to_string(&mut text).map_err(|error| wrong(&error))?;
        let first = text.lines().next().unwrap_or_default();
        known(first).map_err(|error| wrong(&error))
    }
}

/// Servers as the file has them: in one text, with commas between.
mod servers {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(addr: &[String], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&addr.join(","))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
        let text = String::deserialize(from)?;
        Ok(text.split(',').map(str::trim).map(str::to_owned).collect())
    }
}

/// A password that is at hand: of the variable HUBBUB_PASSWORD, say.
///
/// # Errors
/// It can be none.
pub fn known(password: &str) -> Result<Secret, String> {
    let bad = |_code| "a password has 1 to 256 bytes".to_owned();
    Password::new(password).map(Secret::Known).map_err(bad)
}

#[cfg(test)]
mod tests {
    use clap::FromArgMatches;

    use super::*;

    fn keys(text: &str) -> Keys {
        Keys::parse(text).unwrap()
    }

    #[test]
    fn what_stands_higher_goes_first_and_a_password_goes_to_its_server_alone() {
        let file = "addr = 'a:1'\nuser = 'tom'\npassword-cmd = 'pass'\nwait = 3\ntls = true";
        // Options, what is asked of the result, and what it is.
        for (options, expected) in [
            ("", file),
            ("wait = 4", "addr = 'a:1'\nuser = 'tom'\npassword-cmd = 'pass'\nwait = 4\ntls = true"),
            (
                "tls = false",
                "addr = 'a:1'\nuser = 'tom'\npassword-cmd = 'pass'\nwait = 3\ntls = false",
            ),
            ("addr = 'a:1'", file),
            ("addr = 'b:2'", "addr = 'b:2'\nwait = 3\ntls = true"),
            ("user = 'eve'", "addr = 'a:1'\nuser = 'eve'\nwait = 3\ntls = true"),
            ("user = 'tom'", file),
            (
                "password-file = 'x'",
                "addr = 'a:1'\nuser = 'tom'\npassword-file = 'x'\nwait = 3\ntls = true",
            ),
        ] {
            assert_eq!(keys(options).or(keys(file)), keys(expected), "{options}");
        }
        // Without an address the file means the default server.
        let bare = keys("user = 'tom'\npassword-cmd = 'pass'");
        assert_eq!(keys("addr = 'b:2'").or(bare.clone()).password_cmd, None);
        assert_eq!(keys(&format!("addr = '{DEFAULT_ADDR}'")).or(bare).user, Some("tom".into()));
    }

    #[test]
    fn several_servers_are_named_in_one_word_or_in_many() {
        let of = |words: &[&str]| {
            let matches = Keys::augment_args(clap::Command::new("client")).get_matches_from(words);
            Keys::from_arg_matches(&matches).unwrap()
        };
        let many = of(&["client", "--addr", "a:1", "--addr", "b:2,c:3"]);
        assert_eq!(many.address(), "a:1,b:2,c:3");
        assert_eq!(many.bad_address(), None);
        for bad in ["a", "a:", ":1", "a:0", "a:65536", "a:1:x"] {
            assert_eq!(of(&["client", "--addr", "b:2", "--addr", bad]).bad_address(), Some(bad));
        }
        assert_eq!(many, keys("addr = 'a:1, b:2,c:3'"));
        assert_eq!(of(&["client"]).address(), DEFAULT_ADDR);
    }

    #[test]
    fn a_bad_file_is_told_by_line_and_never_by_its_text() {
        for (text, line, word) in [
            ("addr = 'x'\npassword = 'hunter2'", "line 2", "unknown field `password`"),
            ("wait = 'hunter2'", "line 1", "invalid type"),
            ("\n\nuser = hunter2", "line 3", ""),
            ("wait = 70000", "line 1", "70000"),
        ] {
            let error = Keys::parse(text).unwrap_err();
            assert!(error.starts_with(line) && error.contains(word), "{error}");
            assert!(error.contains("--print-config") && !error.contains('\n'), "{error}");
        }
        let error = Keys::parse("addr = 'x'\npassword = 'hunter2'").unwrap_err();
        assert!(!error.contains("hunter2"), "{error}");
    }
}
