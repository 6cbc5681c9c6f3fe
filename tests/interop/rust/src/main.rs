//! Readers with rust_socketio, on threads and with async, over each transport. Each says what it hears, a line of JSON at a time
//! (`tests/interop/reading.js`).

use std::{env, sync::mpsc, thread, time::Duration};

use futures_util::FutureExt;
use rust_socketio::{ClientBuilder, Payload, TransportType, asynchronous};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

/// How long a reader may take.
const PATIENCE: Duration = Duration::from_secs(60);

type Said = mpsc::Sender<Value>;

fn modes() -> [(&'static str, TransportType); 4] {
    [
        ("any", TransportType::Any),
        ("polling", TransportType::Polling),
        ("websocket", TransportType::Websocket),
        ("upgrade", TransportType::WebsocketUpgrade),
    ]
}

/// An event of the poem, as a line tells it.
fn line(payload: Payload) -> Value {
    match payload {
        Payload::Text(values) => match values.as_slice() {
            [opening] => json!({ "opening": opening }),
            [text, place] => json!({ "text": text, "index": place["index"] }),
            others => json!({ "end": format!("{others:?}") }),
        },
        other => json!({ "end": format!("{other:?}") }),
    }
}

/// Passes on what a reader hears until it has heard the end.
fn pass_on(name: &str, heard: &mpsc::Receiver<Value>) {
    loop {
        let mut said = heard.recv_timeout(PATIENCE).unwrap_or_else(|_| json!({ "end": "it hangs" }));
        said["reader"] = name.into();
        println!("{said}");
        if said.get("end").is_some() {
            return;
        }
    }
}

fn read(url: &str, transport: TransportType, said: &Said) -> Result<impl Sized, rust_socketio::Error> {
    let (opened, came, closed) = (said.clone(), said.clone(), said.clone());
    ClientBuilder::new(url)
        .transport_type(transport)
        .reconnect(false)
        .on("reading", move |payload, _| drop(opened.send(line(payload))))
        .on("divinecomedy", move |payload, _| drop(came.send(line(payload))))
        .on("close", move |_, _| drop(closed.send(json!({ "end": "close" }))))
        .on("error", |error, _| eprintln!("rust_socketio, threads: {error:?}"))
        .connect()
}

async fn read_async(
    url: String,
    transport: TransportType,
    said: Said,
) -> Result<impl Sized, rust_socketio::Error> {
    let tell = |said: Said| {
        move |payload: Payload, _: asynchronous::Client| {
            let _ = said.send(line(payload));
            async {}.boxed()
        }
    };
    let closed = said.clone();
    asynchronous::ClientBuilder::new(url)
        .transport_type(transport)
        .reconnect(false)
        .on("reading", tell(said.clone()))
        .on("divinecomedy", tell(said))
        .on("close", move |_, _| {
            let _ = closed.send(json!({ "end": "close" }));
            async {}.boxed()
        })
        .on("error", |error, _| {
            eprintln!("rust_socketio, async: {error:?}");
            async {}.boxed()
        })
        .connect()
        .await
}

fn main() {
    let runtime = Runtime::new().expect("a runtime");
    thread::scope(|scope| {
        for url in env::args().skip(1) {
            let engine = format!("{url}/socket.io/");
            for (mode, transport) in modes() {
                let (name, engine_url) = (format!("threads, {mode} {url}"), engine.clone());
                let on_async = transport.clone();
                scope.spawn(move || {
                    let (said, heard) = mpsc::channel();
                    let client = read(&engine_url, transport, &said);
                    if let Err(error) = &client {
                        let _ = said.send(json!({ "end": error.to_string() }));
                    }
                    pass_on(&name, &heard);
                });
                let (name, engine_url) = (format!("async, {mode} {url}"), engine.clone());
                let runtime = &runtime;
                scope.spawn(move || {
                    let (said, heard) = mpsc::channel();
                    let client = runtime.block_on(read_async(engine_url, on_async, said.clone()));
                    if let Err(error) = &client {
                        let _ = said.send(json!({ "end": error.to_string() }));
                    }
                    pass_on(&name, &heard);
                });
            }
        }
    });
}
