//! The `dante` command: parse, dispatch, exit code.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::Parser;
use dante::{
    cli::{Cli, Command},
    commands,
    hosting::{environment::Environment, iisnode},
};

fn main() -> ExitCode {
    let env = Environment::of_process();
    let cli = Cli::parse_from(iisnode::without_node_switches(std::env::args_os(), &env));
    let result = match cli.command {
        None => commands::serve_poem(&cli.serve, &env),
        Some(Command::Serve(args)) => commands::serve_poem(&args, &env),
        Some(Command::Hosting(args)) => commands::hosting(&args, &env),
        Some(Command::Announce(args)) => commands::announce(&args, &env),
        Some(Command::Echo(args)) => commands::echo(&args, &env),
        Some(Command::Load(args)) => match commands::load(&args, &env) {
            Ok(code) => return ExitCode::from(code),
            Err(failure) => Err(failure),
        },
        Some(Command::Probe(args)) => match commands::probe(&args, &env) {
            Ok(code) => return ExitCode::from(code),
            Err(failure) => Err(failure),
        },
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Standard error may lead nowhere, and then there is nobody to tell.
            let _ = writeln!(io::stderr(), "dante: {:#}", failure.error());
            ExitCode::from(failure.exit_code())
        }
    }
}
