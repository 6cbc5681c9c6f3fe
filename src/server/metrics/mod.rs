//! `/metrics`: numbers of this process in the text format of Prometheus, and nothing that identifies a client. Names and units
//! follow its conventions (prometheus.io, "Metric and label naming"); `docs/metrics.md` lists them.
//!
//! The counters are kept where they are counted, as plain atomics; here they are only read, at each scrape.

mod apart;
mod refusals;

use std::fmt;

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, NoLabelSet, prometheus_text},
    metrics::MetricType,
    registry::{Registry, Unit},
};
use strum::VariantArray as _;

use super::{app::App, reader::TransportCounts};
use crate::{departure::Departure, transport::Transport};

pub use apart::serve_metrics;
pub(crate) use refusals::{Refusal, Refusals};

/// `GET metrics`.
pub(super) async fn text(State(app): State<App>) -> Response {
    let mut registry = Registry::with_prefix("dante");
    registry.register_collector(Box::new(Scrape(app)));
    let mut text = String::new();
    match prometheus_text::encode(&mut text, &registry) {
        Ok(()) => {
            let headers =
                [(header::CONTENT_TYPE, prometheus_text::CONTENT_TYPE), (header::CACHE_CONTROL, "no-store")];
            (headers, text).into_response()
        }
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
    }
}

/// What is read at a scrape.
#[derive(Debug)]
struct Scrape(App);

impl Collector for Scrape {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let Self(app) = self;
        let readers = &app.readers;
        let by_transport = |number: fn(TransportCounts) -> u64| {
            let all = Transport::VARIANTS.iter().copied();
            all.map(move |transport| (<&str>::from(transport), number(readers.on(transport))))
        };
        let out = &mut encoder;

        let build = [
            ("version", env!("CARGO_PKG_VERSION")),
            ("edition", app.poem.edition()),
            ("node", app.encoded.node()),
        ];
        let help = "The program, the edition of the poem that it reads, and the name of this process.";
        out.encode_descriptor("build", help, None, MetricType::Info)?.encode_info(&&build[..])?;

        let help = "Readers that are connected.";
        gauges(out, "readers", help, "transport", by_transport(|on| on.here))?;
        let help = "Rooms, those without readers that keep their place among them.";
        gauge(out, "rooms", help, app.rooms.count())?;
        let fleet = app.fleet.readers(app.readers());
        gauge(out, "fleet_readers", "Readers on all nodes that are heard, this one included.", fleet.all)?;
        gauge(out, "fleet_nodes", "Nodes that are heard, this one included.", fleet.nodes)?;
        let help = "1 while Redis is away and other nodes are not heard; 0 otherwise, also without a Redis.";
        gauge(out, "fleet_redis_away", help, usize::from(app.fleet.away().is_some()))?;
        let help = "Readers that have joined, by their first transport.";
        counters(out, "joins", help, None, "transport", by_transport(|on| on.joins))?;
        let help = "Readings that began later than at the first stanza: readers that came back, opened a place, or joined a room.";
        counter(out, "resumes", help, readers.resumes())?;
        let help = "Readers that went from long polling to WebSocket.";
        counter(out, "upgrades", help, readers.upgrades())?;
        let help = "Readers that have left, by reason.";
        let ends = Departure::VARIANTS.iter().map(|why| (why.name(), readers.ends(*why)));
        counters(out, "ends", help, None, "reason", ends)?;

        let help = "Stanzas that were sent.";
        counters(out, "stanzas_sent", help, None, "transport", by_transport(|on| on.stanzas))?;
        let help = "Bytes of the stanzas that were sent, each in its frame or chunk.";
        let bytes = by_transport(|on| on.bytes);
        counters(out, "stanzas_sent", help, Some(&Unit::Bytes), "transport", bytes)?;

        let late = app.conductor.lateness().so_far();
        let help = "Time from when a stanza was due to when it was sent.";
        out.encode_descriptor("stanza_lateness", help, Some(&Unit::Seconds), MetricType::Histogram)?
            .encode_histogram::<NoLabelSet>(late.sum, late.count, &late.buckets, None)?;

        let help = "Requests that were refused, by reason; the names are those of docs/faults.md and docs/metrics.md.";
        let faults = app.faults.refused().map(|(id, count)| (id.name(), count));
        let others = Refusal::VARIANTS.iter().map(|why| (why.name(), app.refusals.count(*why)));
        counters(out, "requests_refused", help, None, "reason", faults.chain(others))
    }
}

/// Writes a counter for each value of a label.
fn counters<'a>(
    out: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    unit: Option<&Unit>,
    label: &str,
    values: impl Iterator<Item = (&'a str, u64)>,
) -> fmt::Result {
    let mut metric = out.encode_descriptor(name, help, unit, MetricType::Counter)?;
    for (value, count) in values {
        metric.encode_family(&[(label, value)])?.encode_counter::<NoLabelSet, u64, f64>(&count, None)?;
    }
    Ok(())
}

/// Writes a gauge for each value of a label.
fn gauges<'a>(
    out: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    label: &str,
    values: impl Iterator<Item = (&'a str, u64)>,
) -> fmt::Result {
    let mut metric = out.encode_descriptor(name, help, None, MetricType::Gauge)?;
    for (value, count) in values {
        metric.encode_family(&[(label, value)])?.encode_gauge(&count)?;
    }
    Ok(())
}

/// Writes a gauge without labels.
fn gauge(out: &mut DescriptorEncoder<'_>, name: &str, help: &str, value: usize) -> fmt::Result {
    let value = u64::try_from(value).unwrap_or(u64::MAX);
    out.encode_descriptor(name, help, None, MetricType::Gauge)?.encode_gauge(&value)
}

/// Writes a counter without labels.
fn counter(out: &mut DescriptorEncoder<'_>, name: &str, help: &str, count: u64) -> fmt::Result {
    out.encode_descriptor(name, help, None, MetricType::Counter)?
        .encode_counter::<NoLabelSet, u64, f64>(&count, None)
}
