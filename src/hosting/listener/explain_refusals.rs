//! [`ExplainRefusals`]: a connection that explains why hyper refused a request.
//!
//! When hyper cannot parse a request's head, it answers with a bare status before any service is called (hyper
//! proto/h1/role.rs, `Server::on_error`). This layer recognizes that answer, adds a body that names the fault, and
//! logs the request line. Everything else passes unchanged. A 101 drops the state, so an upgraded connection costs
//! nothing.

use std::{
    future::Future,
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::{Duration, SystemTime},
};

use http::StatusCode;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};

use super::{request_clock::LateHead, request_start::RequestStart, switching};
use crate::{
    contract::FAULT_HEADER,
    hosting::fault::{Fault, describe_request_line, log::FaultLog},
};

/// How long to read and discard what the peer sends after a refusal. If a connection is closed with unread bytes, TCP
/// resets it, and the peer may never see the answer (RFC 9112, 9.6).
const LINGER: Duration = Duration::from_secs(1);

/// The longest answer that hyper writes by itself, in bytes: 431, with two headers and a date, has 127.
const LONGEST_REFUSAL: usize = 160;

/// A connection that adds a body to hyper's bare refusals, and that refuses a head which is late.
#[derive(Debug)]
pub(crate) struct ExplainRefusals<C> {
    connection: C,
    /// None after an upgrade.
    state: Option<Box<RefusalState>>,
}

/// The state of a connection before an upgrade.
#[derive(Debug)]
struct RefusalState {
    request: RequestStart,
    /// The rest of our own refusal, still to be written.
    refusal: Vec<u8>,
    /// Whether that is the head of a 101 instead, after which nothing is looked at.
    switches: bool,
    /// Whether the last write was partial, so that the next one does not start with a head.
    mid_write: bool,
    /// Set when a refusal has been written; completes when the connection should end.
    refused: bool,
    /// Set when it was not hyper that refused: hyper is still waiting for the rest of a head.
    late: bool,
    linger: Option<Pin<Box<Sleep>>>,
    log: Arc<FaultLog>,
}

impl<C> ExplainRefusals<C> {
    /// Wraps a connection.
    pub(super) fn new(connection: C, log: Arc<FaultLog>) -> Self {
        let state = RefusalState {
            request: RequestStart::default(),
            refusal: Vec::new(),
            switches: false,
            mid_write: false,
            refused: false,
            late: false,
            linger: None,
            log,
        };
        Self { connection, state: Some(Box::new(state)) }
    }

    /// What it wraps.
    pub(super) fn get_ref(&self) -> &C {
        &self.connection
    }

    /// What it wraps.
    pub(super) fn get_mut(&mut self) -> &mut C {
        &mut self.connection
    }

    /// Notes that `written` of the bytes that start with `head` were written, of `all`.
    fn wrote(&mut self, head: &[u8], written: usize, all: usize) {
        let Some(state) = &mut self.state else { return };
        if !state.mid_write && head.starts_with(b"HTTP/1.1 101 ") {
            self.state = None;
            return;
        }
        state.request.answered();
        state.mid_write = written < all;
    }
}

impl<C: AsyncRead + Unpin> ExplainRefusals<C> {
    /// If this is hyper's own answer, replaces it with ours.
    fn speaks_for(&mut self, cx: &mut Context<'_>, answer: &[u8]) -> bool {
        let Some(state) = self.state.as_mut().filter(|state| !state.mid_write) else { return false };
        if let Some(head) = switching::without_close(answer) {
            (state.refusal, state.switches) = (head, true);
            return true;
        }
        let Some((status, date)) = bare_refusal(answer) else { return false };
        if state.request.is_within_line() {
            // hyper may refuse before it has read the whole line; the fault is told from what there is.
            let mut rest = [0; 1024];
            let mut rest = ReadBuf::new(&mut rest);
            if let Poll::Ready(Ok(())) = Pin::new(&mut self.connection).poll_read(cx, &mut rest) {
                state.request.read(rest.filled());
            }
        }
        state.refuse(status, date);
        true
    }
}

impl RefusalState {
    /// Logs the fault and prepares our answer.
    fn refuse(&mut self, status: StatusCode, date: &str) {
        let fault = Fault::of_head(self.request.request_line(), status, self.request.is_within_line());
        self.explain(&fault, date);
    }

    fn explain(&mut self, fault: &Fault, date: &str) {
        let line = self.request.request_line();
        self.log.report(fault, line);
        self.refusal = refusal(fault, line, date).into_bytes();
        self.refused = true;
    }
}

/// The status and the date line of an answer that hyper wrote by itself, which has at most these three headers and no
/// body. Dante's own answers have more headers.
fn bare_refusal(answer: &[u8]) -> Option<(StatusCode, &str)> {
    let short = Some(answer).filter(|answer| answer.len() <= LONGEST_REFUSAL)?;
    let head = std::str::from_utf8(short).ok()?.strip_suffix("\r\n\r\n")?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.strip_prefix("HTTP/1.")?.get(2..5)?.parse().ok()?;
    let (mut date, mut closes) = ("", false);
    for line in lines {
        match line {
            "connection: close" => closes = true,
            "content-length: 0" => {}
            _ if line.starts_with("date: ") => date = line,
            _ => return None,
        }
    }
    let hypers =
        [StatusCode::BAD_REQUEST, StatusCode::URI_TOO_LONG, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE];
    (closes && hypers.contains(&status)).then_some((status, date))
}

/// The answer that names the fault; after it the connection ends.
fn refusal(fault: &Fault, line: &[u8], date: &str) -> String {
    let shown = if line.is_empty() {
        String::new()
    } else {
        format!("\nIt began: {}\n", describe_request_line(line))
    };
    let body = format!("{fault}\n{shown}");
    let date = if date.is_empty() { String::new() } else { format!("{date}\r\n") };
    let head = format!(
        "HTTP/1.1 {}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {}\r\nconnection: close\r\n\
         cache-control: no-store\r\ncontent-security-policy: default-src 'none'\r\n\
         x-content-type-options: nosniff\r\n{FAULT_HEADER}: {}\r\n{date}\r\n",
        fault.status(),
        body.len(),
        fault.id(),
    );
    // The answer to HEAD has no body (RFC 9110, 9.3.2).
    if line.starts_with(b"HEAD ") { head } else { head + &body }
}

impl<C: AsyncRead + AsyncWrite + Unpin> AsyncRead for ExplainRefusals<C> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.state.as_ref().is_some_and(|state| state.late) {
            return this.poll_end(cx);
        }
        let before = buf.filled().len();
        let outcome = ready!(Pin::new(&mut this.connection).poll_read(cx, buf));
        let Some(state) = &mut this.state else { return Poll::Ready(outcome) };
        if let Some(LateHead(time)) = outcome.as_ref().err().and_then(late_head) {
            let date = format!("date: {}", httpdate::fmt_http_date(SystemTime::now()));
            state.explain(&Fault::LateHead(*time), &date);
            state.late = true;
            return this.poll_end(cx);
        }
        state.request.read(&buf.filled()[before..]);
        Poll::Ready(outcome)
    }
}

/// The late head that an error of the connection below stands for.
fn late_head(error: &io::Error) -> Option<&LateHead> {
    error.get_ref()?.downcast_ref()
}

impl<C: AsyncWrite + Unpin> ExplainRefusals<C> {
    /// Writes the rest of our own refusal.
    fn poll_refusal(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(state) = &mut self.state else { return Poll::Ready(Ok(())) };
        while !state.refusal.is_empty() {
            match ready!(Pin::new(&mut self.connection).poll_write(cx, &state.refusal))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => state.refusal = state.refusal.split_off(written),
            }
        }
        if state.switches {
            self.state = None;
        }
        Poll::Ready(Ok(()))
    }
}

impl<C: AsyncRead + AsyncWrite + Unpin> ExplainRefusals<C> {
    /// Ends the connection in hyper's place, after our own refusal.
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_refusal(cx))?;
        ready!(self.poll_linger(cx))?;
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    /// Ends the connection; after a refusal it reads on for a moment.
    fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(state) = self.state.as_mut().filter(|state| state.refused) else {
            return Pin::new(&mut self.connection).poll_shutdown(cx);
        };
        if state.linger.is_none() {
            ready!(Pin::new(&mut self.connection).poll_shutdown(cx))?;
        }
        let linger = state.linger.get_or_insert_with(|| Box::pin(sleep(LINGER)));
        let mut scrap = [0; 1024];
        while linger.as_mut().poll(cx).is_pending() {
            let mut scrap = ReadBuf::new(&mut scrap);
            let read = ready!(Pin::new(&mut self.connection).poll_read(cx, &mut scrap));
            if read.is_err() || scrap.filled().is_empty() {
                break;
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<C: AsyncRead + AsyncWrite + Unpin> AsyncWrite for ExplainRefusals<C> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.poll_refusal(cx))?;
        if this.speaks_for(cx, buf) {
            return Poll::Ready(Ok(buf.len()));
        }
        let written = ready!(Pin::new(&mut this.connection).poll_write(cx, buf))?;
        this.wrote(buf, written, buf.len());
        Poll::Ready(Ok(written))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_refusal(cx))?;
        Pin::new(&mut this.connection).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_refusal(cx))?;
        this.poll_linger(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.connection.is_write_vectored()
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.poll_refusal(cx))?;
        let all = bufs.iter().map(|buf| buf.len()).sum();
        let head = bufs.iter().find(|buf| !buf.is_empty()).map_or(&[][..], |buf| buf);
        if head.len() == all && this.speaks_for(cx, head) {
            return Poll::Ready(Ok(all));
        }
        let written = ready!(Pin::new(&mut this.connection).poll_write_vectored(cx, bufs))?;
        this.wrote(head, written, all);
        Poll::Ready(Ok(written))
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

    use super::*;

    const HYPERS: &[u8] = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

    /// What the peer gets of these writes, after it has sent a head that is not HTTP.
    async fn written(writes: &[&[u8]]) -> (String, ExplainRefusals<DuplexStream>, DuplexStream) {
        let (near, mut far) = duplex(1 << 16);
        let mut connection = ExplainRefusals::new(near, Arc::default());
        far.write_all(b"GET /a b HTTP/1.1\r\n\r\n").await.unwrap();
        assert!(connection.read(&mut [0; 64]).await.unwrap() > 0);
        for bytes in writes {
            connection.write_all(bytes).await.unwrap();
        }
        connection.flush().await.unwrap();
        let mut taken = vec![0; 1 << 16];
        let length = far.read(&mut taken).await.unwrap();
        (String::from_utf8_lossy(&taken[..length]).into_owned(), connection, far)
    }

    #[tokio::test]
    async fn an_answer_of_hypers_own_is_given_a_body() {
        let (answer, ..) = written(&[HYPERS]).await;
        assert!(answer.starts_with("HTTP/1.1 400 Bad Request\r\n") && answer.contains("It began: GET /a b "));
    }

    #[tokio::test]
    async fn other_answers_and_tunnels_are_not_touched() {
        let own = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\ncontent-type: text/plain\r\n\r\n";
        let switching = b"HTTP/1.1 101 Switching Protocols\r\n\r\n";
        for writes in [&[&own[..]][..], &[&b"data: "[..], &own[..]], &[&switching[..], HYPERS, HYPERS]] {
            let (answer, connection, _far) = written(writes).await;
            assert_eq!(answer.as_bytes(), writes.concat());
            assert_eq!(connection.state.is_none(), writes.len() == 3, "a tunnel keeps nothing");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_refused_peer_that_stays_is_left() {
        let (_, mut connection, _far) = written(&[HYPERS]).await;
        let start = tokio::time::Instant::now();
        connection.shutdown().await.unwrap();
        assert_eq!(start.elapsed(), LINGER);
    }
}
