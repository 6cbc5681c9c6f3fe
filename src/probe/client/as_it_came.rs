//! Answers read from their bytes, where a client of HTTP cannot: they are malformed, or came before the request was out.

use crate::probe::evidence::{Exchange, Failure, FailureKind};

/// How much of the body is kept, as of other answers.
const SHOWN: usize = 512;

/// Reads an answer as it came over the wire: it may be of a form that HTTP clients refuse.
pub(crate) fn read(bytes: &[u8], exchange: &mut Exchange) {
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let mut lines = head.split("\r\n");
    let mut first = lines.next().unwrap_or_default().split(' ');
    let version = first.next().filter(|version| version.starts_with("HTTP/"));
    let status = first.next().and_then(|status| status.parse().ok());
    let (Some(version), Some(status)) = (version, status) else {
        exchange.raw = Some(text.chars().take(SHOWN).collect::<String>().escape_debug().to_string());
        exchange.failure = Some(Failure::new(FailureKind::NotHttp, "the answer is not HTTP"));
        return;
    };
    exchange.version = version.to_owned();
    exchange.status = Some(status);
    exchange.headers = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    exchange.body = body.chars().take(SHOWN).collect();
    exchange.body_bytes = body.len();
}

/// Reads an answer that came before the request was out, and whose connection broke with that: a server which refuses what it
/// sees of a connection first, such as the PROXY protocol, does not wait. Tells whether there was one.
pub(super) fn read_early(bytes: &[u8], exchange: &mut Exchange) -> bool {
    let is_answer = bytes.starts_with(b"HTTP/1.") && bytes.windows(4).any(|four| four == b"\r\n\r\n");
    if is_answer {
        read(bytes, exchange);
    }
    is_answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn early_answers() {
        let early = |text: &str| {
            let mut exchange = Exchange::default();
            read_early(text.as_bytes(), &mut exchange).then_some(exchange)
        };
        let answer =
            early("HTTP/1.1 400 Bad Request\r\ndante-fault: proxy-protocol\r\n\r\nThe connection").unwrap();
        assert_eq!((answer.status, answer.header("dante-fault")), (Some(400), Some("proxy-protocol")));
        assert_eq!((answer.body.as_str(), answer.failure), ("The connection", None));
        assert!(early("HTTP/1.1 400 Bad").is_none(), "not a whole head");
        assert!(early("SSH-2.0-x\r\n\r\n").is_none());
    }
}
