//! Connections to Redis and their pool: every step ends within a time, and a connection on
//! which something went wrong is never lent again.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use redis::{Client, Cmd, Connection, ConnectionLike, ErrorKind, RedisError, RedisResult, Value};

use crate::clock;

/// For the connection and the login on it, and for how long a call waits for a connection.
/// A Redis worth using answers in a thousandth of it.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// For the PING before a connection is lent.
const PING_TIMEOUT: Duration = Duration::from_secs(1);

/// For one answer: longer, because an `appendfsync always` on a busy disk takes its time, and
/// giving up leaves us not knowing.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(3);

/// Connections at most. Redis works on one command at a time; more would only wait there.
const MAX_CONNECTIONS: u32 = 8;

/// Between two warnings that Redis cannot be reached; the pool tries several times a second.
const WARNING_PAUSE: Duration = Duration::from_secs(10);

pub(super) type Pool = r2d2::Pool<RedisConnectionManager>;

/// A pool that connects when somebody asks, and goes on asking while Redis is away.
pub(super) fn pool(manager: RedisConnectionManager) -> Pool {
    r2d2::Pool::builder()
        .max_size(MAX_CONNECTIONS)
        .min_idle(Some(0))
        .connection_timeout(CONNECT_TIMEOUT)
        .test_on_check_out(true)
        .error_handler(Box::new(Warnings::default()))
        .build_unchecked(manager)
}

/// Makes and judges connections.
///
/// Neither the `r2d2` feature of the redis crate nor r2d2_redis bounds the login and the PING
/// in time, and a Redis that is frozen would block every thread that asks for a connection.
#[derive(Debug)]
pub(super) struct RedisConnectionManager {
    client: Client,
    /// Counts up when a connection fails. Those that are older than the newest failure are
    /// dropped without a PING: to wait for each of them in turn would take a timeout each.
    failures: Arc<AtomicU64>,
}

/// A connection that remembers whether it failed.
pub(super) struct RedisConnection {
    connection: Connection,
    /// The failures there had been when it was made.
    born: u64,
    failures: Arc<AtomicU64>,
    broken: bool,
    /// An answer is still to come: who borrowed it next would take it for theirs.
    owes: bool,
    /// Which run of Redis it leads to; empty where that is not told.
    run: String,
}

impl RedisConnectionManager {
    pub(super) fn new(client: Client) -> Self {
        Self { client, failures: Arc::default() }
    }
}

impl r2d2::ManageConnection for RedisConnectionManager {
    type Connection = RedisConnection;
    type Error = RedisError;

    fn connect(&self) -> RedisResult<RedisConnection> {
        let born = self.failures.load(Ordering::Relaxed);
        let mut connection = self.client.get_connection_with_timeout(CONNECT_TIMEOUT)?;
        connection.set_read_timeout(Some(ANSWER_TIMEOUT))?;
        connection.set_write_timeout(Some(ANSWER_TIMEOUT))?;
        let run = run_of(&mut connection)?;
        Ok(RedisConnection {
            connection,
            born,
            failures: Arc::clone(&self.failures),
            broken: false,
            owes: false,
            run,
        })
    }

    fn is_valid(&self, lent: &mut RedisConnection) -> RedisResult<()> {
        if lent.born != self.failures.load(Ordering::Relaxed) {
            return Err((ErrorKind::Io, "made before the last failure").into());
        }
        lent.connection.set_read_timeout(Some(PING_TIMEOUT))?;
        let answer: String = redis::cmd("PING").query(lent)?;
        // Anything else belongs to a question that somebody asked before us.
        if answer != "PONG" {
            return Err((ErrorKind::Io, "not an answer to PING").into());
        }
        lent.connection.set_read_timeout(Some(ANSWER_TIMEOUT))
    }

    fn has_broken(&self, lent: &mut RedisConnection) -> bool {
        lent.broken || lent.owes
    }
}

/// # Errors
/// Those of the connection. Whoever may not ask gets an empty answer.
fn run_of(connection: &mut Connection) -> RedisResult<String> {
    let info: RedisResult<String> = redis::cmd("INFO").arg("server").query(connection);
    match info {
        Ok(info) => {
            let run = info.lines().find_map(|line| line.strip_prefix("run_id:"));
            Ok(run.unwrap_or_default().trim().to_owned())
        }
        Err(error) if matches!(error.kind(), ErrorKind::Server(_) | ErrorKind::Extension) => {
            Ok(String::new())
        }
        Err(error) => Err(error),
    }
}

impl RedisConnection {
    /// Which run of Redis it leads to; empty where that is not told.
    pub(super) fn run(&self) -> &str {
        &self.run
    }

    /// Sends a command whose answer [`Self::receive`] takes; in between nothing else is asked.
    pub(super) fn send(&mut self, command: &Cmd) -> RedisResult<()> {
        self.owes = true;
        let sent = self.connection.send_packed_command(&command.get_packed_command());
        self.watch(sent)
    }

    /// The answer to what was sent.
    pub(super) fn receive(&mut self) -> RedisResult<Value> {
        let answer = self.connection.recv_response();
        let answer = self.watch(answer)?;
        self.owes = false;
        answer.extract_error()
    }

    /// An error here is one of the connection; what Redis itself refuses comes as a value.
    fn watch<T>(&mut self, result: RedisResult<T>) -> RedisResult<T> {
        if result.is_err() && !self.broken {
            self.broken = true;
            // Only the first of a generation counts: the ones made since are good.
            self.failures.fetch_max(self.born + 1, Ordering::Relaxed);
        }
        result
    }
}

impl ConnectionLike for RedisConnection {
    fn req_packed_command(&mut self, command: &[u8]) -> RedisResult<Value> {
        let result = self.connection.req_packed_command(command);
        self.watch(result)
    }

    fn req_packed_commands(
        &mut self,
        commands: &[u8],
        offset: usize,
        count: usize,
    ) -> RedisResult<Vec<Value>> {
        let result = self.connection.req_packed_commands(commands, offset, count);
        self.watch(result)
    }

    fn req_command(&mut self, command: &Cmd) -> RedisResult<Value> {
        let result = self.connection.req_command(command);
        self.watch(result)
    }

    fn get_db(&self) -> i64 {
        self.connection.get_db()
    }

    fn check_connection(&mut self) -> bool {
        let alive = self.connection.check_connection();
        self.broken |= !alive;
        alive
    }

    fn is_open(&self) -> bool {
        self.connection.is_open()
    }
}

/// Says that Redis cannot be reached, but not at every attempt.
#[derive(Debug, Default)]
struct Warnings {
    /// When the last one was logged, and how many were not since. Held for a look only.
    last: Mutex<(Option<Instant>, u64)>,
}

impl r2d2::HandleError<RedisError> for Warnings {
    fn handle_error(&self, error: RedisError) {
        let now = clock::now();
        let due = {
            let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
            let (logged, silent) = *last;
            if logged.is_some_and(|logged| now.duration_since(logged) < WARNING_PAUSE) {
                *last = (logged, silent + 1);
                None
            } else {
                *last = (Some(now), 0);
                Some(silent)
            }
        };
        if let Some(silent) = due {
            log::warn!("redis: {error} (and {silent} times before that were not logged)");
        }
    }
}
