//! What each host asks of a program behind it (`docs/hosting.md`), as far as one process shows it.

use dante::cli::ServeArgs;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::{Answer, Server, Setup, is_gone, socket_path, soon, websocket_request};

async fn under_iisnode(path: &str, more: &[(&str, &str)]) -> Server {
    let mut env = vec![("IISNODE_VERSION", "0.2.21"), ("PORT", path)];
    env.extend(more);
    Server::start(Setup { env: &env, stanzas: (2, 0), ..Setup::default() }).await
}

#[tokio::test]
async fn iisnode_rewrites_connection_and_every_websocket_works() {
    let (_folder, path) = socket_path();
    let server = under_iisnode(&path, &[]).await;
    for endpoint in [
        "/dante/socket.io/?EIO=4&transport=websocket",
        "/dante/websocket/ws",
        "/dante/server-faye.js/ws",
        "/demo/server-faye.js/ws",
        "/websocket/ws",
    ] {
        for connection in ["keep-alive", "Upgrade"] {
            let mut stream = server.connect().await;
            stream.write_all(websocket_request(endpoint, connection).as_bytes()).await.unwrap();
            let answer = soon(Answer::read(&mut stream)).await;
            assert_eq!(answer.status, 101, "{endpoint} with Connection: {connection}: {}", answer.body);
            assert!(answer.header("sec-websocket-extensions").is_none(), "no deflate through IIS");
            // Not only a promise: the first frame comes.
            assert_eq!(soon(stream.read_u8()).await.unwrap(), 0x81, "{endpoint}");
        }
    }
    server.stop().await;
    assert!(is_gone(&path), "the socket's file goes with the server");
}

#[tokio::test]
async fn elsewhere_a_websocket_without_its_connection_header_is_refused() {
    let server = Server::start(Setup::default()).await;
    let answer = server.send(&websocket_request("/websocket/ws", "keep-alive")).await;
    assert_eq!(answer.status, 426);
}

#[tokio::test]
async fn under_iisnode_any_application_name_works() {
    let (_folder, path) = socket_path();
    let server = under_iisnode(&path, &[]).await;
    for (path, status) in [
        ("/demo/", 200),
        ("/demo/server-socketio.js", 200),
        ("/demo/hello/", 200),
        ("/Dante/Server-SocketIO.js", 404),
        ("/DANTE/server-socketio.js", 200),
        ("/demo/socket.io/?EIO=4&transport=polling", 200),
        ("/dante/", 200),
        ("/dante", 308),
        ("/demo", 308),
        ("/demo/favicon.ico", 200),
    ] {
        assert_eq!(server.get(path, "").await.status, status, "{path}");
    }
    let told = "X-iisnode-SCRIPT_NAME: /forged/x.js\r\nX-iisnode-SCRIPT_NAME: /demo/server-socketio.js\r\n";
    for (path, status) in [("/demo", 308), ("/demo/", 200), ("/demo/x/", 404), ("/forged", 404)] {
        assert_eq!(server.get(path, told).await.status, status, "{path}");
    }
}

#[tokio::test]
async fn a_given_prefix_is_the_only_one_under_iisnode() {
    let (_folder, path) = socket_path();
    let server = under_iisnode(&path, &[("DANTE_PREFIX", "/demo")]).await;
    for (path, status) in [("/demo/", 200), ("/demo", 308), ("/dante/", 404), ("/demo/x/", 404)] {
        assert_eq!(server.get(path, "").await.status, status, "{path}");
    }
}

#[tokio::test]
async fn the_aspnetcore_module_has_a_token_and_asks_for_the_end() {
    let env = [("ASPNETCORE_PORT", "0"), ("ASPNETCORE_TOKEN", "secret"), ("ASPNETCORE_APPL_PATH", "/dante")];
    let server = Server::start(Setup { env: &env, ..Setup::default() }).await;
    let token = "MS-ASPNETCORE-TOKEN: secret\r\n";
    assert_eq!(server.get("/dante/", "").await.status, 400);
    assert_eq!(server.get("/dante/", "MS-ASPNETCORE-TOKEN: wrong\r\n").await.status, 400);
    assert_eq!(server.get("/dante/", token).await.status, 200);
    assert_eq!(server.get("/Dante/", token).await.status, 200, "IIS knows no case");
    let shutdown = |token: &str, event: &str| {
        format!(
            "POST /dante/iisintegration HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n{token}\
             MS-ASPNETCORE-EVENT: {event}\r\n\r\n"
        )
    };
    assert_eq!(server.send(&shutdown("", "shutdown")).await.status, 400);
    assert_eq!(server.send(&shutdown(token, "dance")).await.status, 404);
    assert_eq!(server.send(&shutdown(token, "shutdown")).await.status, 202);
    server.stopped().await;
}

#[tokio::test]
async fn nobody_but_the_module_stops_the_server() {
    let server = Server::start(Setup::default()).await;
    let request = "POST /iisintegration HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\
                   MS-ASPNETCORE-EVENT: shutdown\r\n\r\n";
    assert_eq!(server.send(request).await.status, 404);
    assert_eq!(server.get("/", "").await.status, 200);
}

#[tokio::test]
async fn forwarded_prefixes_are_believed_only_on_request() {
    let header = "X-Forwarded-Prefix: /shelf\r\n";
    let server = Server::start(Setup::default()).await;
    assert_eq!(server.get("/shelf/hello/", header).await.status, 404);
    let args = ServeArgs { trust_forwarded: true, ..ServeArgs::default() };
    let trusting = Server::start(Setup { args, ..Setup::default() }).await;
    assert_eq!(trusting.get("/shelf/hello/", header).await.status, 200);
    assert_eq!(trusting.get("/shelf", header).await.status, 308);
    assert_eq!(trusting.get("/hello/", header).await.status, 200, "stripped by the proxy");
    assert_eq!(trusting.get("/shelf/hello/", "X-Forwarded-Prefix: //evil\r\n").await.status, 404);
}
