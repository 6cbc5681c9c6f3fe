// docs/performance.md: its tables are written here, each between two marks, and people keep the words around them.

import { GOALS, nearness, peersOf } from "./summary.js";

const TRANSPORTS = {
  socketio: "Socket.IO over WebSocket",
  websocket: "plain WebSocket",
  sse: "server-sent events",
  polling: "Socket.IO over long polling",
};

/**
 * Writes all tables into a page.
 * @param {string} page the page as it is
 * @throws {Error} when a mark is missing
 */
export function fill(page, results, summary) {
  const size = results.options["long-size"];
  const parts = {
    taken: taken(results),
    goals: goals(summary),
    figures: figures(summary, size),
    growth: growth(summary),
    calls: calls(summary),
    failures: failures(results, summary),
  };
  return Object.entries(parts).reduce((text, [name, part]) => replace(text, name, part), page);
}

function replace(page, name, part) {
  const [start, end] = [`<!-- measured: ${name} -->`, "<!-- end -->"];
  const from = page.indexOf(start);
  const to = page.indexOf(end, from);
  if (from < 0 || to < 0) {
    throw new Error(`the page has no part between "${start}" and "${end}"; add both lines`);
  }
  return `${page.slice(0, from + start.length)}\n\n${part}\n\n${page.slice(to)}`;
}

function taken({ date, machine, versions, options, minutes }) {
  const programs = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    `- Taken on ${date}, in ${minutes} minutes: ${options.repetitions} ${options.repetitions === 1 ? "repetition" : "repetitions"}, the servers in turn; ` +
      `${options.ramp} readers joined in a second, then ${options.seconds} s of a stanza every ${options.interval} ms` +
      `${options["long-seconds"] ? `, and once ${options["long-seconds"]} s with ${count(options["long-size"])} readers` : ""}.`,
    `- Machine: ${machine.cpu}, ${machine.cores} processors, ${machine.memoryGib} GiB, ${machine.system}.`,
    `- Versions: ${programs.join(", ")}.`,
  ].join("\n");
}

function goals(summary) {
  const rows = GOALS.map(({ what, unit, limit, figure }) => {
    const value = figure(summary);
    return [what, `≤ ${limit} ${unit}`, value === undefined ? "–" : digits(value), nearness(value, limit)];
  });
  return table(["goal", "at most", "measured", ""], rows);
}

/** All servers with so many readers, or with as many as they were measured with. */
function figures(summary, wanted) {
  const rows = summary.servers.map((server) => {
    const sizes = summary.sizes.filter((size) => summary.value(server.name, size, "cpu") !== undefined);
    const size = sizes.includes(wanted) ? wanted : sizes.at(-1);
    const value = (field) => summary.value(server.name, size, field);
    const ratio = (other) => (other ? summary.ratio(server.name, other, size) : undefined);
    const { floor, node, bun } = peersOf(server);
    return [
      ...[server.label, TRANSPORTS[server.transport], count(size)],
      ...[value("cpu"), ratio(floor), ratio(node), ratio(bun)].map(digits),
      digits(summary.memory(server.name, size) ?? value("kib")),
      ...["latenessP50", "latenessP99", "firstP50", "joinP99"].map((field) => digits(value(field))),
    ];
  });
  const columns = [
    "server",
    "transport",
    "readers",
    "µs / stanza",
    "× floor",
    "× Node.js",
    "× Bun",
    "KiB / reader",
  ];
  return table([...columns, "lateness p50, ms", "p99", "first stanza p50, ms", "join p99, ms"], rows);
}

function growth(summary) {
  const part = (title, field) => {
    const rows = summary.servers.map(({ name, label, transport }) => {
      return [
        label,
        TRANSPORTS[transport],
        ...summary.sizes.map((size) => digits(summary.value(name, size, field))),
      ];
    });
    return `${title}:\n\n${table(["server", "transport", ...summary.sizes.map(count)], rows)}`;
  };
  return [
    part("CPU for each stanza, in µs", "cpu"),
    part("Lateness p99, in ms", "latenessP99"),
    part("Memory for each reader, in KiB", "kib"),
  ].join("\n\n");
}

function calls(summary) {
  const rows = summary.servers.flatMap(({ name, label, transport }) => {
    const counted = summary.calls(name);
    if (!counted) return [];
    return [
      [
        label,
        TRANSPORTS[transport],
        count(counted.readers),
        ...["sends", "waits", "all"].map((what) => digits(counted[what])),
      ],
    ];
  });
  if (rows.length === 0) return "They were not counted.";
  return table(["server", "transport", "readers", "sends", "waits", "all"], rows);
}

function failures({ missing }, { failures: runs }) {
  const lacking = missing.map((what) => `- Not measured: ${what}.`);
  if (runs.length === 0) {
    return ["In every run each reader joined and got every stanza once, in order.", ...lacking].join("\n\n");
  }
  const counts = ["joined", "failed", "lost", "repeated", "silent", "cuts"];
  const rows = runs.map((run) => {
    const what = run.error ?? counts.map((name) => `${name} ${run[name]}`).join(", ");
    return [run.server, count(run.readers), String(run.repetition), what];
  });
  return [table(["server", "readers", "repetition", "what"], rows), ...lacking].join("\n\n");
}

const count = (number) => (number === undefined ? "–" : number.toLocaleString("en"));

/** Three digits, and none behind the point where there are more. */
function digits(value) {
  if (!Number.isFinite(value)) return "–";
  return value >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}

function table(columns, rows) {
  const row = (cells) => `| ${cells.join(" | ")} |`;
  return [row(columns), row(columns.map(() => "---")), ...rows.map(row)].join("\n");
}
