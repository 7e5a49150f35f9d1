//! Where settings come from, and what is kept of logins.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::with_account;
use crate::support::peers::{Course, Line};
use crate::support::program::{Ended, client, run};

/// A home with this file.
fn home_with(config: &str) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join(".config/hubbub");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("config.toml"), config).unwrap();
    home
}

/// Says hello in plain lines.
fn talk(home: &Path, args: &[&str], env: &[(&str, &str)]) -> Ended {
    let mut command = client(home, args);
    command.envs(env.iter().copied());
    run(command, "hello\n")
}

/// Options, variables, and a line that is printed then.
type Case<'a> = (&'a [&'a str], &'a [(&'a str, &'a str)], &'a str);

#[test]
fn an_option_goes_before_its_variable_before_the_file_before_the_default() {
    let home = home_with("# ours\naddr = \"file:1\"\nwait = 5\ntls = true\n");
    let cases: [Case<'_>; 9] = [
        (&[], &[], "addr = \"file:1\"  # from the file"),
        (&[], &[("HUBBUB_ADDR", "env:1")], "addr = \"env:1\"  # from its variable"),
        (&["--addr", "opt:1"], &[("HUBBUB_ADDR", "env:1")], "addr = \"opt:1\"  # from --addr"),
        (&[], &[], "tls = true  # from the file"),
        (&["--tls=no"], &[], "tls = false  # from --tls"),
        (&[], &[("HUBBUB_TLS", "0")], "tls = false  # from its variable"),
        (&[], &[], "wait = 5  # from the file"),
        (&[], &[], "# lang = \"en|zh\""),
        (&["--user", "a\"b"], &[], "user = \"a\\\"b\"  # from --user"),
    ];
    for (args, env, line) in cases {
        let mut command = client(home.path(), args);
        command.envs(env.iter().copied()).arg("--print-config");
        let printed = run(command, "");
        assert_eq!(printed.code, Some(0), "{printed:?}");
        assert!(printed.out.lines().any(|l| l == line), "no {line:?} in:\n{}", printed.out);
    }
    let none = run(client(tempfile::tempdir().unwrap().path(), &["--print-config"]), "");
    assert!(none.out.contains("\n# addr = \"127.0.0.1:8889\"\n"), "{none:?}");
    assert!(none.out.contains("/.config/hubbub/config.toml\n"), "{none:?}");
}

#[test]
fn a_bad_file_is_said_in_one_line_with_the_place() {
    let home = home_with("addr = \"a:1\"\npasword-cmd = \"echo hunter2\"\n");
    let ended = talk(home.path(), &[], &[]);
    assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""));
    let words = ["config.toml, line 2: unknown field `pasword-cmd`", "`password-cmd`"];
    assert!(words.iter().all(|word| ended.err.contains(word)), "{ended:?}");
    assert!(ended.err.lines().count() == 1 && !ended.err.contains("hunter2"), "{ended:?}");
}

#[test]
fn a_login_is_kept_for_its_owner_alone_and_takes_the_place_of_the_password() {
    let (server, address) = with_account();
    let home = home_with(&format!("addr = \"{address}\"\nuser = \"tom\"\n"));
    let nothing = talk(home.path(), &[], &[]);
    assert_eq!((nothing.code, nothing.out.as_str()), (Some(2), ""), "{nothing:?}");
    let first = talk(home.path(), &["--user", "100"], &[("HUBBUB_PASSWORD", "secret")]);
    assert_eq!(first.code, Some(0), "{first:?}");
    let state = home.path().join(".local/state/hubbub");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&state), mode(&state.join("tokens"))), (0o700, 0o700));
    let files: Vec<_> = fs::read_dir(state.join("tokens")).unwrap().collect();
    assert_eq!(files.len(), 1);
    let file = files[0].as_ref().unwrap().path();
    assert_eq!(mode(&file), 0o600);
    let kept = fs::read_to_string(&file).unwrap();
    let (_, token) = kept.split_once("\"token\":\"").unwrap();
    let token = &token[..64];
    // By the name now, and without a password.
    for _ in 0..2 {
        let next = talk(home.path(), &[], &[]);
        assert_eq!(next.code, Some(0), "{next:?}");
        assert!(next.out.contains("\nlogin\t100\ttom\t"), "{next:?}");
        assert!(!format!("{next:?}").contains(token));
    }
    assert!(!server.log().contains(token));
}

#[test]
fn a_login_that_was_revoked_is_said_and_the_password_takes_over() {
    let (server, address) = with_account();
    let home = home_with(&format!("addr = \"{address}\"\nuser = \"100\"\n"));
    let env = [("HUBBUB_PASSWORD", "secret")];
    assert_eq!(talk(home.path(), &[], &env).code, Some(0));
    // Another password ends all tokens.
    let mut line = Line::enter(server.lines());
    line.say("/login 100 secret");
    line.say("/passwd secret other");
    while line.next("the new password") != "* password changed" {}
    let refused = talk(home.path(), &[], &[]);
    assert_eq!(refused.code, Some(4), "{refused:?}");
    assert!(refused.out.contains("refused\tlogin\tbad_token\t"), "{refused:?}");
    // It is forgotten.
    assert_eq!(talk(home.path(), &[], &[]).code, Some(2));
    let keyring = talk(home.path(), &["--password-cmd", "echo other"], &[]);
    assert_eq!(keyring.code, Some(0), "{keyring:?}");
    assert_eq!(talk(home.path(), &[], &[]).code, Some(0));
    let mut course = Course::over(server.call(server.frames()));
    course.log_in(100, "other");
}

#[test]
fn a_command_that_finds_no_password_says_so() {
    let home = home_with("user = \"100\"\npassword-cmd = \"exit 7\"\n");
    let ended = talk(home.path(), &[], &[]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.err.contains("password-cmd: it failed (exit status: 7)"), "{ended:?}");
}
