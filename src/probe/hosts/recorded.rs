//! Answers of real hosts, and of clouds as their documentation shows them: who wrote each, and who stands in front.

use super::{Host, author, chain, nameless};
use crate::{
    contract::SeenExchange,
    probe::{
        client::as_it_came::read,
        evidence::{Evidence, Exchange, Http, Page, Tls},
    },
};

/// An answer as it came over the wire, but with bare line feeds.
fn answer(text: &str) -> Exchange {
    let mut exchange = Exchange::default();
    read(text.replace('\n', "\r\n").as_bytes(), &mut exchange);
    // Only the ends of lines of the head are the wire's.
    exchange.body = text.split_once("\n\n").map_or("", |(_, body)| body).to_owned();
    exchange
}

fn evidence(answers: &[&str], malformed: Option<&str>) -> Evidence {
    let exchanges: Vec<_> = answers.iter().map(|text| answer(text)).collect();
    let first = exchanges.first().cloned().unwrap_or_default();
    Evidence {
        http: Some(Http { first, malformed: malformed.map(answer), ..Http::default() }),
        page: Some(Page { exchanges, ..Page::default() }),
        ..Evidence::default()
    }
}

const NGINX: &str = "HTTP/1.1 200 OK\nServer: nginx/1.22.1\nContent-Type: text/html; charset=utf-8\n\n";
const NGINX_502: &str = "HTTP/1.1 502 Bad Gateway\nServer: nginx/1.22.1\nContent-Type: text/html\nConnection: keep-alive\n\n<html>\n<head><title>502 Bad Gateway</title></head>\n<body>\n<center><h1>502 Bad Gateway</h1></center>\n<hr><center>nginx/1.22.1</center>\n</body>\n</html>\n";
const NGINX_400: &str = "HTTP/1.1 400 Bad Request\nServer: nginx/1.22.1\nContent-Type: text/html\nConnection: close\n\n<html>\n<head><title>400 Bad Request</title></head>\n<body>\n<center><h1>400 Bad Request</h1></center>\n<hr><center>nginx/1.22.1</center>\n</body>\n</html>\n";
const APACHE_400: &str = "HTTP/1.1 400 Bad Request\nServer: Apache/2.4.71 (Debian)\nConnection: close\nContent-Type: text/html; charset=iso-8859-1\n\n<html><head>\n<title>400 Bad Request</title>\n</head><body>\n<h1>Bad Request</h1>\n<p>Your browser sent a request that this server could not understand.<br />\n</p>\n</body></html>\n";
const APACHE_503: &str = "HTTP/1.1 503 Service Unavailable\nServer: Apache/2.4.71 (Debian)\nConnection: close\n\n<title>503 Service Unavailable</title>\n</head><body>\n<h1>Service Unavailable</h1>\n<p>The server is temporarily unable to service your\nrequest due to maintenance downtime or capacity\nproblems. Please try again later.</p>\n</body></html>\n";
const HAPROXY_400: &str = "HTTP/1.1 400 Bad request\nContent-length: 90\nCache-Control: no-cache\nConnection: close\nContent-Type: text/html\n\n<html><body><h1>400 Bad request</h1>\nYour browser sent an invalid request.\n</body></html>\n";
const HAPROXY_503: &str = "HTTP/1.1 503 Service Unavailable\ncontent-length: 107\ncache-control: no-cache\ncontent-type: text/html\n\n<html><body><h1>503 Service Unavailable</h1>\nNo server is available to handle this request.\n</body></html>\n";
const VARNISH: &str = "HTTP/1.1 200 OK\ncontent-type: text/html; charset=utf-8\nX-Varnish: 3\nAge: 0\nVia: 1.1 varnish (Varnish/7.1)\nConnection: keep-alive\n\n";
const VARNISH_503: &str = "HTTP/1.1 503 Backend fetch failed\nServer: Varnish\nRetry-After: 5\nX-Varnish: 32770\nAge: 0\nVia: 1.1 varnish (Varnish/7.1)\n\n<h1>Error 503 Backend fetch failed</h1>\n    <p>Backend fetch failed</p>\n    <h3>Guru Meditation:</h3>\n";
const VARNISH_400: &str = "HTTP/1.1 400 Bad Request\n\n";
const SQUID_411: &str = "HTTP/1.1 411 Length Required\nServer: squid/5.7\nX-Squid-Error: ERR_INVALID_REQ 0\nX-Cache: MISS from squid.test\nVia: 1.1 squid.test (squid/5.7)\nConnection: close\n\n<title>ERROR: The requested URL could not be retrieved</title>";
const ATS_400: &str = "HTTP/1.1 400 Invalid HTTP Request\nConnection: close\nServer: ATS/9.2.9\nContent-Type: text/html\n\n<HTML>\n<HEAD>\n<TITLE>Bad Request</TITLE>\n</HEAD>\n\n<BODY BGCOLOR=\"white\" FGCOLOR=\"black\">\n<H1>Bad Request</H1>\n<HR>\n\n<FONT FACE=\"Helvetica,Arial\"><B>\nDescription: Could not process this request.\n</B></FONT>\n";
const H2O_400: &str = "HTTP/1.1 400 Invalid Request\nConnection: close\nServer: h2o/2.2.5\ncontent-type: text/plain; charset=utf-8\n\nbroken content-length header";
const NGHTTPX_400: &str = "HTTP/1.1 400 Bad Request\nServer: nghttpx\nContent-Type: text/html; charset=UTF-8\nConnection: close\n\n<!DOCTYPE html><html lang=\"en\"><title>400 Bad Request</title><body><h1>400 Bad Request</h1><footer>nghttpx</footer></body></html>";
const LIGHTTPD_400: &str = "HTTP/1.1 400 Bad Request\nContent-Type: text/html\nConnection: close\nServer: lighttpd/1.4.69\n\n<?xml version=\"1.0\" encoding=\"iso-8859-1\"?>\n";
const ENVOY_400: &str = "HTTP/1.1 400 Bad Request\ncontent-length: 11\ncontent-type: text/plain\nserver: envoy\nconnection: close\n\nBad Request";
const ENVOY_503: &str = "HTTP/1.1 503 Service Unavailable\ncontent-type: text/plain\nserver: envoy\n\nupstream connect error or disconnect/reset before headers. reset reason: remote connection failure";
const GO_400: &str =
    "HTTP/1.1 400 Bad Request\nContent-Type: text/plain; charset=utf-8\nConnection: close\n\n400 Bad Request";
const GO_404: &str = "HTTP/1.1 404 Not Found\nContent-Type: text/plain; charset=utf-8\nX-Content-Type-Options: nosniff\n\n404 page not found\n";
const TRAEFIK_502: &str = "HTTP/1.1 502 Bad Gateway\nContent-Length: 11\n\nBad Gateway";
const CADDY: &str = "HTTP/1.1 200 OK\nAlt-Svc: h3=\":31019\"; ma=2592000\nVia: 1.1 Caddy\n\n";
const CADDY_502: &str = "HTTP/1.1 502 Bad Gateway\nServer: Caddy\nContent-Length: 0\n\n";
const NODE_400: &str = "HTTP/1.1 400 Bad Request\nConnection: close\n\n";
const EXPRESS: &str =
    "HTTP/1.1 200 OK\nX-Powered-By: Express\ncontent-type: text/html; charset=utf-8\nconnection: close\n\n";
const EXPRESS_404: &str = "HTTP/1.1 404 Not Found\nX-Powered-By: Express\n\n<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Error</title>\n</head>\n<body>\n<pre>Cannot GET /elsewhere</pre>\n";
const MIDDLEWARE_504: &str = "HTTP/1.1 504 Gateway Timeout\nX-Powered-By: Express\n\nError occurred while trying to proxy: 127.0.0.1:32014/dante/";
const FASTIFY_400: &str = "HTTP/1.1 400 Bad Request\nContent-Length: 65\nContent-Type: application/json\n\n{\"error\":\"Bad Request\",\"message\":\"Client Error\",\"statusCode\":400}";
const FASTIFY_500: &str = "HTTP/1.1 500 Internal Server Error\ncontent-type: application/json; charset=utf-8\n\n{\"statusCode\":500,\"code\":\"FST_REPLY_FROM_INTERNAL_SERVER_ERROR\",\"error\":\"Internal Server Error\",\"message\":\"connect ECONNREFUSED 127.0.0.1:32003\"}";
const VITE: &str = "HTTP/1.1 200 OK\nContent-Type: text/html\n\n<!doctype html>\n<script type=\"module\" src=\"/@vite/client\"></script>\n";
const MITMPROXY_400: &str = "HTTP/1.1 400 Bad Request\nServer: mitmproxy 11.0.2\nConnection: close\nContent-Type: text/html\n\n<html>\n<head>\n    <title>400 Bad Request</title>\n";
/// What Dante itself says where nobody refused the request before.
const DANTE_400: &str = "HTTP/1.1 400 Bad Request\ncontent-type: text/plain; charset=utf-8\nconnection: close\ndante-fault: header\n\nThe request line is fine, but a header after it is malformed";
const DANTE_426: &str = "HTTP/1.1 426 Upgrade Required\nServer: nginx/1.22.1\ndante-fault: not-upgraded\n\n";

// Not run here: in the form that documentation and public reports show.
const CLOUDFLARE_522: &str =
    "HTTP/1.1 522 \nServer: cloudflare\nCF-RAY: 8f-FRA\n\n<div id=\"cf-error-details\" class=\"p-0\">";
const CLOUDFLARE_400: &str = "HTTP/1.1 400 Bad Request\nServer: cloudflare\nCF-RAY: -\n\n<html>\n<head><title>400 Bad Request</title></head>\n<body>\n<center><h1>400 Bad Request</h1></center>\n<hr><center>cloudflare</center>\n";
const CLOUDFRONT: &str = "HTTP/1.1 200 OK\nServer: nginx/1.28\nX-Cache: Miss from cloudfront\nVia: 1.1 0a.cloudfront.net (CloudFront)\nX-Amz-Cf-Pop: FRA56-P1\nX-Amz-Cf-Id: x==\n\n";
const CLOUDFRONT_HIT: &str = "HTTP/1.1 200 OK\nServer: nginx/1.28\nAge: 30\nX-Cache: Hit from cloudfront\nVia: 1.1 0a.cloudfront.net (CloudFront)\nX-Amz-Cf-Id: x==\n\n";
const FASTLY: &str =
    "HTTP/1.1 200 OK\nServer: nginx/1.28\nVia: 1.1 varnish\nX-Served-By: cache-fra-etou1\nX-Cache: MISS\n\n";
const ALB_503: &str = "HTTP/1.1 503 Service Temporarily Unavailable\nServer: awselb/2.0\nContent-Type: text/html\n\n<html>\n<head><title>503 Service Temporarily Unavailable</title></head>\n<body>\n<center><h1>503 Service Temporarily Unavailable</h1></center>\n</body>\n</html>\n";
const ALB: &str = "HTTP/1.1 200 OK\nServer: nginx/1.28\nSet-Cookie: AWSALB=x; Path=/\n\n";
const GATEWAY_502: &str = "HTTP/1.1 502 Bad Gateway\nServer: Microsoft-Azure-Application-Gateway/v2\n\n<html>\n<head><title>502 Bad Gateway</title></head>\n<body>\n<center><h1>502 Bad Gateway</h1></center>\n<hr><center>Microsoft-Azure-Application-Gateway/v2</center>\n";
const GOOGLE: &str = "HTTP/1.1 200 OK\nServer: nginx/1.28\nVia: 1.1 google\n\n";
const HEROKU_503: &str = "HTTP/1.1 503 Service Unavailable\nServer: Heroku\n\n<iframe src=\"//www.herokucdn.com/error-pages/application-error.html\"></iframe>";
const ISTIO_403: &str = "HTTP/1.1 403 Forbidden\nserver: istio-envoy\n\nRBAC: access denied";
const KONG_404: &str = "HTTP/1.1 404 Not Found\nServer: kong/3.4.0\n\n{\n  \"message\":\"no Route matched with those values\"\n}";
const NGROK_404: &str = "HTTP/1.1 404 Not Found\nNgrok-Error-Code: ERR_NGROK_3200\n\nThe endpoint is offline";

#[test]
fn who_wrote_an_answer() {
    for (text, host) in [
        (NGINX_502, Some(Host::Nginx)),
        (NGINX, None),
        (DANTE_426, None),
        (APACHE_400, Some(Host::Apache)),
        (APACHE_503, Some(Host::Apache)),
        (HAPROXY_400, Some(Host::Haproxy)),
        (HAPROXY_503, Some(Host::Haproxy)),
        (VARNISH_503, Some(Host::Varnish)),
        (VARNISH, None),
        (SQUID_411, Some(Host::Squid)),
        (ATS_400, Some(Host::TrafficServer)),
        (NGHTTPX_400, Some(Host::Nghttpx)),
        (ENVOY_503, Some(Host::Envoy)),
        (TRAEFIK_502, Some(Host::Traefik)),
        (GO_404, Some(Host::Go)),
        (CADDY, None),
        (EXPRESS_404, Some(Host::Express)),
        (MIDDLEWARE_504, Some(Host::HttpProxyMiddleware)),
        (FASTIFY_500, Some(Host::Fastify)),
        (FASTIFY_400, Some(Host::Fastify)),
        (VITE, Some(Host::Vite)),
        (MITMPROXY_400, Some(Host::Mitmproxy)),
        (CLOUDFLARE_522, Some(Host::Cloudflare)),
        (CLOUDFRONT, None),
        (ALB_503, Some(Host::AwsAlb)),
        (GATEWAY_502, Some(Host::ApplicationGateway)),
        (HEROKU_503, Some(Host::Heroku)),
        (ISTIO_403, Some(Host::Istio)),
        (KONG_404, Some(Host::Kong)),
        (NGROK_404, Some(Host::Ngrok)),
    ] {
        assert_eq!(author(&answer(text)), host, "{text}");
    }
}

/// What is recognised from ordinary answers, and from the one to a malformed request.
#[test]
fn who_stands_in_front() {
    use Host::*;
    let varnish_nginx = VARNISH.replace("content-type", "Server: nginx/1.22.1\ncontent-type");
    let varnish_nginx = varnish_nginx.as_str();
    let nginx_502_by_varnish =
        NGINX_502.replacen('\n', "\nX-Varnish: 5\nVia: 1.1 varnish (Varnish/7.1)\n", 1);
    let nginx_by_envoy = "HTTP/1.1 200 OK\nserver: envoy\nx-envoy-upstream-service-time: 1\n\n";
    let nginx_502_by_envoy = NGINX_502.replace("Server: nginx/1.22.1", "server: envoy");
    for (what, answers, malformed, hosts) in [
        ("nothing", &["HTTP/1.1 200 OK\n\n"][..], None, &[][..]),
        ("Dante alone", &["HTTP/1.1 200 OK\n\n"], Some(DANTE_400), &[]),
        ("nginx", &[NGINX], None, &[Nginx]),
        ("HAProxy, which names itself nowhere", &["HTTP/1.1 200 OK\n\n"], Some(HAPROXY_400), &[Haproxy]),
        ("Node.js, which has no name", &["HTTP/1.1 200 OK\n\n"], Some(NODE_400), &[Node]),
        ("a program in Go", &["HTTP/1.1 200 OK\n\n"], Some(GO_400), &[Go]),
        ("Traefik", &[TRAEFIK_502], Some(GO_400), &[Traefik]),
        ("Caddy", &[CADDY], Some(GO_400), &[Caddy]),
        ("Caddy alone, nothing behind it", &[CADDY_502], None, &[Caddy]),
        ("a bare refusal that may be of anybody", &["HTTP/1.1 200 OK\n\n"], Some(VARNISH_400), &[]),
        ("lighttpd", &["HTTP/1.1 200 OK\nServer: lighttpd/1.4.69\n\n"], Some(LIGHTTPD_400), &[Lighttpd]),
        ("h2o", &["HTTP/1.1 200 OK\nServer: h2o/2.2.5\n\n"], Some(H2O_400), &[H2o]),
        ("Express and a proxy in it", &[EXPRESS, MIDDLEWARE_504], Some(NODE_400), &[HttpProxyMiddleware]),
        ("mitmproxy", &["HTTP/1.1 200 OK\n\n"], Some(MITMPROXY_400), &[Mitmproxy]),
        ("Varnish before nginx, by their kinds", &[varnish_nginx], None, &[Varnish, Nginx]),
        ("Varnish before nginx", &[varnish_nginx], Some(VARNISH_400), &[Varnish, Nginx]),
        ("nginx before Varnish", &[varnish_nginx], Some(NGINX_400), &[Nginx, Varnish]),
        (
            "HAProxy before nginx, by a page of nginx's",
            &[NGINX, NGINX_502, HAPROXY_503],
            Some(HAPROXY_400),
            &[Haproxy, Nginx],
        ),
        ("Varnish before nginx, by its page", &[&nginx_502_by_varnish], None, &[Varnish, Nginx]),
        ("a program in Go before nginx", &[NGINX], Some(GO_400), &[Go, Nginx]),
        (
            "Envoy before nginx, by a page of nginx's",
            &[nginx_by_envoy, &nginx_502_by_envoy],
            Some(ENVOY_400),
            &[Envoy, Nginx],
        ),
        (
            "Envoy before nginx, both of which replace Server",
            &[nginx_by_envoy, &nginx_502_by_envoy],
            None,
            &[Envoy, Nginx],
        ),
        ("CloudFront before nginx", &[CLOUDFRONT], None, &[CloudFront, Nginx]),
        ("CloudFront, from its store", &[CLOUDFRONT_HIT], None, &[CloudFront]),
        ("Fastly, which is made of Varnish", &[FASTLY], None, &[Fastly, Nginx]),
        ("ALB before nginx", &[ALB], None, &[AwsAlb, Nginx]),
        ("Google before nginx", &[GOOGLE], None, &[GoogleLoadBalancer, Nginx]),
        (
            "Cloudflare before something",
            &["HTTP/1.1 200 OK\nServer: cloudflare\nCF-RAY: 1\n\n"],
            Some(CLOUDFLARE_400),
            &[Cloudflare],
        ),
        ("Istio", &[ISTIO_403], None, &[Istio]),
    ] {
        assert_eq!(chain(&evidence(answers, malformed)), hosts, "{what}");
    }
}

#[test]
fn who_puts_no_name_into_what_passes() {
    use Host::*;
    for (answers, malformed, hosts) in [
        (&[NGINX, HAPROXY_503][..], Some(HAPROXY_400), &[Haproxy][..]),
        (&[VARNISH, NGINX], None, &[Varnish]),
        (&[NGINX], None, &[]),
        (&[CADDY], None, &[Caddy]),
    ] {
        let evidence = evidence(answers, malformed);
        assert_eq!(nameless(&evidence, &chain(&evidence)), hosts, "{answers:?}");
    }
}

#[test]
fn what_reached_the_server_tells_the_order_of_proxies() {
    let mut evidence = evidence(&["HTTP/1.1 200 OK\n\n"], None);
    let saw = |via: &str| Some(SeenExchange { via: Some(via.into()), ..SeenExchange::default() });
    let page = &mut evidence.page.as_mut().unwrap().exchanges[0];
    page.saw = saw("1.1 nghttpx, 1.1 varnish (Varnish/7.1)");
    assert_eq!(chain(&evidence), [Host::Nghttpx, Host::Varnish]);
}

#[test]
fn certificates_that_hosts_make_for_themselves() {
    let subject = "CN=TRAEFIK DEFAULT CERT".to_owned();
    let tls = Some(Tls { subject, ..Tls::default() });
    assert_eq!(chain(&Evidence { tls, ..evidence(&["HTTP/1.1 200 OK\n\n"], Some(GO_400)) }), [Host::Traefik]);
}

#[test]
fn a_port_of_tls_names_itself_to_plain_http() {
    let tls = Some(Tls { plain: Some(answer(NGINX_400)), ..Tls::default() });
    assert_eq!(chain(&Evidence { tls, ..Evidence::default() }), [Host::Nginx]);
}
