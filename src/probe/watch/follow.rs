//! Keeps one stream open, and says when it ends and comes back.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{
    sync::mpsc::Sender,
    time::{sleep, timeout},
};

use crate::{
    probe::{
        app,
        client::connector::millis,
        context::Context,
        evidence::{AppWay, Exchange, Failure, FailureKind, Stream},
        streams::{
            Asked, Progress, opening,
            source::{Source, StreamEvent},
        },
        subject::Subject,
        target::Target,
    },
    transport::Transport,
};

/// How long after an end a stream is opened again; twice as long each time it fails, up to the longest: about as soon as browsers come
/// back to an event stream, and Socket.IO's client to its server (`reconnectionDelay`).
const SOON: Duration = Duration::from_secs(1);
const LATER: Duration = Duration::from_secs(3);

/// A stream that is kept open.
#[derive(Debug, Clone)]
pub(super) enum Followed {
    /// One of Dante's, on which something comes at least so often.
    Dante(Transport, Duration),
    /// One of another application, by this way.
    App(Arc<Subject>, Target, AppWay, &'static str),
}

/// What happened to a stream.
#[derive(Debug)]
pub(super) enum News {
    /// It is open.
    Opened,
    /// It could not be opened.
    Refused(String),
    /// It ended after so many milliseconds; how.
    Ended(u64, String),
    /// It came to its own end, as its server has it.
    Complete,
}

impl Followed {
    /// What it is called.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Dante(Transport::SocketIoWebSocket, _) => "socket.io websocket",
            Self::Dante(Transport::SocketIoPolling, _) => "socket.io polling",
            Self::Dante(Transport::WebSocket, _) => "plain websocket",
            Self::Dante(Transport::Sse, _) => "sse",
            Self::App(.., name) => name,
        }
    }
}

/// Keeps a stream open for ever. `number` says which it is among those that are followed.
pub(super) async fn follow(context: Context, what: Followed, number: usize, news: Sender<(usize, News)>) {
    let mut pause = SOON;
    loop {
        // Nothing is left of the last time: the name may have another address by now.
        let context = Context { connector: Arc::new(context.connector.afresh()), ..context.clone() };
        let once = match &what {
            Followed::Dante(transport, patience) => {
                Box::pin(follow_dante(&context, *transport, *patience, number, &news)).await
            }
            Followed::App(subject, page, way, _) => {
                let context = Context { page: page.clone(), ..context };
                Box::pin(follow_app(&context, subject, *way, number, &news)).await
            }
        };
        pause = match once {
            News::Refused(_) => (pause * 2).min(LATER),
            _ => SOON,
        };
        // Nobody listens any more.
        if news.send((number, once)).await.is_err() {
            return;
        }
        sleep(pause).await;
    }
}

/// Opens one of Dante's streams, and listens to its end.
async fn follow_dante(
    context: &Context,
    transport: Transport,
    patience: Duration,
    number: usize,
    news: &Sender<(usize, News)>,
) -> News {
    let target = opening::url(context, transport, Asked::default());
    let mut stream = Stream::default();
    let Ok(mut source) = opening::open(context, transport, &target, None, &mut stream).await else {
        let why = stream.garbage.or(stream.ended.map(|ended| ended.how));
        return News::Refused(why.unwrap_or_else(|| refusal(&stream.exchange)));
    };
    let (opened, mut progress) = (Instant::now(), Progress::default());
    let mut told = false;
    let mut last = opened;
    let failure = loop {
        let event = match timeout(patience, source.next()).await {
            Ok(Ok((event, _))) => event,
            Ok(Err(failure)) => break failure,
            Err(_) => break silent(patience),
        };
        last = Instant::now();
        // A stream that is accepted and dead is not open.
        if !told && matches!(event, StreamEvent::Stanza(_) | StreamEvent::Opening(_)) {
            told = true;
            if news.send((number, News::Opened)).await.is_err() {
                return News::Complete;
            }
        }
        match event {
            StreamEvent::Stanza(index) => progress.advance(index),
            StreamEvent::Opening(opening) => progress.begin(&opening),
            StreamEvent::End if progress.is_whole() => return News::Complete,
            StreamEvent::End => break source.too_early(),
            StreamEvent::Ping | StreamEvent::Other => {}
        }
    };
    let lasted = millis(opened);
    if !told {
        return News::Refused(failure.text);
    }
    let how = if failure.kind == FailureKind::Timeout {
        Source::close(source).await;
        failure.text
    } else {
        source.ended(failure, lasted, last).how
    };
    News::Ended(lasted, how)
}

/// Opens a stream of another application, and listens to its end.
async fn follow_app(
    context: &Context,
    subject: &Subject,
    way: AppWay,
    number: usize,
    news: &Sender<(usize, News)>,
) -> News {
    match app::open(context, subject, way, true).await {
        Err(stream) => {
            let why = stream.garbage.or(stream.ended.map(|ended| ended.how)).or(stream.refused);
            News::Refused(why.unwrap_or_else(|| refusal(&stream.exchange)))
        }
        Ok(opened) => {
            let start = Instant::now();
            if news.send((number, News::Opened)).await.is_err() {
                return News::Complete;
            }
            match opened.follow().await {
                Ok(()) => News::Complete,
                Err(failure) => News::Ended(millis(start), failure.text),
            }
        }
    }
}

/// Nothing came for longer than the pace allows.
fn silent(patience: Duration) -> Failure {
    let text = format!("nothing came for {:.0} s", patience.as_secs_f64());
    Failure::new(FailureKind::Timeout, text)
}

/// Why a stream did not open.
fn refusal(exchange: &Exchange) -> String {
    exchange.outcome()
}
