//! The client's program: reads the command line, runs the interface, ends with its exit code.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{ArgMatches, CommandFactory, FromArgMatches};
use hubbub::client::settings::{self, Keys};
use hubbub::client::ui::{self, Cli, Ending};

fn main() -> ExitCode {
    let matches = Cli::command().get_matches();
    match run(&matches) {
        Ok(ending) => ExitCode::from(ending as u8),
        Err(words) => {
            ui::complain(&words);
            ExitCode::from(Ending::Usage as u8)
        }
    }
}

fn run(matches: &ArgMatches) -> Result<Ending, String> {
    let cli = Cli::from_arg_matches(matches).map_err(|error| error.to_string())?;
    let file = Cli::file()?;
    if cli.print_config {
        let path = Keys::file();
        let named = path.as_deref().map(|path| (path, &file));
        let text = settings::print(&cli.keys.or(file.clone()), matches, named);
        // Where nobody reads it, nobody misses it.
        drop(io::stdout().lock().write_all(text.as_bytes()));
        return Ok(Ending::Fine);
    }
    Ok(ui::run(cli.job.as_ref(), &cli.options(file)?))
}
