//! [`Gate`]: how many connections the probe has open at once, and how fast it asks.
//!
//! A probe must not be heavier than one page with its scripts, or it meets limits that no reader ever meets, and
//! takes them for faults.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, sleep, sleep_until},
};

use super::{lock::lock, retry_after::Patience};
use crate::probe::evidence::Exchange;

const NEVER_CLOSED: &str = "the semaphore is never closed";

/// As many as browsers open to one host over HTTP/1.1 (Chromium: `kDefaultMaxSocketsPerGroup` in
/// net/socket/client_socket_pool_manager.cc; Firefox: `network.http.max-persistent-connections-per-server`).
pub(crate) const CONNECTIONS: usize = 6;

/// Requests that may come at once, as a page load makes them; those after them come 8 in a second.
/// nginx's own example of a limit, `rate=10r/s` with `burst=20`, does not notice that
/// (<https://nginx.org/en/docs/http/ngx_http_limit_req_module.html>).
const BURST: u32 = 12;
/// The time between requests that wait for each other.
pub(crate) const APART: Duration = Duration::from_millis(125);

/// The time between requests once the host has said that they are too many.
const CAREFUL: Duration = Duration::from_millis(250);

/// How long a host may take to notice that connections were closed.
const SETTLE: Duration = Duration::from_millis(300);

/// What every connection passes.
#[derive(Debug)]
pub(crate) struct Gate {
    free: Arc<Semaphore>,
    /// How many places there are, free or not.
    places: AtomicUsize,
    /// How many connections are open, or have a place.
    open: Arc<AtomicUsize>,
    /// How many requests were made.
    requests: AtomicUsize,
    pace: Mutex<Pace>,
    patience: Mutex<Patience>,
}

/// A connection's place among those that are open; free again when it and its clones are dropped. A session whose host closes
/// its connections keeps its place for the next one, or others would take it.
#[derive(Debug, Clone)]
pub(crate) struct Pass {
    _place: Arc<Place>,
    /// Whether requests share the connection that has it.
    is_shared: bool,
    /// How many connections were open when this one was let through, itself included.
    pub(crate) connections: usize,
    /// Which request of the probe this is.
    pub(crate) number: usize,
}

#[derive(Debug)]
struct Place {
    _permit: OwnedSemaphorePermit,
    open: Arc<AtomicUsize>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A place without a connection for a while: it does not count as open.
struct Vacant<'a>(&'a AtomicUsize);

impl<'a> Vacant<'a> {
    fn new(open: &'a AtomicUsize) -> Self {
        open.fetch_sub(1, Ordering::Relaxed);
        Self(open)
    }
}

impl Drop for Vacant<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            free: Arc::new(Semaphore::new(CONNECTIONS)),
            places: AtomicUsize::new(CONNECTIONS),
            open: Arc::default(),
            requests: AtomicUsize::new(0),
            pace: Mutex::new(Pace { due: Instant::now(), slack: APART * (BURST - 1), apart: APART }),
            patience: Mutex::default(),
        }
    }
}

impl Gate {
    /// Waits for a place, and for the time when a request may be made.
    pub(crate) async fn enter(&self) -> Pass {
        let permit = self.free.clone().acquire_owned().await.expect(NEVER_CLOSED);
        let at = lock(&self.pace).next(Instant::now());
        sleep_until(at).await;
        let connections = self.open.fetch_add(1, Ordering::Relaxed) + 1;
        let place = Place { _permit: permit, open: self.open.clone() };
        Pass { _place: Arc::new(place), is_shared: false, connections, number: self.count() }
    }

    /// Waits for a place of a connection that requests share; each of them asks then with [`Self::enter_next`] for the time when it
    /// may be made.
    pub(crate) async fn enter_to_share(&self) -> Pass {
        let permit = self.free.clone().acquire_owned().await.expect(NEVER_CLOSED);
        let connections = self.open.fetch_add(1, Ordering::Relaxed) + 1;
        let place = Place { _permit: permit, open: self.open.clone() };
        Pass { _place: Arc::new(place), is_shared: true, connections, number: 0 }
    }

    /// From now on, until what this gives is dropped, only one connection is open at a time. Waits until the others are closed.
    pub(crate) async fn alone(&self) -> OwnedSemaphorePermit {
        let others = self.places.load(Ordering::Relaxed) - 1;
        let others = u32::try_from(others).expect("places are few");
        let others = self.free.clone().acquire_many_owned(others).await.expect(NEVER_CLOSED);
        sleep(SETTLE).await;
        others
    }

    /// A request on a connection that is open already, such as the next poll of a stream. It does not wait: a stream's pace
    /// is what is measured. It counts, so that others wait.
    pub(crate) fn note(&self) -> usize {
        lock(&self.pace).note(Instant::now());
        self.count()
    }

    fn count(&self) -> usize {
        self.requests.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Waits until this may be asked again at the same place, if the host refuses it for now. Nothing new is asked in that
    /// time.
    pub(crate) async fn pause_after(&self, exchange: &Exchange, pass: Pass) -> Option<Pass> {
        let wait = lock(&self.patience).wait(exchange)?;
        let at = {
            let mut pace = lock(&self.pace);
            let now = Instant::now();
            pace.pause_until(now + wait, exchange.status == Some(429));
            pace.next(now)
        };
        let vacant = self.vacant(&pass);
        sleep_until(at).await;
        drop(vacant);
        Some(Pass { connections: self.connections(), number: self.count(), ..pass })
    }

    /// What came of the pause.
    pub(crate) fn paused(&self, second: &Exchange) {
        if lock(&self.patience).waited(second) {
            lock(&self.pace).be_careful();
        }
    }

    /// Makes room for this many connections more, where the user has asked for what needs them.
    pub(crate) fn widen(&self, more: usize) {
        self.places.fetch_add(more, Ordering::Relaxed);
        self.free.add_permits(more);
    }

    /// A new connection at a place that is held already.
    pub(crate) fn enter_again(&self, pass: &Pass) -> Pass {
        Pass { connections: self.connections(), number: self.note(), ..pass.clone() }
    }

    /// Waits for the time when another request may be made from a place that is held, over the connection that is shared, or over a
    /// new one in the place of the last one.
    pub(crate) async fn enter_next(&self, pass: &Pass) -> Pass {
        let at = lock(&self.pace).next(Instant::now());
        let vacant = self.vacant(pass);
        sleep_until(at).await;
        drop(vacant);
        Pass { connections: self.connections(), number: self.count(), ..pass.clone() }
    }

    /// A place is without a connection while its next request waits, unless others share that.
    fn vacant(&self, pass: &Pass) -> Option<Vacant<'_>> {
        (!pass.is_shared).then(|| Vacant::new(&self.open))
    }

    /// How many connections are open.
    pub(crate) fn connections(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }
}

/// The generic cell rate algorithm (ITU-T I.371): when the next request is due, and by how much one may come early.
#[derive(Debug)]
struct Pace {
    due: Instant,
    slack: Duration,
    apart: Duration,
}

impl Pace {
    /// When a request that comes now may be made.
    fn next(&mut self, now: Instant) -> Instant {
        let due = self.due.max(now);
        self.due = due + self.apart;
        due.checked_sub(self.slack).map_or(now, |early| early.max(now))
    }

    /// Nothing comes before this time.
    fn pause_until(&mut self, when: Instant, careful: bool) {
        if careful {
            self.be_careful();
        }
        self.due = self.due.max(when + self.slack);
    }

    /// Bursts are too much for this host.
    fn be_careful(&mut self) {
        self.apart = CAREFUL;
        self.slack = Duration::ZERO;
    }

    /// A request that is made now. Where there are more of these than the pace allows, they do not keep others waiting
    /// for ever.
    fn note(&mut self, now: Instant) {
        let due = self.due.max(now);
        if due <= now + self.slack {
            self.due = due + self.apart;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn no_more_at_once_than_a_browser() {
        let gate = Gate::default();
        let mut passes = Vec::new();
        for open in 1..=CONNECTIONS {
            let pass = gate.enter().await;
            assert_eq!((pass.connections, gate.connections()), (open, open));
            passes.push(pass);
        }
        let next = tokio::time::timeout(Duration::from_secs(60), gate.enter());
        assert!(next.await.is_err(), "the seventh waits");
        passes.pop();
        assert_eq!(gate.enter().await.connections, CONNECTIONS);
        gate.widen(2);
        passes.push(gate.enter().await);
        passes.push(gate.enter().await);
        assert_eq!(gate.connections(), CONNECTIONS + 1);
    }

    /// What a limit of nginx's lets through at these times: `excess` grows by one for each request, falls by the rate, and
    /// is refused above the burst (ngx_http_limit_req_module.c, ngx_http_limit_req_lookup).
    fn refused(times: &[Duration], rate: f64, burst: f64) -> usize {
        let (mut excess, mut last, mut refused) = (0_f64, times[0], 0);
        for at in times {
            let next = (excess - (*at - last).as_secs_f64() * rate + 1.0).max(0.0);
            if next - 1.0 > burst {
                refused += 1;
            } else {
                (excess, last) = (next, *at);
            }
        }
        refused
    }

    #[tokio::test(start_paused = true)]
    async fn no_burst_above_a_page_load() {
        let gate = Gate::default();
        let start = Instant::now();
        let mut times = Vec::new();
        for _ in 0..60 {
            drop(gate.enter().await);
            times.push(start.elapsed());
        }
        assert!(times[11] < Duration::from_millis(20), "a page load at once: {times:?}");
        let seconds = times[59].as_secs_f64();
        assert!((5.9..6.3).contains(&seconds), "8 a second from then on: {seconds}");
        assert_eq!(refused(&times, 10.0, 20.0), 0, "nginx's example of a limit");
        assert!(refused(&times, 5.0, 8.0) > 0, "a limit that a page load meets is met");
    }

    #[tokio::test(start_paused = true)]
    async fn polls_go_before_but_never_shut_others_out() {
        let gate = Gate::default();
        for _ in 0..1000 {
            gate.note();
        }
        let start = Instant::now();
        drop(gate.enter().await);
        assert!(start.elapsed() < 2 * APART, "{:?}", start.elapsed());
    }
}
