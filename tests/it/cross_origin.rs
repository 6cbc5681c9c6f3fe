//! Pages of other origins: what they may read, with `--allow-origin` and without it (Fetch, 3.2 "CORS protocol").

use std::time::Duration;

use dante::{cli::ServeArgs, hosting::listener::Bounds};
use tokio::io::AsyncWriteExt as _;

use crate::support::{Answer, Server, Setup, soon, websocket_request};

const SHOP: &str = "https://shop.example";
const PATHS: [&str; 4] =
    ["/socket.io/?EIO=4&transport=polling", "/sse/stream", "/hosting.json", "/divine-comedy.txt"];

async fn server(origins: &[&str]) -> Server {
    let allow_origin = origins.iter().map(|origin| (*origin).to_owned()).collect();
    let args = ServeArgs { allow_origin, ..ServeArgs::default() };
    Server::start(Setup { args, stanzas: (3, 0), ..Setup::default() }).await
}

async fn preflight(server: &Server, path: &str, origin: &str, prefix: &str) -> Answer {
    let request = format!(
        "OPTIONS {prefix}{path} HTTP/1.1\r\nHost: localhost\r\nOrigin: {origin}\r\n\
         Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: content-type,x-token\r\n\r\n"
    );
    server.send(&request).await
}

async fn websocket(server: &Server, path: &str, origin: &str) -> Answer {
    let request = websocket_request(path, "Upgrade");
    let request = request.replace("Upgrade: websocket", &format!("Origin: {origin}\r\nUpgrade: websocket"));
    server.send(&request).await
}

#[tokio::test]
async fn without_the_option_browsers_keep_other_pages_out_and_are_told_why() {
    let server = server(&[]).await;
    for path in PATHS {
        let answer = server.get(path, &format!("Origin: {SHOP}\r\n")).await;
        assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, None), "{path}");
        let answer = preflight(&server, path, SHOP, "").await;
        assert_eq!((answer.status, answer.header("access-control-allow-origin")), (403, None), "{path}");
        assert!(answer.body.contains("--allow-origin") && answer.body.contains(SHOP), "{answer:?}");
    }
    // Browsers open a WebSocket to any host, and Dante lets them, as Node.js does.
    for path in ["/websocket/ws", "/socket.io/?EIO=4&transport=websocket"] {
        assert_eq!(websocket(&server, path, SHOP).await.status, 101, "{path}");
    }
}

#[tokio::test]
async fn pages_on_the_list_read_over_every_transport_and_no_others() {
    let server = server(&["http://localhost:3000,https://Shop.example/"]).await;
    for path in PATHS {
        let answer = server.get(path, &format!("Origin: {SHOP}\r\n")).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), Some(SHOP), "{path}");
        assert_eq!(answer.header("access-control-allow-credentials"), Some("true"), "{path}");
        assert!(answer.head.to_ascii_lowercase().contains("vary: origin"), "{answer:?}");
        for prefix in ["", "/dante"] {
            let answer = preflight(&server, path, SHOP, prefix).await;
            assert_eq!(answer.status, 200, "{path}");
            assert_eq!(answer.header("access-control-allow-origin"), Some(SHOP), "{path}");
            assert_eq!(answer.header("access-control-allow-headers"), Some("content-type,x-token"), "{path}");
            assert!(answer.header("access-control-allow-methods").unwrap().contains("POST"), "{path}");
        }
        for other in ["https://evil.example", "null", "http://localhost:3001"] {
            let answer = server.get(path, &format!("Origin: {other}\r\n")).await;
            assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, None), "{path}");
            let answer = preflight(&server, path, other, "").await;
            assert_eq!(answer.header("access-control-allow-origin"), None, "{path}");
        }
    }
    for path in ["/websocket/ws", "/socket.io/?EIO=4&transport=websocket"] {
        for (origin, status) in [
            (SHOP, 101),
            ("http://localhost:3000", 101),
            // Dante's own page.
            ("http://localhost", 101),
            ("https://evil.example", 403),
            ("null", 403),
        ] {
            let answer = websocket(&server, path, origin).await;
            assert_eq!(answer.status, status, "{path} {origin}");
            assert!(status == 101 || answer.body.contains("--allow-origin"), "{answer:?}");
        }
        // A program sends no Origin.
        assert_eq!(server.send(&websocket_request(path, "Upgrade")).await.status, 101);
    }
    // A refusal can be read, too.
    let refused = server.get("/sse/stream?from=x", &format!("Origin: {SHOP}\r\n")).await;
    assert_eq!((refused.status, refused.header("access-control-allow-origin")), (400, Some(SHOP)));
}

/// Refusals that are not the routes', too: a page can tell its reader why, and wait as long as it is asked to.
#[tokio::test]
async fn a_page_on_the_list_can_read_every_refusal() {
    let args = ServeArgs {
        allow_origin: vec![SHOP.to_owned()],
        max_readers: Some("1".to_owned()),
        interval: Some("1h".to_owned()),
        ..ServeArgs::default()
    };
    let bounds = Bounds { body: Duration::from_millis(50), ..Bounds::default() };
    let server = Server::start(Setup { args, bounds, ..Setup::default() }).await;
    let mut reader = server.connect().await;
    reader.write_all(b"GET /sse/stream HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    assert_eq!(soon(Answer::read(&mut reader)).await.status, 200);
    let from_shop = format!("Origin: {SHOP}\r\n");
    for (request, status) in [
        // The limits of readers.
        (format!("GET /sse/stream HTTP/1.1\r\nHost: localhost\r\n{from_shop}\r\n"), 503),
        (format!("GET /websocket/ws HTTP/1.1\r\nHost: localhost\r\n{from_shop}\r\n"), 503),
        // Faults of a host.
        (format!("GET /hosting.json HTTP/1.1\r\nHost: a, b\r\n{from_shop}\r\n"), 400),
        (format!("GET /hosting.json HTTP/1.1\r\n{from_shop}\r\n"), 400),
        // A body that does not come.
        (
            format!(
                "POST /socket.io/?EIO=4&transport=polling&sid=x HTTP/1.1\r\nHost: localhost\r\n{from_shop}Content-Length: 9\r\n\r\n"
            ),
            408,
        ),
    ] {
        let answer = server.send(&request).await;
        assert_eq!(answer.status, status, "{request}: {answer:?}");
        assert_eq!(answer.header("access-control-allow-origin"), Some(SHOP), "{request}: {answer:?}");
        let exposed = answer.header("access-control-expose-headers").unwrap().to_ascii_lowercase();
        assert!(exposed.contains("dante-fault") && exposed.contains("retry-after"), "{exposed}");
        assert_eq!(answer.head.to_ascii_lowercase().matches("access-control-allow-origin").count(), 1);
    }
}

#[tokio::test]
async fn a_star_lets_every_page_in_without_credentials() {
    let server = server(&["*"]).await;
    for path in PATHS {
        for origin in [SHOP, "null"] {
            let answer = server.get(path, &format!("Origin: {origin}\r\n")).await;
            assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "{path}");
            assert_eq!(answer.header("access-control-allow-credentials"), None, "{path}");
            assert_eq!(preflight(&server, path, origin, "").await.status, 200, "{path}");
        }
    }
    assert_eq!(websocket(&server, "/websocket/ws", "null").await.status, 101);
}
