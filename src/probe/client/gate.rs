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
    time::{Instant, sleep_until},
};

use super::connector::lock;

/// As many as browsers open to one host over HTTP/1.1 (Chromium: `kDefaultMaxSocketsPerGroup` in
/// net/socket/client_socket_pool_manager.cc; Firefox: `network.http.max-persistent-connections-per-server`).
const CONNECTIONS: usize = 6;

/// Requests that may come at once, as a page load makes them, and the time between those after them: 8 in a second.
/// nginx's own example of a limit, `rate=10r/s` with `burst=20`, does not notice that
/// (<https://nginx.org/en/docs/http/ngx_http_limit_req_module.html>).
const BURST: u32 = 12;
const APART: Duration = Duration::from_millis(125);

/// What every connection passes.
#[derive(Debug)]
pub(crate) struct Gate {
    free: Arc<Semaphore>,
    /// How many places there are, free or not.
    places: AtomicUsize,
    pace: Mutex<Pace>,
}

/// A connection's place among those that are open; free again when it and its clones are dropped. A session whose host closes
/// its connections keeps its place for the next one, or others would take it.
#[derive(Debug, Clone)]
pub(crate) struct Pass {
    _place: Arc<OwnedSemaphorePermit>,
    /// How many connections were open when this one was let through, itself included.
    pub(crate) connections: usize,
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            free: Arc::new(Semaphore::new(CONNECTIONS)),
            places: AtomicUsize::new(CONNECTIONS),
            pace: Mutex::new(Pace { due: Instant::now(), slack: APART * (BURST - 1), apart: APART }),
        }
    }
}

impl Gate {
    /// Waits for a place, and for the time when a request may be made.
    pub(crate) async fn enter(&self) -> Pass {
        let place = self.free.clone().acquire_owned().await.expect("the semaphore is never closed");
        let at = lock(&self.pace).next(Instant::now());
        sleep_until(at).await;
        Pass { _place: Arc::new(place), connections: self.connections() }
    }

    /// A request on a connection that is open already, such as the next poll of a stream. It does not wait: a stream's pace
    /// is what is measured. It counts, so that others wait.
    pub(crate) fn note(&self) {
        lock(&self.pace).note(Instant::now());
    }

    /// Makes room for this many connections more, where the user has asked for what needs them.
    pub(crate) fn widen(&self, more: usize) {
        self.places.fetch_add(more, Ordering::Relaxed);
        self.free.add_permits(more);
    }

    /// A new connection at a place that is held already.
    pub(crate) fn enter_again(&self, pass: &Pass) -> Pass {
        self.note();
        Pass { connections: self.connections(), ..pass.clone() }
    }

    /// How many connections are open.
    pub(crate) fn connections(&self) -> usize {
        self.places.load(Ordering::Relaxed).saturating_sub(self.free.available_permits())
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
