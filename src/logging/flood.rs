//! [`FloodFormat`]: the format of the log, with at most a line a second of each kind, which says how many were left out. A kind is
//! a place in the code that logs.

use std::{
    fmt::{self, Debug},
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread,
    time::Instant,
};

use tracing::{
    Event, Level, Metadata, Subscriber,
    callsite::Identifier,
    field::{Field, Visit},
    info,
};
use tracing_subscriber::{
    fmt::{FmtContext, FormatEvent, FormatFields, format::Writer},
    registry::LookupSpan,
};

use super::sparse::{Fate, PACE, Sparse};
use crate::cli::LogFormat;

/// How much of a line's words is said again at the end of a flood, in characters.
const WORDS: usize = 100;

/// Lines on single readers, by their module: a page that opens four streams, or a class that opens one page, is no flood.
const ON_READERS: &str = "dante::server::reader";
const READERS_AT_ONCE: u32 = 20;

/// Faults count themselves, by name and not by place.
const ON_FAULTS: &str = "dante::hosting::fault::log";

/// A format without floods.
pub(super) struct FloodFormat<F> {
    inner: F,
    format: LogFormat,
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    sparse: Mutex<Sparse<Identifier>>,
    /// Told when a line is left out.
    left_out: Condvar,
}

impl<F> FloodFormat<F> {
    /// The format `inner`, which writes lines as `format` says, without floods. What was left out of a flood that is over is told by a
    /// thread, which sleeps as long as nothing is.
    pub(super) fn new(inner: F, format: LogFormat) -> Self {
        let state = Arc::new(State { sparse: Mutex::new(Sparse::new()), left_out: Condvar::new() });
        let told = Arc::clone(&state);
        // Without it only the next line of the same kind tells.
        let _ = thread::Builder::new().name("log".to_owned()).spawn(move || told.tell());
        Self { inner, format, state }
    }
}

impl<S, N, F> FormatEvent<S, N> for FloodFormat<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    /// Writes nothing for a line that is left out.
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        match self.state.judge(event) {
            Fate::LeftOut => Ok(()),
            Fate::Written(0) => self.inner.format_event(context, writer, event),
            Fate::Written(left_out) => {
                let mut line = String::new();
                self.inner.format_event(context, Writer::new(&mut line), event)?;
                writer.write_str(&with_count(&line, left_out, self.format))
            }
        }
    }
}

impl State {
    fn judge(&self, event: &Event<'_>) -> Fate {
        let Some(at_once) = at_once(event.metadata()) else { return Fate::Written(0) };
        let mut sparse = self.sparse.lock().unwrap_or_else(PoisonError::into_inner);
        let kind = event.metadata().callsite();
        let fate = sparse.judge(kind, at_once, Instant::now(), || words(event));
        if fate == Fate::LeftOut {
            self.left_out.notify_one();
        }
        fate
    }

    fn tell(&self) {
        loop {
            let sparse = self.sparse.lock().unwrap_or_else(PoisonError::into_inner);
            let waited = self.left_out.wait_while(sparse, |sparse| !sparse.has_untold());
            drop(waited.unwrap_or_else(PoisonError::into_inner));
            thread::sleep(PACE);
            // Unlocked before it logs.
            let told = self.sparse.lock().unwrap_or_else(PoisonError::into_inner).tell(Instant::now());
            for (words, left_out) in told {
                info!(left_out, "\u{2026} and {left_out} more like it: {words}");
            }
        }
    }
}

/// How many lines of a kind may come at once; none if there is no limit.
fn at_once(metadata: &Metadata<'_>) -> Option<u32> {
    match metadata.target() {
        // Whoever asks for these wants all of them.
        _ if *metadata.level() > Level::INFO => None,
        ON_FAULTS | module_path!() => None,
        ON_READERS => Some(READERS_AT_ONCE),
        _ => Some(1),
    }
}

/// A line that says how many like it were left out before.
fn with_count(line: &str, left_out: u64, format: LogFormat) -> String {
    let line = line.trim_end_matches('\n');
    match (format, line.strip_suffix('}')) {
        (LogFormat::Json, Some(fields)) => format!("{fields},\"left_out\":{left_out}}}\n"),
        _ => format!("{line} \u{2026} and {left_out} more like it\n"),
    }
}

/// What an event says, without its fields.
fn words(event: &Event<'_>) -> String {
    struct Words(String);
    impl Visit for Words {
        fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
            if field.name() == "message" {
                self.0 = format!("{value:?}").chars().take(WORDS).collect();
            }
        }
    }
    let mut words = Words(String::new());
    event.record(&mut words);
    words.0
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Arc, Mutex},
    };

    use tracing::{debug, info};
    use tracing_subscriber::fmt::format;

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Written {
        fn lines(&self) -> Vec<String> {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap().lines().map(str::to_owned).collect()
        }
    }

    #[test]
    fn a_flood_is_one_line_and_other_lines_are_not_lost() {
        let written = Written::default();
        let writer = {
            let written = written.clone();
            move || written.clone()
        };
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(Level::DEBUG)
            .with_writer(writer)
            .event_format(FloodFormat::new(format(), LogFormat::Text))
            .finish();
        tracing::subscriber::with_default(subscriber, || {
            for number in 0..10_000 {
                info!(number, "hello");
            }
            info!("another kind");
            for number in 0..3 {
                debug!(number, "asked for");
            }
            for number in 0..1000 {
                info!(target: ON_READERS, number, "reader connected");
            }
        });
        let lines = written.lines();
        let count = |words: &str| lines.iter().filter(|line| line.contains(words)).count();
        assert_eq!((count("hello"), count("another kind"), count("asked for")), (1, 1, 3), "{lines:?}");
        assert_eq!(count("reader connected"), 20);
    }

    #[test]
    fn the_count_stands_in_the_next_line() {
        let text = with_count("INFO dante: hello message=\"x\"\n", 4211, LogFormat::Text);
        assert_eq!(text, "INFO dante: hello message=\"x\" \u{2026} and 4211 more like it\n");
        let json = with_count("{\"level\":\"INFO\",\"message\":\"hello\"}\n", 4211, LogFormat::Json);
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!((&json["message"], &json["left_out"]), (&"hello".into(), &4211.into()));
    }

    #[test]
    fn the_modules_with_rules_of_their_own_are_there() {
        for (module, path) in [(ON_READERS, "server/reader.rs"), (ON_FAULTS, "hosting/fault/log.rs")] {
            assert_eq!(module, format!("dante::{}", path.trim_end_matches(".rs").replace('/', "::")));
            assert!(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(path).exists());
        }
    }
}
