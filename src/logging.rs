//! Where logs go and how they look.

use std::{
    io::{self, Write},
    sync::Mutex,
};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::{EnvFilter, fmt::writer::BoxMakeWriter};

use crate::{cli::LogFormat, hosting::iisnode::log_files::LogPlan};

/// Starts logging: to standard error, or to iisnode's files where it asks for them. `RUST_LOG` chooses
/// what is logged; without it, everything from info on. To be called once.
pub(crate) fn start(format: LogFormat, plan: Option<&LogPlan>) {
    let filter = EnvFilter::builder().with_default_directive(LevelFilter::INFO.into()).from_env_lossy();
    let writer = match plan {
        Some(plan) => BoxMakeWriter::new(Mutex::new(plan.open("stderr"))),
        None => BoxMakeWriter::new(io::stderr),
    };
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer)
        .with_ansi(plan.is_none() && io::IsTerminal::is_terminal(&io::stderr()))
        // It would print to standard error, which may be what just failed, and panic.
        .log_internal_errors(false);
    match format {
        LogFormat::Text => builder.init(),
        LogFormat::Json => builder.json().flatten_event(true).init(),
    }
}

/// Where the banner goes: standard output, or iisnode's file for it.
pub(crate) fn banner_writer(plan: Option<&LogPlan>) -> Box<dyn Write> {
    match plan {
        Some(plan) => Box::new(plan.open("stdout")),
        None => Box::new(io::stdout()),
    }
}
