//! Keeping order, over every front and every store: who is banned, muted or slowed, in a room and
//! on the whole server, what each is told, and what is recorded.

mod room;
mod server;
mod table;

use crate::support::peers::Line;

/// Sends a line and expects an answer that begins and ends so.
fn ask_about(line: &mut Line, sent: &str, (begins, ends): (&str, &str)) {
    line.say(sent);
    expect_about(line, (begins, ends));
}

/// A line with a time in it.
fn expect_about(line: &mut Line, (begins, ends): (&str, &str)) {
    let told = line.next(begins);
    assert!(told.starts_with(begins) && told.ends_with(ends), "{told}: {begins} .. {ends}");
}
