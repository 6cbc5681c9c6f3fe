//! Readers who behave, one for each transport: each notes whether a stanza is missing, and how late one was.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    time::timeout,
};
use tokio_tungstenite::{client_async, tungstenite::Message};

use crate::client::{connect, get, post, request};

/// The poem has more stanzas than any run hears; each is its index.
pub(crate) const STANZAS: usize = 100_000;

/// The time between two stanzas.
pub(crate) const INTERVAL: Duration = Duration::from_millis(100);

/// How long a reader waits for anything.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Debug, Clone, Copy)]
enum Transport {
    SocketIoPolling,
    SocketIoWebSocket,
    WebSocket,
    Sse,
}

pub(crate) struct Witness {
    pub(crate) name: &'static str,
    transport: Transport,
    address: SocketAddr,
}

/// What one has heard.
pub(crate) struct Heard {
    pub(crate) stanzas: usize,
    pub(crate) longest_gap: Duration,
    last: Option<Instant>,
}

impl Heard {
    fn stanza(&mut self, index: usize) -> Result<(), String> {
        if index != self.stanzas {
            return Err(format!("stanza {index} came, and {} was next", self.stanzas));
        }
        let now = Instant::now();
        if let Some(last) = self.last.replace(now) {
            self.longest_gap = self.longest_gap.max(now - last);
        }
        self.stanzas += 1;
        Ok(())
    }

    /// The stanzas in packets of Engine.IO.
    fn packets<'a>(&mut self, packets: impl Iterator<Item = &'a str>) -> Result<(), String> {
        for packet in packets {
            if let Some(event) = packet.strip_prefix("42[\"divinecomedy\",\"") {
                let index = event.split('"').next().and_then(|index| index.parse().ok());
                self.stanza(index.ok_or_else(|| packet.to_owned())?)?;
            }
        }
        Ok(())
    }
}

impl Witness {
    pub(crate) fn all(address: SocketAddr) -> [Self; 4] {
        [
            ("socket.io over polling", Transport::SocketIoPolling),
            ("socket.io over websocket", Transport::SocketIoWebSocket),
            ("websocket", Transport::WebSocket),
            ("sse", Transport::Sse),
        ]
        .map(|(name, transport)| Self { name, transport, address })
    }

    /// Listens until the server ends.
    pub(crate) async fn listen(self) -> Result<Heard, String> {
        let mut heard = Heard { stanzas: 0, longest_gap: Duration::ZERO, last: None };
        match self.transport {
            Transport::SocketIoPolling => self.poll(&mut heard).await?,
            Transport::SocketIoWebSocket => {
                self.socket("/socket.io/?EIO=4&transport=websocket", true, &mut heard).await?;
            }
            Transport::WebSocket => self.socket("/websocket/ws", false, &mut heard).await?,
            Transport::Sse => self.events(&mut heard).await?,
        }
        Ok(heard)
    }

    async fn poll(&self, heard: &mut Heard) -> Result<(), String> {
        let ask = async |input: Vec<u8>| timeout(PATIENCE, request(self.address, &input)).await;
        let open = ask(get("/socket.io/?EIO=4&transport=polling")).await.map_err(|_| "no session")?;
        let opened = String::from_utf8_lossy(&open.map_err(|error| error.to_string())?.1).into_owned();
        let sid = opened.split('"').nth(3).ok_or_else(|| opened.clone())?;
        let session = format!("/socket.io/?EIO=4&transport=polling&sid={sid}");
        let mut said = "40";
        loop {
            if !said.is_empty() {
                let _ = ask(post(&session, said.as_bytes())).await.map_err(|_| "a post is not answered")?;
            }
            // The server ends with its last answer.
            let Ok((200, body)) = ask(get(&session)).await.map_err(|_| "a poll is not answered")? else {
                return Ok(());
            };
            let body = String::from_utf8_lossy(&body).into_owned();
            heard.packets(body.split('\x1e'))?;
            said = if body.split('\x1e').any(|packet| packet == "2") { "3" } else { "" };
        }
    }

    async fn socket(&self, target: &str, engine: bool, heard: &mut Heard) -> Result<(), String> {
        let stream = connect(self.address).await.map_err(|error| error.to_string())?;
        let url = format!("ws://localhost{target}");
        let socket = timeout(PATIENCE, client_async(url, stream)).await.map_err(|_| "no WebSocket")?;
        let (mut socket, _) = socket.map_err(|error| error.to_string())?;
        if engine {
            let _ = socket.send(Message::text("40")).await;
        }
        while let Some(message) = timeout(PATIENCE, socket.next()).await.map_err(|_| "nothing comes")? {
            let Ok(Message::Text(text)) = message else { continue };
            if !engine {
                heard.stanza(text.parse().map_err(|_| text.to_string())?)?;
                continue;
            }
            heard.packets([text.as_str()].into_iter())?;
            if text.as_str() == "2" {
                let _ = socket.send(Message::text("3")).await;
            }
        }
        Ok(())
    }

    async fn events(&self, heard: &mut Heard) -> Result<(), String> {
        let mut stream = connect(self.address).await.map_err(|error| error.to_string())?;
        stream.write_all(&get("/sse/stream")).await.map_err(|error| error.to_string())?;
        let mut lines = BufReader::new(stream).lines();
        while let Ok(Some(line)) = timeout(PATIENCE, lines.next_line()).await.map_err(|_| "nothing comes")? {
            if let Some(id) = line.strip_prefix("id: ") {
                let index = id.rsplit(':').next().and_then(|index| index.parse().ok());
                heard.stanza(index.ok_or(line)?)?;
            }
        }
        Ok(())
    }
}
