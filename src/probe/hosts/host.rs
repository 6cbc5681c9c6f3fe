//! [`Host`]: the hosts that are known, by name.

use std::fmt;

use serde::Serialize;
use strum::VariantArray;

/// A host that is known. JSON has it in kebab case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, VariantArray)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "each has its name in its profile")]
pub(crate) enum Host {
    Nginx,
    #[serde(rename = "openresty")]
    OpenResty,
    IngressNginx,
    Kong,
    #[serde(rename = "apisix")]
    ApiSix,
    Apache,
    Caddy,
    Haproxy,
    Traefik,
    /// A program with Go's HTTP server, such as Traefik, which has no words of its own for a bad request.
    Go,
    Envoy,
    Istio,
    Lighttpd,
    #[serde(rename = "h2o")]
    H2o,
    Nghttpx,
    Varnish,
    Squid,
    TrafficServer,
    /// IIS, as a reverse proxy or with a module that does not show.
    Iis,
    /// Application Request Routing.
    Arr,
    Iisnode,
    #[serde(rename = "httpplatform")]
    HttpPlatform,
    #[serde(rename = "aspnetcore")]
    AspNetCore,
    /// Azure App Service.
    Azure,
    /// A program with the HTTP server of Node.js, such as one with http-proxy, which has no words of its own.
    #[serde(rename = "nodejs")]
    Node,
    HttpProxyMiddleware,
    Express,
    Fastify,
    Vite,
    WebpackDevServer,
    #[serde(rename = "nextjs")]
    NextJs,
    Mitmproxy,
    Uvicorn,
    Gunicorn,
    Werkzeug,
    Hypercorn,
    Daphne,
    Cloudflare,
    #[serde(rename = "cloudfront")]
    CloudFront,
    Fastly,
    FrontDoor,
    AwsAlb,
    ApplicationGateway,
    GoogleLoadBalancer,
    Fly,
    Heroku,
    Vercel,
    Render,
    Railway,
    Ngrok,
}

impl Host {
    /// Whether it is IIS, or one of its modules.
    pub(crate) fn is_iis(self) -> bool {
        matches!(
            self,
            Self::Iis | Self::Arr | Self::Iisnode | Self::HttpPlatform | Self::AspNetCore | Self::Azure
        )
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.profile().name)
    }
}
