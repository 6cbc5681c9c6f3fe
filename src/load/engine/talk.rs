//! What is said to an engine, and what it says.

use std::sync::{Arc, mpsc::Sender};

use mio::Waker;
use serde::{Deserialize, Serialize};

use super::super::measure::{Counts, Measures};

/// What an engine is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in super::super) enum Command {
    /// All readers have joined: the measurement begins.
    Begin,
    /// It is over.
    End,
}

/// What an engine tells.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in super::super) enum News {
    /// How far it is.
    Progress(Counts),
    /// The first reader could not join, for this reason: nobody else has tried.
    Hopeless(String),
    /// What it has seen, when it was told that it is over.
    Over(Box<Measures>),
}

/// The way to an engine's ear.
#[derive(Debug, Clone)]
pub(in super::super) struct Ear {
    pub(super) commands: Sender<Command>,
    pub(super) waker: Arc<Waker>,
}

impl Ear {
    /// Tells the engine something; one that is over does not hear it.
    pub(in super::super) fn tell(&self, command: Command) {
        if self.commands.send(command).is_ok() {
            // Without it the engine hears at its next tick.
            let _ = self.waker.wake();
        }
    }
}
