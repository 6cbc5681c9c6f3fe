//! [`Reader`]: one reader: its connection, what it says over it, and its life.

use std::time::{Duration, Instant};

use super::{
    super::{
        conversation::{Ask, Conversation, Cookies, Keys, Site, Stop},
        measure::{Measures, Silence},
        schedule,
    },
    connection::Connection,
    life::{After, Life},
};
use crate::transport::Transport;

/// Where a reader is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// It has not begun, or waits to come back.
    Away,
    /// Its connection does not stand yet.
    Connecting,
    /// It is connected.
    Open,
    /// It will not come back.
    Gone,
}

/// One reader.
#[derive(Debug)]
pub(super) struct Reader {
    pub(super) number: u32,
    transport: Transport,
    pub(super) stage: Stage,
    pub(super) connection: Option<Connection>,
    conversation: Conversation,
    cookies: Cookies,
    /// What has come of a message that is not complete.
    pub(super) partial: Vec<u8>,
    life: Life,
}

impl Reader {
    /// A reader who has not begun.
    pub(super) fn new(number: u32, transport: Transport, now: Instant) -> Self {
        Self {
            number,
            transport,
            stage: Stage::Away,
            connection: None,
            conversation: Conversation::new(transport),
            cookies: Cookies::default(),
            partial: Vec::new(),
            life: Life::new(now),
        }
    }

    /// Whether it has ever joined.
    pub(super) fn has_joined(&self) -> bool {
        self.life.has_joined()
    }

    /// Whether it is known that it can, or cannot, join.
    pub(super) fn is_settled(&self) -> bool {
        self.has_joined() || self.stage == Stage::Gone
    }

    /// A new conversation begins.
    pub(super) fn begin(&mut self, now: Instant) {
        self.conversation = Conversation::new(self.transport);
        self.life.begin(now);
    }

    /// The connection stands: what is sent first.
    pub(super) fn open(&mut self, site: &Site, keys: &Keys, out: &mut Vec<u8>) {
        self.stage = Stage::Open;
        let next = self.life.next();
        let resume = self.life.edition.as_deref().map(|edition| (next, edition));
        let ask = Ask { site, transport: self.transport, cookies: &self.cookies, keys, resume };
        self.conversation.open(&ask, out);
    }

    /// Takes what has come, and returns how much of it is used.
    ///
    /// # Errors
    /// When the connection is done with.
    pub(super) fn hear(
        &mut self,
        site: &Site,
        keys: &Keys,
        input: &[u8],
        out: &mut Vec<u8>,
        measures: &mut Measures,
        now: Instant,
    ) -> Result<usize, Stop> {
        let Self { conversation, life, cookies, transport, .. } = self;
        // What is asked for borrows the edition, while the opening event may bring another one.
        let edition = life.edition.take();
        let resume = edition.as_deref().map(|edition| (life.next(), edition));
        let ask = Ask { site, transport: *transport, cookies, keys, resume };
        let result = conversation.hear(&ask, input, out, &mut |heard| life.note(&heard, measures, now));
        life.edition = life.edition.take().or(edition);
        result
    }

    /// What it says when it leaves.
    pub(super) fn leave(&self, out: &mut Vec<u8>) {
        self.conversation.leave(out);
    }

    /// Its connection is done with; returns after what time it comes back, if it does.
    pub(super) fn stopped(&mut self, stop: Stop, measures: &mut Measures, now: Instant) -> Option<Duration> {
        let after = self.life.stopped(stop, measures, now);
        self.stage = if after == After::Gone { Stage::Gone } else { Stage::Away };
        match after {
            After::Gone => None,
            After::ComesBack(failures) => {
                Some(schedule::come_back(self.transport, failures, fastrand::f64()))
            }
        }
    }

    /// Whether it has just become silent: it heard nothing for longer than the pace and this time.
    pub(super) fn silence(&mut self, now: Instant, longer: Duration) -> Option<Silence> {
        let silent = self.stage != Stage::Gone && self.life.falls_silent(now, longer);
        silent.then(|| self.as_silent())
    }

    /// Whether it has joined, and never heard the event that it waited for.
    pub(super) fn never_heard(&self) -> Option<Silence> {
        (self.has_joined() && !self.life.has_heard()).then(|| self.as_silent())
    }

    fn as_silent(&self) -> Silence {
        Silence { reader: self.number, transport: self.transport, next: self.life.next() }
    }

    /// Whether its connection has led to no reading for so long.
    pub(super) fn waits_in_vain(&self, now: Instant, limit: Duration) -> bool {
        let waits = match self.stage {
            Stage::Connecting => true,
            Stage::Open => !self.life.is_reading(),
            Stage::Away | Stage::Gone => false,
        };
        waits && self.life.connected_for(now) > limit
    }
}
