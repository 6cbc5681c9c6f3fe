//! What the server allocates, in this process.

use std::{
    alloc::System,
    net::SocketAddr,
    thread,
    time::{Duration, Instant},
};

use dante::{
    cli::ServeArgs,
    config::Config,
    hosting::{
        endpoint::Endpoint,
        listener::{BoundListener, Bounds},
    },
    poem::Poem,
    server::{App, serve},
};
use libtest_mimic::Failed;
use stats_alloc::{INSTRUMENTED_SYSTEM, Stats, StatsAlloc};
use tokio::{runtime, sync::oneshot};

use crate::{
    Limit, POEM, READERS, STANZAS, each, hold, poem,
    readers::{self, HUNG, Reader, Transport},
};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// The shortest time between two stanzas.
const INTERVAL: &str = "20ms";

/// How many readers come and go at once, and how often.
const CROWD: usize = 200;
const CYCLES: usize = 30;

/// After so many cycles all tables have their size.
const FIRST_CYCLES: usize = 3;

/// What a reader may leave behind, in bytes: less than any allocation. Tables move a little, and the clock's up to a thousand appointments.
const LEFT_BEHIND: usize = 8;

/// After so many stanzas each reader has all that it will ever have: a channel's second block comes with the 33rd packet.
const SETTLED: usize = 40;

pub(crate) fn check(limit: &Limit) -> Result<(), Failed> {
    let reader_bytes = reader_bytes(limit.transport);
    let (stanza_bytes, stanza_allocations) = stanza(limit.transport);
    hold(&[
        ("bytes for each reader", reader_bytes, limit.reader_bytes),
        ("bytes for each stanza", stanza_bytes, limit.stanza_bytes),
        ("allocations for each stanza", stanza_allocations, limit.stanza_allocations),
    ])
}

/// Connections that say nothing: some never did, others between two requests.
pub(crate) fn check_quiet(limit: f64) -> Result<(), Failed> {
    let server =
        Server::start_within(Bounds { doze: Duration::from_millis(1), ..Bounds::default() }, INTERVAL);
    // What the server keeps anyway comes with the first requests.
    let _first = readers::keep(server.address, 2);
    let before = settled();
    let _quiet = [readers::keep(server.address, 0), readers::keep(server.address, 1)];
    let bytes = (settled() as f64 - before as f64) / (2 * READERS) as f64;
    hold(&[("bytes for each quiet connection", bytes, limit)])
}

/// What is on the heap when that has not changed for a while: nothing else tells that the server has done its work.
fn settled() -> usize {
    let started = Instant::now();
    let mut last = live(&ALLOCATOR.stats());
    loop {
        thread::sleep(Duration::from_millis(100));
        let now = live(&ALLOCATOR.stats());
        if now == last {
            return now;
        }
        assert!(started.elapsed() < HUNG, "the server does not come to rest");
        last = now;
    }
}

/// Whether the heap is as it was after the first cycles, when readers have come and gone again and again: whatever one of them left would be
/// there thousands of times.
pub(crate) fn check_level(transport: Transport) -> Result<(), Failed> {
    let server = Server::start("1h");
    let cycle = || {
        let mut joined: Vec<_> =
            (0..CROWD / READERS).flat_map(|_| readers::join(server.address, transport, POEM)).collect();
        readers::read(&mut joined, 1);
        assert_eq!(server.app.readers(), CROWD, "all are there");
        drop(joined);
        server.wait_until_empty();
    };
    // Tables grow to what a crowd needs.
    (0..FIRST_CYCLES).for_each(|_| cycle());
    let before = left_over(&server, usize::MAX);
    (FIRST_CYCLES..CYCLES).for_each(|_| cycle());
    let most = before + (CYCLES - FIRST_CYCLES) * CROWD * LEFT_BEHIND;
    let after = left_over(&server, most);
    hold(&[("bytes more on the heap", after.saturating_sub(before) as f64, (most - before) as f64)])
}

/// The bytes on the heap, as soon as they are no more than so many, or when what is left of connections has had time to end.
fn left_over(server: &Server, most: usize) -> usize {
    server.wait_until_empty();
    let started = Instant::now();
    loop {
        // Connections end a moment after their readers are counted out.
        thread::sleep(Duration::from_millis(200));
        let bytes = live(&ALLOCATOR.stats());
        if bytes <= most || started.elapsed() > HUNG {
            return bytes;
        }
    }
}

/// What each reader holds while it reads.
fn reader_bytes(transport: Transport) -> f64 {
    let server = Server::start(INTERVAL);
    // What the server keeps anyway comes with the first reader.
    let _first = Reader::join(server.address, transport, 0);
    let before = settled();
    let mut joined = readers::join(server.address, transport, POEM);
    readers::read(&mut joined, SETTLED);
    let bytes = live(&ALLOCATOR.stats()) - before;
    assert_eq!(server.app.readers(), 1 + READERS, "all are there");
    bytes as f64 / READERS as f64
}

/// What is allocated for each stanza: bytes, and how often.
fn stanza(transport: Transport) -> (f64, f64) {
    let server = Server::start(INTERVAL);
    let [few, many] = STANZAS.map(|stanzas| {
        let before = ALLOCATOR.stats();
        let mut joined = readers::join(server.address, transport, stanzas);
        readers::read(&mut joined, stanzas);
        server.wait_until_empty();
        ALLOCATOR.stats() - before
    });
    let times = |stats: &Stats| stats.allocations + stats.reallocations;
    (each(few.bytes_allocated, many.bytes_allocated), each(times(&few), times(&many)))
}

fn live(stats: &Stats) -> usize {
    stats.bytes_allocated - stats.bytes_deallocated
}

/// A server with a thread of its own.
struct Server {
    app: App,
    address: SocketAddr,
    /// It stops when this is dropped.
    _stop: oneshot::Sender<()>,
}

impl Server {
    fn start(interval: &str) -> Self {
        Self::start_within(Bounds::default(), interval)
    }

    fn start_within(bounds: Bounds, interval: &str) -> Self {
        let args = ServeArgs {
            listen: Some("0".to_owned()),
            interval: Some(interval.to_owned()),
            grace: Some("0s".to_owned()),
            ..ServeArgs::default()
        };
        let config = Config::new(&args, &[("", ""); 0].into_iter().collect(), 1).unwrap();
        let poem = Poem::parse(poem().as_bytes()).unwrap();
        let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (listener, app) = runtime.block_on(async {
            let listener = BoundListener::bind(&config.hosting.endpoint.value).await.unwrap();
            (listener.within(bounds), App::new(poem, &config))
        });
        let Endpoint::Tcp(address) = *listener.endpoint() else {
            panic!("it listens on {}", listener.endpoint())
        };
        let (stop, stopped) = oneshot::channel();
        let serving = serve(listener, app.clone(), async {
            let _ = stopped.await;
        });
        thread::spawn(move || runtime.block_on(serving).unwrap());
        Self { app, address, _stop: stop }
    }

    fn wait_until_empty(&self) {
        let started = Instant::now();
        while self.app.readers() > 0 {
            assert!(started.elapsed() < HUNG, "{} readers do not leave", self.app.readers());
            thread::sleep(Duration::from_millis(5));
        }
    }
}
