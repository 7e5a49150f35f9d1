//! The client as people set it up and scripts run it, against a real server.

mod examples;
mod jobs;
mod settings;

use crate::support::peers::Course;
use crate::support::server::Server;

/// A server with the account 100, `tom`, whose password is `secret`; and its address.
fn with_account() -> (Server, String) {
    with_account_on(Server::start())
}

fn with_account_on(server: Server) -> (Server, String) {
    let mut course = Course::over(server.call(server.frames()));
    course.register(100, "secret", "tom");
    course.wire.close();
    let address = server.any().to_string();
    (server, address)
}
