//! What only a Windows program can do for the tests: launch a guest as iisnode does, and open its pipe.
//! All other manners of iisnode are in `tests/support/iisnode.js`, which comes here over TCP, one connection for
//! each pipe. It is told `ok`, or the number of the error, in a first line; then bytes go both ways.
//!
//! `bridge detached|console FOLDER COMMAND_LINE [NAME=VALUE]...` prints `guest <process id>`, `listening <address>` and, when the
//! guest ends, `exited <code>`. It ends with the guest, and ends the guest when its standard input is closed.

mod guest;

use std::{
    env,
    error::Error,
    io::{Read, stdin},
    process::ExitCode,
    sync::Arc,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, split},
    net::{
        TcpListener, TcpStream,
        windows::named_pipe::{ClientOptions, NamedPipeClient},
    },
};

use guest::Guest;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let console = arguments.next().ok_or("detached or console?")? == "console";
    let folder = arguments.next().ok_or("the guest's folder is missing")?;
    let command_line = arguments.next().ok_or("the guest's command line is missing")?;

    // iisnode makes a UUID; a name that no other process has is enough.
    let pipe = format!(r"\\.\pipe\bridge-{}", std::process::id());
    // The block of IIS's worker process first, then iisnode's variables: a variable that both set stands twice
    // (iisnode cmoduleconfiguration.cpp:155-372).
    let mut variables: Vec<String> = env::vars().map(|(name, value)| format!("{name}={value}")).collect();
    variables.extend(arguments);
    variables.push(format!("PORT={pipe}"));

    let guest = Arc::new(Guest::launch(&folder, &command_line, &variables, console)?);
    println!("guest {}", guest.id());
    std::thread::spawn({
        let guest = guest.clone();
        move || {
            // Nothing is said there; it ends when whoever runs the test does, however that is.
            let _ = stdin().read_to_end(&mut Vec::new());
            guest.terminate();
        }
    });

    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    println!("listening {}", listener.local_addr()?);
    let ended = tokio::task::spawn_blocking(move || guest.wait());
    tokio::pin!(ended);
    loop {
        tokio::select! {
            code = &mut ended => {
                println!("exited {}", code??);
                return Ok(ExitCode::SUCCESS);
            }
            accepted = listener.accept() => {
                let (stream, _) = accepted?;
                tokio::spawn(serve(stream, pipe.clone()));
            }
        }
    }
}

/// One connection: one attempt at the pipe, without waiting for it.
async fn serve(mut stream: TcpStream, pipe: String) {
    // Small frames must not wait for each other. Failures here are the peer's having left.
    let _ = stream.set_nodelay(true);
    match ClientOptions::new().open(pipe) {
        Ok(pipe) => {
            if stream.write_all(b"ok\n").await.is_ok() {
                relay(stream, pipe).await;
            }
        }
        Err(error) => {
            let code = error.raw_os_error().unwrap_or(-1);
            let _ = stream.write_all(format!("{code}\n").as_bytes()).await;
        }
    }
}

/// Copies both ways until either side ends: a pipe has no half-close.
async fn relay(stream: TcpStream, pipe: NamedPipeClient) {
    let (mut from_client, mut to_client) = stream.into_split();
    let (mut from_guest, mut to_guest) = split(pipe);
    tokio::select! {
        () = copy(&mut from_client, &mut to_guest) => {}
        () = copy(&mut from_guest, &mut to_client) => {}
    }
}

async fn copy(from: &mut (impl AsyncReadExt + Unpin), to: &mut (impl AsyncWriteExt + Unpin)) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        if to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
}
