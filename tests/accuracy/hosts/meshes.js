// Proxies of clusters: Envoy and Traefik.

import { writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { connect } from "node:tls";

import { launch } from "../../support/programs.js";
import { CHAIN, KEY_FILE } from "./tls.js";
import { origin, packaged, wheel } from "./programs.js";

const TYPE = "type.googleapis.com/envoy.extensions";
export const UPGRADES = "upgrade_configs: [{ upgrade_type: websocket }]";

/** An HTTP filter of Envoy's, with its settings as JSON. */
export const filter = (name, type, settings = {}) =>
  JSON.stringify({
    name: `envoy.filters.http.${name}`,
    typed_config: { "@type": `${TYPE}.filters.http.${type}`, ...settings },
  });

/**
 * Starts Envoy before ports.
 * @param {number[]} to where the cluster's endpoints are
 * @param {{manager?: string, route?: string, answer?: string, rest?: string, match?: string, filters?: string[], cluster?: string, tls?: boolean, protocols?: string}} more lines of
 *   each place, as YAML of one line
 * @returns {Promise<string>} its origin
 */
export async function envoy(to, more = {}) {
  const { manager = UPGRADES, route = "timeout: 0s", match = 'prefix: "/dante/"' } = more;
  const {
    answer = `route: { cluster: dante, ${route} }`,
    rest = "",
    filters = [],
    cluster = "",
    tls = false,
    protocols = "[h2, http/1.1]",
  } = more;
  const socket = `
    transport_socket:
      name: envoy.transport_sockets.tls
      typed_config:
        "@type": ${TYPE}.transport_sockets.tls.v3.DownstreamTlsContext
        common_tls_context:
          alpn_protocols: ${protocols}
          tls_certificates: [{ certificate_chain: { filename: ${CHAIN} }, private_key: { filename: ${KEY_FILE} } }]`;
  const ends = to.map(
    (port) => `{ endpoint: { address: { socket_address: { address: 127.0.0.1, port_value: ${port} } } } }`,
  );
  const port = await launch(packaged("envoy/_bin/envoy"), (folder, free) => {
    const config = `
static_resources:
  listeners:
  - address: { socket_address: { address: 127.0.0.1, port_value: ${free} } }
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": ${TYPE}.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: front
          ${manager}
          http_filters:
${[...filters, filter("router", "router.v3.Router")].map((one) => `          - ${one}`).join("\n")}
          route_config:
            virtual_hosts:
            - name: all
              domains: ["*"]
              routes:
              - { match: { ${match} }, ${answer}, ${rest} }
${tls ? socket.replaceAll("\n", "\n  ") : ""}
  clusters:
  - name: dante
    connect_timeout: 2s
    ${cluster}
    load_assignment:
      cluster_name: dante
      endpoints: [{ lb_endpoints: [${ends.join(", ")}] }]
`;
    writeFileSync(`${folder}/envoy.yaml`, config);
    const args = ["--disable-hot-restart", "--concurrency", "1", "-l", "warn", "-c", `${folder}/envoy.yaml`];
    return { args };
  });
  return origin(port, tls ? "https" : "http");
}

/** Waits until Traefik has read its routes, which it does after it listens: until then it answers 404 in plain text. */
async function routed(url) {
  for (;;) {
    const answer = await fetch(url, { redirect: "manual" }).catch(() => null);
    const text = await answer?.text();
    if (!answer || answer.status !== 404 || text !== "404 page not found\n") return;
    await delay(50);
  }
}

/** Waits until Traefik shows the certificate that it was given: until it has read that, it shows one of its own. */
async function certified(port) {
  for (;;) {
    const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false });
    const name = await new Promise((resolve) => {
      socket.once("secureConnect", () => resolve(socket.getPeerCertificate().subject.CN));
      socket.once("error", () => resolve(null));
    });
    socket.destroy();
    if (name === "leaf") return;
    await delay(50);
  }
}

/**
 * Starts Traefik before ports.
 * @param {number[]} to
 * @param {{rule?: string, middleware?: object, url?: string, tls?: string, service?: object, args?: string[]}} more a rule in its own words; one
 *   middleware, and more settings of the load balancer, as JSON
 * @returns {Promise<string>} its origin
 */
export async function traefik(to, more = {}) {
  const { rule = "PathPrefix(`/dante`)", middleware, tls, service = {}, args = [], scheme = "http" } = more;
  const router = {
    rule,
    service: "dante",
    entryPoints: ["front"],
    ...(middleware && { middlewares: ["one"] }),
    ...(tls && { tls: {} }),
  };
  const dynamic = {
    http: {
      routers: { dante: router },
      ...(middleware && { middlewares: { one: middleware } }),
      services: {
        dante: {
          loadBalancer: { servers: to.map((port) => ({ url: `${scheme}://127.0.0.1:${port}` })), ...service },
        },
      },
    },
    ...(tls === "own" && { tls: { certificates: [{ certFile: CHAIN, keyFile: KEY_FILE }] } }),
  };
  const port = await launch(wheel("traefik"), (folder, free) => {
    // JSON is YAML.
    writeFileSync(`${folder}/dynamic.yml`, JSON.stringify(dynamic));
    return {
      args: [
        `--entrypoints.front.address=127.0.0.1:${free}`,
        "--log.level=ERROR",
        `--providers.file.filename=${folder}/dynamic.yml`,
        ...args,
      ],
    };
  });
  const place = origin(port, tls ? "https" : "http");
  if (tls === "own") await certified(port);
  else if (tls) await delay(1000);
  else await routed(`${place}/dante/`);
  return place;
}
