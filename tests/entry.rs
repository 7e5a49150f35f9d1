//! Who may make an account, over every front and every store that the command line can reach.

mod approval;
mod codes;

use crate::support::program;
use crate::support::redis::Redis;
use crate::support::server::Server;

/// Runs `server user` with these words on the server's store.
fn job(server: &Server, url: &str, words: &[&str]) -> program::Ended {
    let mut args = vec!["user"];
    if !url.is_empty() {
        args.extend(["--store", url]);
    }
    args.extend(words);
    program::run(program::server(server.home(), &args), "secret\n")
}

/// What is played, with the command line at hand.
type Scene = fn(&Server, &dyn Fn(&[&str]) -> program::Ended);

fn with_registration(who: &str, play: Scene) {
    let redis = Redis::start();
    for url in [Some(String::new()), redis.as_ref().map(Redis::url)].into_iter().flatten() {
        let server = Server::start_on(&url, &["--registration", who]);
        play(&server, &|words| job(&server, &url, words));
    }
}
