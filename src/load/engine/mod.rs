//! [`Engine`]: one thread that reads as thousands do. An event loop of its own keeps a reader as small as what it has to remember, and
//! cheaper than the server that sends to it; a task and a timer for each reader would not be.

mod connection;
mod life;
mod reader;
mod talk;
mod traffic;

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    io,
    sync::{
        Arc,
        mpsc::{Receiver, TryRecvError, channel},
    },
    time::{Duration, Instant},
};

use mio::{Events, Poll, Token, Waker};

use self::reader::Reader;
use super::{
    conversation::{Keys, Stop, Subject},
    measure::Measures,
    schedule,
    share::Share,
    tls::{Handshakes, Tls},
    usage::own_cpu,
};

pub(super) use self::talk::{Command, Ear, News};

/// How often it tells how far it is, and notices commands at the latest.
const TICK: Duration = Duration::from_millis(200);

/// How often it looks for who is silent: with 10,000 readers each look is some of its work.
const LOOK: Duration = Duration::from_secs(1);

/// How long a reader may take to join.
const JOIN_LIMIT: Duration = Duration::from_secs(30);

/// How much longer than the pace a reader may hear nothing.
const SILENCE: Duration = Duration::from_secs(10);

/// How many connections are opened in one turn of the loop, so that those that stand need not wait for a thousand new ones.
const OPENED_AT_ONCE: u32 = 32;

/// What is read at once, in bytes.
const READ_BUFFER: usize = 64 * 1024;

/// The token of the commands; readers have those below.
const COMMANDS: Token = Token(usize::MAX);

/// Reads as many do.
pub(super) struct Engine {
    share: Share,
    keys: Keys,
    /// How TLS is spoken, if it is.
    handshakes: Option<Handshakes>,
    poll: Poll,
    commands: Receiver<Command>,
    readers: Vec<Reader>,
    /// How many readers have begun.
    opened: u32,
    /// Who comes back, and when.
    away: BinaryHeap<Reverse<(Instant, usize)>>,
    measures: Measures,
    buffer: Vec<u8>,
    /// What is sent at once.
    out: Vec<u8>,
    hopeless: Option<String>,
}

impl Engine {
    /// An engine for a share, and the way to tell it something.
    ///
    /// # Errors
    /// When the system gives it nothing to wait with, or there is no certificate for the host.
    pub(super) fn new(share: Share) -> io::Result<(Self, Ear)> {
        let handshakes = share.site.tls.as_ref().map(Tls::prepare).transpose().map_err(io::Error::other)?;
        let poll = Poll::new()?;
        let waker = Arc::new(Waker::new(poll.registry(), COMMANDS)?);
        let (sender, commands) = channel();
        let now = Instant::now();
        let readers = (0..share.readers).map(|index| {
            let number = share.first + index;
            Reader::new(number, share.transport(number), now)
        });
        let engine = Self {
            readers: readers.collect(),
            share,
            keys: Keys::new(),
            handshakes,
            poll,
            commands,
            opened: 0,
            away: BinaryHeap::new(),
            measures: Measures::default(),
            buffer: vec![0; READ_BUFFER],
            out: Vec::new(),
            hopeless: None,
        };
        Ok((engine, Ear { commands: sender, waker }))
    }

    /// Reads until it is told that it is over.
    ///
    /// # Errors
    /// When the system no longer tells what has come.
    pub(super) fn run(mut self, tell: &mut dyn FnMut(News)) -> io::Result<()> {
        let mut events = Events::with_capacity(4096);
        let start = Instant::now();
        let mut ramp_start = start;
        let (mut next_tick, mut next_look) = (start + TICK, start + LOOK);
        let mut cpu = own_cpu();
        loop {
            let timeout = self.until_due(ramp_start, next_tick);
            match self.poll.poll(&mut events, Some(timeout)) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                result => result?,
            }
            let woken = Instant::now();
            for event in &events {
                if event.token() != COMMANDS {
                    let now = Instant::now();
                    self.measures.waited.record(now - woken);
                    self.ready(event.token().0, event, now);
                }
            }
            match self.commands.try_recv() {
                Ok(Command::Begin) => {
                    self.measures.begin();
                    cpu = own_cpu();
                }
                Ok(Command::End) | Err(TryRecvError::Disconnected) => break,
                Err(TryRecvError::Empty) => {}
            }
            if self.opened == 1 && !self.readers[0].is_settled() {
                // The first goes ahead: where it cannot join, nobody needs to try.
                ramp_start = Instant::now();
            } else {
                self.open_due(ramp_start);
            }
            self.come_back();
            if Instant::now() >= next_tick {
                next_tick = Instant::now() + TICK;
                if Instant::now() >= next_look {
                    next_look = Instant::now() + LOOK;
                    self.look_for_silence();
                }
                tell(News::Progress(self.measures.counts));
                if let Some(reason) = self.hopeless.take() {
                    tell(News::Hopeless(reason));
                }
            }
        }
        self.leave();
        self.measures.cpu = own_cpu().zip(cpu).map(|(now, then)| now.saturating_sub(then));
        tell(News::Over(Box::new(self.measures)));
        Ok(())
    }

    /// How long nothing is to be done unless something comes.
    fn until_due(&self, ramp_start: Instant, next_tick: Instant) -> Duration {
        let now = Instant::now();
        let mut wait = next_tick.saturating_duration_since(now);
        if self.opened < self.share.readers && (self.opened != 1 || self.readers[0].is_settled()) {
            wait = wait.min(schedule::until_next(self.share.ramp, self.opened, now - ramp_start));
        }
        if let Some(Reverse((at, _))) = self.away.peek() {
            wait = wait.min(at.saturating_duration_since(now));
        }
        wait
    }

    fn open_due(&mut self, ramp_start: Instant) {
        let due = schedule::due(self.share.ramp, self.share.readers, ramp_start.elapsed());
        for _ in self.opened..due.min(self.opened + OPENED_AT_ONCE) {
            let index = self.opened as usize;
            self.opened += 1;
            self.connect(index, true);
        }
    }

    fn come_back(&mut self) {
        let now = Instant::now();
        while let Some(Reverse((at, index))) = self.away.peek().copied()
            && at <= now
        {
            self.away.pop();
            self.connect(index, true);
        }
    }

    /// The first reader could not join, and nobody else has tried.
    fn give_up(&mut self) {
        if self.opened == 1 {
            self.hopeless = self.measures.failed.keys().next().cloned();
            self.opened = self.share.readers;
        }
    }

    /// Finds who has heard nothing for too long, and who waits for an answer in vain.
    fn look_for_silence(&mut self) {
        let now = Instant::now();
        let poem = self.share.site.subject == Subject::Poem;
        for index in 0..self.readers.len() {
            let reader = &mut self.readers[index];
            if poem && let Some(silence) = reader.silence(now, SILENCE) {
                self.measures.silence(silence);
            }
            if reader.waits_in_vain(now, JOIN_LIMIT) {
                let text = format!("no answer within {} s", JOIN_LIMIT.as_secs());
                self.stopped(index, Stop::Cut(text));
            }
        }
    }

    /// All leave.
    fn leave(&mut self) {
        for index in 0..self.readers.len() {
            let reader = &mut self.readers[index];
            if self.share.site.subject != Subject::Poem
                && let Some(silence) = reader.never_heard()
            {
                self.measures.silence(silence);
            }
            self.out.clear();
            reader.leave(&mut self.out);
            if let Some(connection) = &mut reader.connection {
                // Whoever leaves does not wait until it is heard.
                let _ = connection.send(&self.out);
            }
        }
    }
}
