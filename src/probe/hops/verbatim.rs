//! A request that is written byte by byte, since no client of HTTP would make it.

use std::time::{Duration, Instant};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    time::timeout,
};

use crate::probe::{
    client::{
        as_it_came::read,
        carriage::Carriage,
        connector::{Connector, millis},
        failures::of_io,
        gate::Pass,
    },
    evidence::{Exchange, Failure, FailureKind},
    target::Target,
};

/// How much of the answer is read: a head, and the first words of a page.
const MAX: usize = 4096;

/// What is written.
pub(super) struct Verbatim<'a> {
    /// The bytes.
    pub(super) bytes: &'a [u8],
    /// Whether what came so far is enough of an answer.
    pub(super) is_enough: fn(&[u8]) -> bool,
}

impl Verbatim<'_> {
    /// Sends it over a connection of its own, and reads what comes; `exchange` says what is asked for.
    pub(super) async fn ask(
        &self,
        connector: &Connector,
        target: &Target,
        limit: Duration,
        mut exchange: Exchange,
    ) -> Exchange {
        let pass = connector.gate().enter().await;
        let start = Instant::now();
        let mut came = Vec::new();
        let result = timeout(limit, self.send(connector, target, pass, &mut came)).await;
        exchange.ms = millis(start);
        match result {
            // However it ended, an answer that came is one.
            _ if !came.is_empty() => read(&came, &mut exchange),
            Ok(Err(failure)) => exchange.failure = Some(failure),
            Ok(Ok(())) => {
                let text = "the connection was closed before an answer";
                exchange.failure = Some(Failure::new(FailureKind::Closed, text));
            }
            Err(_) => {
                let text = format!("no answer within {:.1} s", limit.as_secs_f64());
                exchange.failure = Some(Failure::new(FailureKind::Timeout, text));
            }
        }
        exchange
    }

    async fn send(
        &self,
        connector: &Connector,
        target: &Target,
        pass: Pass,
        came: &mut Vec<u8>,
    ) -> Result<(), Failure> {
        let mut connection = connector.open(target, Carriage::Tunnelled, pass).await?;
        connection.write_all(self.bytes).await.map_err(|error| of_io(&error))?;
        while came.len() < MAX && !(self.is_enough)(came) {
            if connection.read_buf(came).await.map_err(|error| of_io(&error))? == 0 {
                break;
            }
        }
        came.truncate(MAX);
        Ok(())
    }
}
