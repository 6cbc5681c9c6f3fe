//! A Windows named pipe as a listener.
//!
//! Each client of a pipe uses one *instance*. A client that finds none waiting gets `PIPE_BUSY`, and iisnode then
//! sleeps 250 ms before it tries again (iisnode cprotocolbridge.cpp:594-700). So several instances wait at any time,
//! each in its own task, which creates the next one before it hands over a connected one.

use std::{io, time::Duration};

use tokio::{
    net::windows::named_pipe::{NamedPipeServer, ServerOptions},
    sync::mpsc,
    task::JoinSet,
};

/// How many instances wait for clients. All readers come back at once when IIS starts its application again, and with 64 some of
/// 200 met `PIPE_BUSY` on two busy cores.
const INSTANCES: usize = 256;

/// `ERROR_ACCESS_DENIED`: the first instance exists already.
const ACCESS_DENIED: i32 = 5;

/// A named pipe. Its name is freed when the listener and all connections are dropped.
#[derive(Debug)]
pub(super) struct PipeListener {
    connected: mpsc::Receiver<NamedPipeServer>,
    /// Aborted when dropped.
    _doors: JoinSet<()>,
}

impl PipeListener {
    /// Opens the pipe of this name.
    pub(super) fn bind(name: &str) -> io::Result<Self> {
        let first = ServerOptions::new().first_pipe_instance(true).create(name).map_err(|error| {
            if error.raw_os_error() == Some(ACCESS_DENIED) { io::ErrorKind::AddrInUse.into() } else { error }
        })?;
        let (sender, connected) = mpsc::channel(INSTANCES);
        let mut doors = JoinSet::new();
        doors.spawn(keep_door(name.to_owned(), first, sender.clone()));
        for _ in 1..INSTANCES {
            doors.spawn(keep_door(name.to_owned(), ServerOptions::new().create(name)?, sender.clone()));
        }
        Ok(Self { connected, _doors: doors })
    }

    /// The next client. Cancel-safe.
    pub(super) async fn accept(&mut self) -> io::Result<NamedPipeServer> {
        // The instances' tasks never end by themselves, so there is always a sender.
        self.connected.recv().await.ok_or_else(|| io::ErrorKind::BrokenPipe.into())
    }

    /// Closes the doors, and returns who has come in.
    pub(super) fn close(mut self) -> io::Result<impl Iterator<Item = NamedPipeServer>> {
        Ok(std::iter::from_fn(move || self.connected.try_recv().ok()))
    }
}

/// Waits for clients at one instance after another.
async fn keep_door(name: String, mut instance: NamedPipeServer, sender: mpsc::Sender<NamedPipeServer>) {
    loop {
        // An error means that the client left before it was served: this instance is used up, too.
        let connected = instance.connect().await.is_ok();
        let spent = std::mem::replace(&mut instance, next_instance(&name).await);
        if connected && sender.send(spent).await.is_err() {
            return;
        }
    }
}

async fn next_instance(name: &str) -> NamedPipeServer {
    loop {
        match ServerOptions::new().create(name) {
            Ok(instance) => return instance,
            Err(error) => {
                tracing::error!(%error, "no further instance of the pipe could be made; trying again in a second");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::windows::named_pipe::ClientOptions,
    };

    fn name(test: &str) -> String {
        format!(r"\\.\pipe\dante-{test}-{}", std::process::id())
    }

    #[tokio::test]
    async fn two_hundred_clients_find_an_open_door() {
        let name = name("doors");
        let mut listener = PipeListener::bind(&name).unwrap();
        let clients = tokio::spawn(async move {
            let mut clients = Vec::new();
            for _ in 0..200 {
                // PIPE_BUSY would be an error here: there is no retry.
                clients.push(ClientOptions::new().open(&name).unwrap());
                tokio::task::yield_now().await;
            }
            clients
        });
        for _ in 0..200 {
            listener.accept().await.unwrap();
        }
        assert_eq!(clients.await.unwrap().len(), 200);
    }

    #[tokio::test]
    async fn bytes_go_both_ways() {
        let name = name("bytes");
        let mut listener = PipeListener::bind(&name).unwrap();
        let mut client = ClientOptions::new().open(&name).unwrap();
        let mut server = listener.accept().await.unwrap();
        client.write_all(b"canto").await.unwrap();
        let mut heard = [0; 5];
        server.read_exact(&mut heard).await.unwrap();
        server.write_all(&heard).await.unwrap();
        client.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"canto");
    }
}
