//! At a terminal.

use crate::rooms::on_every_store;
use crate::support::peers::Line;

#[test]
fn what_was_said_last_is_changed_and_taken_back() {
    on_every_store(|server| {
        let mut tom = Line::enter(server.lines());
        let me = tom.me();
        tom.ask(
            "/edit too early",
            &["* there is no such message here; /history shows the numbers"],
        );
        // In one go: the edit waits for what it is about.
        tom.say("helo\n/edit hello");
        tom.expect(&format!("[{me}]{me}: helo"));
        tom.expect(&format!("* {me} changed #1: hello"));
        tom.ask("/reply #1 hi", &[&format!("[{me} > #1]{me}: hi")]);
        tom.ask("/react 1 👍", &[&format!("* {me} reacts to #1: 👍")]);
        let page = |tom: &mut Line, expected: &[&str]| {
            tom.say("/history");
            for ending in expected {
                let line = tom.next(ending);
                assert!(line.ends_with(ending), "{line}, and not {ending}");
            }
        };
        let hello = format!(" #1, edited]{me}: hello");
        page(&mut tom, &[&hello, "* #1: 👍 1", &format!(" #3 > #1]{me}: hi")]);
        tom.ask("/unreact #1 👍", &[&format!("* {me} takes back from #1: 👍")]);
        tom.ask("/delete", &[&format!("* {me} deleted #3")]);
        tom.ask("/delete", &["* there is no such message here; /history shows the numbers"]);
        tom.ask("/delete #1", &[&format!("* {me} deleted #1")]);
        page(&mut tom, &[&format!(" #1, deleted]{me}: "), &format!(" #3, deleted > #1]{me}: ")]);
    });
}

#[test]
fn a_changed_text_forges_no_line() {
    on_every_store(|server| {
        let mut tom = Line::enter(server.lines());
        let me = tom.me();
        tom.ask("hi", &[&format!("[{me}]{me}: hi")]);
        tom.ask("/edit a\u{1b}[2Jb", &[&format!("* {me} changed #1: a␛[2Jb")]);
        tom.ask("/react #1 \u{202e}", &[&format!("* {me} reacts to #1: \u{fffd}")]);
    });
}
