//! What goes wrong outside the server, against the running program: peers that do not read, do
//! not speak or speak nonsense, stores that freeze and vanish, signals, limits, the command line.

mod acknowledged;
mod admission;
mod altered;
mod command_line;
mod deep_nesting;
mod epochs;
mod ethernet;
mod garbage;
mod half_open;
mod login;
mod passwords;
mod pid_file;
mod room;
mod secrets;
mod shutdown;
mod slow;
mod stores;
mod storm;
mod users;

use crate::support::peers::{Course, Extended, Line};
use crate::support::server::Server;

/// Everybody is served as ever: a newcomer of each language meets the others, and the server has
/// had no accident. `n` sets the ids of these accounts apart.
fn is_well(server: &Server, n: i64) {
    let mut tom = Extended::enter(server.frames(), (n, "well"), "laptop");
    let mut jerry = Course::enter(server.frames(), n + 1, "jerry");
    let mut line = Line::enter(server.lines());
    let text = format!("all is well {n}");
    line.say(&text);
    while !line.next("its own text").ends_with(&text) {}
    while !jerry.next("a text of a line").1.contains(&text) {}
    tom.tell(n + 1, "psst", "r1");
    while tom.next("an acknowledgement").0 != "AckMes" {}
    while jerry.next("a private text").0 != "SmsPrivateMes" {}
    assert!(!server.log().contains("panicked"), "a thread panicked");
}
