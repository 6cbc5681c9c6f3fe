//! What is Dante's own on the way of a stanza, without sockets and engine: `cargo bench`. What whole servers cost, beside others, is
//! measured by `benches/peers/run`.

#![allow(missing_docs, reason = "criterion's macros make public functions")]

use std::{hint::black_box, time::Duration};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use dante::{
    benching::{Readings, encode, prefix},
    poem::Poem,
};
use tokio::runtime;

/// The poem that the binary carries.
const TEXT: &[u8] = include_bytes!("../divine-comedy.txt");

/// As long as the server's default.
const INTERVAL: Duration = Duration::from_secs(2);

/// More stanzas than a benchmark can read to the end.
const ENDLESS: usize = 200_000;

fn poem(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("poem");
    group.throughput(Throughput::Bytes(TEXT.len() as u64));
    group.bench_function("divide", |bencher| bencher.iter(|| Poem::parse(black_box(TEXT))));
    let poem = Poem::embedded();
    group.bench_function("encode", |bencher| bencher.iter(|| encode(black_box(&poem))));
    group.finish();
}

fn prefixes(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("prefix");
    for (name, configured, path, length) in [
        ("none", Some("/"), "/socket.io/", 0),
        ("configured", Some("/dante"), "/dante/socket.io/", 6),
        ("learned", None, "/demo/dante/server-socketio.js/socket.io/", 11),
    ] {
        let strip = prefix(configured);
        assert_eq!(strip(path), Some(length), "{path}");
        group.bench_function(name, |bencher| bencher.iter(|| strip(black_box(path))));
    }
    group.finish();
}

/// One interval of the clock: a beat for each slot in which somebody is due, and a stanza for each reading. Time is paused, so
/// that waiting costs nothing.
fn clock(criterion: &mut Criterion) {
    let poem = Poem::parse("a\n\n".repeat(ENDLESS).as_bytes()).expect("a poem");
    let mut group = criterion.benchmark_group("clock");
    for readers in [1_000, 10_000] {
        let runtime = runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        let runtime = runtime.expect("a runtime");
        let readings = runtime.block_on(async {
            let readings = Readings::start(readers, INTERVAL, &poem).await;
            // Between two beats: at one, it would be open whether that one counts.
            tokio::time::sleep(Duration::from_millis(10)).await;
            readings
        });
        group.throughput(Throughput::Elements(readers as u64));
        group.bench_function(BenchmarkId::new("interval", readers), |bencher| {
            bencher.iter(|| {
                let before = readings.sent();
                runtime.block_on(async { tokio::time::sleep(INTERVAL).await });
                assert_eq!(readings.sent() - before, readers, "each reading sends one stanza");
            });
        });
    }
    group.finish();
}

criterion_group!(benches, poem, prefixes, clock);
criterion_main!(benches);
