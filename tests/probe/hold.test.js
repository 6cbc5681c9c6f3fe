// Limits on time, on real proxies and on stand-ins: each is named for what it is, silence, the client's silence, or age, and
// measured.

import assert from "node:assert/strict";

import { startDante } from "../support/dante.js";
import { TEXT } from "../support/frames.js";
import { Proxy } from "../support/proxies.js";
import { cut, cutSilence, expectLimits, onEvents, onFrames, onTunnel } from "./limits.js";
import { PACE, startHost, together } from "./support.js";

const root = await startDante([...PACE]);
const prefixed = await startDante([...PACE, "--prefix", "/dante"]);
/** The engine pings so often that lost pings show soon. */
const pinging = await startDante([...PACE, "--polling-duration", "2"]);

const host = (spoil, { port } = root) => startHost(port, spoil);

/** The page behind a proxy whose recipe was changed. */
async function behind(name, changes) {
  const edit = (text) =>
    changes.reduce((edited, [from, to]) => {
      assert.ok(edited.includes(from), `the recipe for ${name} has no ${from}`);
      return edited.replace(from, to);
    }, text);
  const args = ["--prefix", "/dante", "--upstream", `127.0.0.1:${prefixed.port}`];
  return `${await new Proxy(name).start(args, { edit })}/dante/`;
}

const isPoll = ({ url, method }) =>
  method === "GET" && url.includes("transport=polling") && url.includes("sid=");

const AT_HOLD = {
  idle: "degraded idle-cut at hold",
  age: "degraded age-cut at hold",
};

together("a hold behind a proxy", {
  async "nginx with proxy_read_timeout"() {
    const url = await behind("nginx", [["proxy_read_timeout 10m;", "proxy_read_timeout 3s;"]]);
    const document = await expectLimits(url, ["--hold", "6s"], {
      [AT_HOLD.idle]: 3,
    });
    for (const transport of ["socket.io over websocket", "socket.io over polling", "sse"]) {
      assert.ok(document.verdicts[0].evidence.includes(transport), document.verdicts[0].evidence);
    }
    assert.match(document.verdicts[0].evidence, /504/);
  },
  async "HAProxy with timeout tunnel"() {
    const url = await behind("haproxy", [["timeout tunnel 10m", "timeout tunnel 4s"]]);
    const document = await expectLimits(url, ["--hold", "7s"], {
      [AT_HOLD.idle]: 4,
    });
    assert.doesNotMatch(document.verdicts[0].evidence, /sse|polling/);
  },
  async "HAProxy with timeout server"() {
    const url = await behind("haproxy", [["timeout server 10m", "timeout server 3s"]]);
    const document = await expectLimits(url, ["--hold", "6s"], {
      [AT_HOLD.idle]: 3,
    });
    assert.match(document.verdicts[0].evidence, /sse/);
  },
  async "Apache with ProxyTimeout"() {
    const url = await behind("apache", [["ProxyTimeout 600", "ProxyTimeout 4"]]);
    await expectLimits(url, ["--hold", "8s"], { [AT_HOLD.idle]: 4 });
  },
  async "Caddy with read_timeout"() {
    const to = `reverse_proxy 127.0.0.1:${prefixed.port} {`;
    const url = await behind("caddy", [[to, `${to}\ntransport http {\nread_timeout 3s\n}`]]);
    await expectLimits(url, ["--hold", "6s"], { [AT_HOLD.idle]: 3 });
  },
});

together("a hold behind a host", {
  async "that lets an event stream live for so long"() {
    const url = await host(
      onEvents((from, response) => {
        from.pipe(response);
        const timer = setTimeout(() => response.destroy(), 5000);
        response.once("close", () => clearTimeout(timer));
      }),
    );
    const document = await expectLimits(url, ["--hold", "9s"], {
      [AT_HOLD.age]: 5,
    });
    assert.doesNotMatch(document.verdicts[0].evidence, /websocket|polling/);
  },
  async "that lets a WebSocket live for so long"() {
    const url = await host(
      onTunnel((client, upstream) => {
        const timer = setTimeout(() => cut(client, upstream), 5000);
        client.once("close", () => clearTimeout(timer));
      }),
    );
    await expectLimits(url, ["--hold", "9s"], { [AT_HOLD.age]: 5 });
  },
  async "that wants to hear the client"() {
    const url = await host(
      onTunnel((client, upstream) => {
        cutSilence(5000, [client], () => cut(client, upstream));
      }),
    );
    const document = await expectLimits(url, ["--hold", "9s"], {
      [AT_HOLD.idle]: 5,
    });
    assert.match(document.verdicts[0].evidence, /client said nothing, although the server spoke/);
  },
  async "that wants to hear either"() {
    const url = await host(
      onTunnel((client, upstream) => {
        cutSilence(5000, [client, upstream], () => cut(client, upstream));
      }),
    );
    const document = await expectLimits(url, ["--hold", "9s"], {
      [AT_HOLD.idle]: 5,
    });
    assert.match(document.verdicts[0].evidence, /after [\d.]+ s of silence/);
  },
  async "that answers polls with 504 when they wait"() {
    const url = await host({
      answer(request, response) {
        if (!isPoll(request)) return false;
        setTimeout(() => {
          if (!response.headersSent) {
            response.writeHead(504).end("<h1>504 Gateway Time-out</h1>");
          }
        }, 4000).unref();
        return false;
      },
    });
    const document = await expectLimits(url, ["--hold", "7s"], {
      [AT_HOLD.idle]: 4,
    });
    assert.match(document.verdicts[0].evidence, /polling \(the poll was answered 504\)/);
  },
  async "that loses the engine's pings"() {
    const url = await host(
      onFrames(({ opcode, payload, bytes }, client) => {
        if (!(opcode === TEXT && payload.toString() === "2")) {
          client.write(bytes);
        }
      }),
      pinging,
    );
    await expectLimits(url, ["--hold", "6s"], {
      "degraded pings-lost at hold": /pings did not come/,
    });
  },
  async "that cuts silence without a word, by itself"() {
    const url = await host(
      onTunnel((client, upstream) => {
        cutSilence(3000, [upstream], () => upstream.unpipe(client).resume());
      }),
    );
    await expectLimits(url, ["--hold", "auto:8s", "--transports", "websocket"], {
      [AT_HOLD.idle]: /between 2.0 and 4.0 s/,
    });
  },
  async "that cuts silence, by itself and no longer than it needs"() {
    const url = await host(
      onTunnel((client, upstream) => {
        cutSilence(3000, [client, upstream], () => cut(client, upstream));
      }),
    );
    const document = await expectLimits(url, ["--hold", "auto", "--transports", "websocket"], {
      [AT_HOLD.idle]: 3,
    });
    assert.ok(document.ms < 30_000, `${document.ms} ms`);
  },
  async "that has no limit"() {
    await expectLimits(root.origin, ["--hold", "4s"], {});
    await expectLimits(root.origin, ["--hold", "auto:8s"], {});
  },
});
