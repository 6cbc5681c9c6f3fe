//! Invariants of every connection, for any bytes in any chunks. `properties.rs` and the fuzz targets search for bytes
//! that break them.

use std::{
    cell::RefCell,
    collections::VecDeque,
    convert::Infallible,
    future::Future as _,
    io::{self, IoSlice},
    pin::{Pin, pin},
    sync::{Arc, LazyLock},
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_util::task::noop_waker_ref;
use http::{Method, Request, Response};
use http_body_util::{BodyExt as _, Empty};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use percent_encoding::percent_decode_str;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    runtime::{Builder, Runtime},
};
use tokio_util::sync::CancellationToken;

use super::{
    Bounds, Connection, Wrapping, preface::PREFACE, repair::repair_line, repair_requests::RepairRequests,
};

/// For the clocks of connections that wait. It never runs, so no time passes.
static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().enable_time().build().expect("a runtime without threads"));

/// A connection in memory: returns its bytes in chunks with waits between them, and accepts few at once.
struct Pieces {
    input: VecDeque<u8>,
    output: Vec<u8>,
    /// The most bytes for each read and write, in turn.
    sizes: Vec<usize>,
    turn: usize,
    waits: bool,
}

impl Pieces {
    /// `sizes` may be empty: then each read and write is unlimited.
    fn new(input: &[u8], sizes: &[u8]) -> Self {
        let mut sizes: Vec<_> = sizes.iter().map(|size| usize::from(*size).max(1)).collect();
        if sizes.is_empty() {
            sizes.push(usize::MAX);
        }
        Self { input: input.iter().copied().collect(), output: Vec::new(), sizes, turn: 0, waits: false }
    }

    fn next_size(&mut self) -> usize {
        self.turn += 1;
        self.sizes[self.turn % self.sizes.len()]
    }
}

impl AsyncRead for Pieces {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.waits = !self.waits;
        if self.waits {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let size = self.next_size().min(buf.remaining()).min(self.input.len());
        let piece: Vec<_> = self.input.drain(..size).collect();
        buf.put_slice(&piece);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Pieces {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let size = self.next_size().min(buf.len());
        self.output.extend(&buf[..size]);
        Poll::Ready(Ok(size))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let all: Vec<u8> = bufs.iter().flat_map(|buf| buf.iter().copied()).collect();
        let size = self.next_size().min(all.len());
        self.output.extend(&all[..size]);
        Poll::Ready(Ok(size))
    }
}

fn connection(input: &[u8], sizes: &[u8], repairs: bool) -> Connection<Pieces> {
    wrap(Pieces::new(input, sizes), repairs)
}

fn wrap<C>(pieces: C, repairs: bool) -> Connection<C> {
    let (bounds, stop) = (Bounds::default(), CancellationToken::new());
    Wrapping { repairs, faults: Arc::default(), bounds, stop }.wrap(pieces, Arc::default())
}

/// All that can be read of a connection.
fn read_all(mut connection: impl AsyncRead + Unpin, sizes: &[u8]) -> Vec<u8> {
    let (mut all, mut room) = (Vec::new(), vec![0; 512]);
    for turn in 0.. {
        let size = sizes.get(turn % sizes.len().max(1)).map_or(room.len(), |size| usize::from(*size).max(1));
        let mut buf = ReadBuf::new(&mut room[..size]);
        match Pin::new(&mut connection).poll_read(&mut Context::from_waker(noop_waker_ref()), &mut buf) {
            Poll::Pending => {}
            Poll::Ready(outcome) => {
                assert!(outcome.is_ok(), "memory can be read");
                if buf.filled().is_empty() {
                    break;
                }
                all.extend(buf.filled());
            }
        }
    }
    all
}

/// What hyper makes of a request.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    method: Method,
    /// Without escapes.
    target: Vec<u8>,
    /// None if it is incomplete.
    body: Option<Bytes>,
    is_chunked: bool,
}

/// The requests that hyper sees on a connection.
fn serve(connection: impl AsyncRead + AsyncWrite + Unpin) -> Vec<Seen> {
    let seen = RefCell::new(Vec::new());
    let service = service_fn(|request: Request<Incoming>| async {
        let (head, body) = request.into_parts();
        let body = body.collect().await.ok().map(|body| body.to_bytes());
        let target = head.uri.path_and_query().map_or("", |target| target.as_str());
        // hyper drops what it takes for a fragment; a `#` that IIS decoded was not one.
        let target = percent_decode_str(target).take_while(|byte| *byte != b'#').collect();
        let is_chunked = head.headers.contains_key("transfer-encoding");
        seen.borrow_mut().push(Seen { method: head.method, target, body, is_chunked });
        Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new()))
    });
    {
        let mut served = pin!(http1::Builder::new().serve_connection(TokioIo::new(connection), service));
        let mut cx = Context::from_waker(noop_waker_ref());
        let ended = (0..1 << 20).any(|_| served.as_mut().poll(&mut cx).is_ready());
        assert!(ended, "hyper comes to an end");
    }
    seen.into_inner()
}

/// Bytes are read unchanged, except for the HTTP/2 preface and, behind iisnode, for request lines. After a repair hyper
/// sees the same requests as without it (and more only after one that it would have refused), with unchanged bodies.
pub(crate) fn check_reads(bytes: &[u8], sizes: &[u8]) {
    let _entered = RUNTIME.enter();
    let show = || format!("{} in {sizes:?}", bytes.escape_ascii());
    if !bytes.starts_with(PREFACE) {
        let read = read_all(connection(bytes, sizes, false), sizes);
        assert!(read == bytes, "{} became {}", show(), read.escape_ascii());
    }
    let read = read_all(connection(bytes, sizes, true), sizes);
    let whole = read_all(connection(bytes, &[], true), &[]);
    assert!(read == whole, "{}: {} or {}", show(), read.escape_ascii(), whole.escape_ascii());
    if bytes.split_inclusive(|byte| *byte == b'\n').all(|line| repair_line(line).is_none()) {
        assert!(read == bytes, "{} became {}", show(), read.escape_ascii());
    }
    let repaired = RepairRequests::new(Pieces::new(bytes, sizes), true);
    let (without, with) = (serve(Pieces::new(bytes, sizes)), serve(repaired));
    assert!(with.starts_with(&without), "{}: {without:?} became {with:?}", show());
    for body in with.iter().filter(|seen| !seen.is_chunked).filter_map(|seen| seen.body.as_deref()) {
        let came = body.is_empty() || bytes.windows(body.len()).any(|part| part == body);
        assert!(came, "{}: a body became {}", show(), body.escape_ascii());
    }
}

/// Writes pass unchanged, except for hyper's own answers before an upgrade: `writes` must not contain one.
pub(crate) fn check_writes(writes: &[&[u8]], sizes: &[u8]) {
    let _entered = RUNTIME.enter();
    let all = writes.concat();
    for vectored in [false, true] {
        let mut pieces = Pieces::new(b"", sizes);
        {
            let mut connection = wrap(&mut pieces, false);
            for write in writes {
                write_all(&mut connection, write, vectored);
            }
        }
        assert!(pieces.output == all, "{} became {}", all.escape_ascii(), pieces.output.escape_ascii());
    }
}

fn write_all(mut connection: impl AsyncWrite + Unpin, mut bytes: &[u8], vectored: bool) {
    let mut cx = Context::from_waker(noop_waker_ref());
    while !bytes.is_empty() {
        let (head, body) = bytes.split_at(bytes.len() / 2);
        let written = if vectored {
            let bufs = [IoSlice::new(head), IoSlice::new(body)];
            Pin::new(&mut connection).poll_write_vectored(&mut cx, &bufs)
        } else {
            Pin::new(&mut connection).poll_write(&mut cx, bytes)
        };
        let Poll::Ready(Ok(written)) = written else { panic!("memory takes what is written: {written:?}") };
        bytes = &bytes[written..];
    }
}
