//! Where logs go and how they look.

mod flood;
mod sparse;

use std::{
    io::{self, Write},
    sync::Mutex,
};

use tracing::{Subscriber, level_filters::LevelFilter};
use tracing_subscriber::{EnvFilter, fmt::writer::BoxMakeWriter};

use crate::{cli::LogFormat, hosting::iisnode::log_files::LogPlan};

use flood::FloodFormat;

/// Starts logging: to standard error, or to iisnode's files where it asks for them. `RUST_LOG` chooses
/// what is logged; without it, everything from info on. Of each kind of line from info on, at most one a second is written, so that no
/// client can fill a disk. To be called once.
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
        LogFormat::Text => begin(builder.map_event_format(|lines| FloodFormat::new(lines, format)).finish()),
        LogFormat::Json => {
            let builder = builder.json().flatten_event(true);
            begin(builder.map_event_format(|lines| FloodFormat::new(lines, format)).finish());
        }
    }
}

/// Takes what is logged by `tracing`, and not what is by the crate `log`: as traces tungstenite writes all frames there, with the ids of
/// sessions, which let whoever reads the log take them over.
fn begin(subscriber: impl Subscriber + Send + Sync) {
    tracing::subscriber::set_global_default(subscriber).expect("logging is started once");
}

/// Where the banner goes: standard output, or iisnode's file for it.
pub(crate) fn banner_writer(plan: Option<&LogPlan>) -> Box<dyn Write> {
    match plan {
        Some(plan) => Box::new(plan.open("stdout")),
        None => Box::new(io::stdout()),
    }
}
