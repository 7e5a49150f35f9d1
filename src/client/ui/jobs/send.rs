//! `client send`: a text from the command line or the standard input, stored or not.

use std::io::{self, BufRead, Read};
use std::time::Duration;

use super::out::Out;
use super::target::Target;
use super::visit::{Role, Visit};
use crate::client::ui::{Ending, Options, clean, complain};
use crate::client::wording;
use crate::client::{Ask, OrderError, Update};
use crate::protocol::{Reference, Text};
use crate::texts::Lang;
use crate::texts::client::Notice;

/// What to say, and where.
#[derive(Debug, clap::Args)]
pub struct Send {
    /// To whom: lobby, a #ROOM that the account is in, an id or a name
    #[arg(long, value_name = "ID|NAME|#ROOM", default_value = "lobby")]
    to: Target,
    /// Each line of the standard input is a text of its own
    #[arg(long, conflicts_with = "text")]
    lines: bool,
    /// A name for this text: sent again under the same name, it is stored once
    #[arg(long, value_name = "NAME", conflicts_with = "lines", value_parser = reference)]
    reference: Option<Reference>,
    #[command(flatten)]
    out: Out,
    /// What to say, in one word or in many; - or nothing: the standard input, of any number of
    /// lines
    text: Vec<String>,
}

/// What became of everything.
#[derive(Debug, Default)]
struct Tally {
    n_open: usize,
    n_refused: usize,
    is_login_refused: bool,
}

/// Something that is being said.
struct Speech<'a> {
    send: &'a Send,
    lang: Lang,
    visit: Visit,
    tally: Tally,
}

pub(super) fn run(send: &Send, options: &Options) -> Result<Ending, Ending> {
    let lang = options.lang;
    // What cannot be said is told before anybody is asked anything.
    let first = match send.text.join(" ").as_str() {
        _ if send.lines => None,
        "-" => Some(checked(&whole_input()?, lang)?),
        _ if send.text.is_empty() => Some(checked(&whole_input()?, lang)?),
        text => Some(checked(text, lang)?),
    };
    let visit = Visit::begin(options, Role::script(options)?)?;
    let mut speech = Speech { send, lang, visit, tally: Tally::default() };
    match first {
        Some(text) => speech.say(&text)?,
        None => speech.say_lines()?,
    }
    let by = speech.visit.deadline();
    while speech.tally.n_open > 0 && !speech.tally.is_login_refused {
        let update = speech.visit.next(by)?;
        speech.count(&update);
    }
    let Speech { visit, tally, .. } = speech;
    visit.end();
    Ok(match tally {
        Tally { is_login_refused: true, .. } => Ending::Refused,
        Tally { n_refused: 0, .. } => Ending::Fine,
        _ => Ending::NotStored,
    })
}

impl Speech<'_> {
    fn say_lines(&mut self) -> Result<(), Ending> {
        let mut input = io::stdin().lock();
        loop {
            let mut line = Vec::new();
            // More than the longest text and its line end shows that it does not fit.
            let read = input.by_ref().take(Text::MAX as u64 + 3).read_until(b'\n', &mut line);
            if read.map_err(|error| unreadable(&error))? == 0 {
                return Ok(());
            }
            let line = utf8(line)?;
            if !line.is_empty() {
                self.say(&checked(&line, self.lang)?)?;
            }
        }
    }

    /// Hands it over. Blocks while too much waits for the server.
    fn say(&mut self, text: &Text) -> Result<(), Ending> {
        while !self.offer(text)? {
            let by = self.visit.deadline();
            let update = self.visit.next(by)?;
            self.count(&update);
        }
        self.tally.n_open += 1;
        // What came meanwhile makes room for more.
        while let Ok(update) = self.visit.updates.next(Duration::ZERO) {
            self.visit.learn(&update);
            self.count(&update);
        }
        if self.tally.is_login_refused { Err(Ending::Refused) } else { Ok(()) }
    }

    /// Is it taken?
    fn offer(&self, text: &Text) -> Result<bool, Ending> {
        let (client, to, text) = (&self.visit.client, self.send.to.to(), text.clone());
        let taken = match &self.send.reference {
            Some(named) => client.send_under(named.clone(), to, text, Duration::ZERO),
            None => client.send_to(to, text, Duration::ZERO).map(drop),
        };
        match taken {
            Ok(()) => Ok(true),
            Err(OrderError::Full) => Ok(false),
            Err(OrderError::Closed) => Err(Ending::Lost),
        }
    }

    fn count(&mut self, update: &Update) {
        match update {
            Update::Sent { reference, id, room, time } => {
                self.tally.n_open = self.tally.n_open.saturating_sub(1);
                // It is stored, whoever reads that.
                self.send.out.sent(reference, *room, (*id, *time)).ok();
            }
            Update::NotSent { unsent, why, will_retry } => {
                let why = &clean::line(&wording::reason(why, self.lang));
                let text = &clean::line(unsent.text.as_str());
                if *will_retry {
                    return complain(&Notice::SentLater { text, why }.text(self.lang));
                }
                self.tally.n_open = self.tally.n_open.saturating_sub(1);
                self.tally.n_refused += 1;
                complain(&Notice::NotSent { text, why }.text(self.lang));
            }
            Update::Refused { what: Some(Ask::Login), why } => {
                self.visit.login_refused(why);
                self.tally.is_login_refused = true;
            }
            _ => {}
        }
    }
}

/// Everything up to the end of the standard input, without its last line end.
fn whole_input() -> Result<String, Ending> {
    let mut bytes = Vec::new();
    // More than the longest text and its line end shows that it does not fit.
    let read = io::stdin().lock().take(Text::MAX as u64 + 3).read_to_end(&mut bytes);
    read.map_err(|error| unreadable(&error))?;
    utf8(bytes)
}

fn utf8(mut bytes: Vec<u8>) -> Result<String, Ending> {
    for end in [b'\n', b'\r'] {
        if bytes.last() == Some(&end) {
            bytes.pop();
        }
    }
    // A NUL is in no text, so this one is refused as what it is.
    Ok(String::from_utf8(bytes).unwrap_or_else(|_bad| "\0".to_owned()))
}

fn checked(text: &str, lang: Lang) -> Result<Text, Ending> {
    Text::new(text).map_err(|code| {
        complain(crate::texts::error(code, lang));
        Ending::NotStored
    })
}

fn unreadable(error: &io::Error) -> Ending {
    complain(&error.to_string());
    Ending::NotStored
}

fn reference(text: &str) -> Result<Reference, String> {
    Reference::new(text).ok_or_else(|| "1 to 64 bytes without control characters".to_owned())
}
