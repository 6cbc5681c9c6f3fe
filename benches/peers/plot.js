// docs/performance.svg: how cost grows with readers. It is read in light and in dark, as the reader's system asks for.

const WIDTH = 1080;
const HEIGHT = 330;
const PANEL = { width: WIDTH / 3, left: 40, right: 92, top: 52, bottom: 44 };

/** Lines and names closer than this would touch. */
const LABEL_GAP = 15;

// Okabe and Ito's colours, which most eyes tell apart; lighter ones on dark.
const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #333 }
  .title { font-weight: 600; font-size: 13px }
  .grid { stroke: #ddd }
  .line { fill: none; stroke-width: 2 }
  .a { --tone: #d55e00 } .b { --tone: #0072b2 } .c { --tone: #00815f } .d { --tone: #777 }
  .line { stroke: var(--tone) } circle { fill: var(--tone) } .name { fill: var(--tone) }
  @media (prefers-color-scheme: dark) {
    text { fill: #ccc } .grid { stroke: #3a3a3a }
    .a { --tone: #ff8f4d } .b { --tone: #5cb8f0 } .c { --tone: #2fc99c } .d { --tone: #a5a5a5 }
  }`;

/** The plot of a summary. */
export function plot(summary) {
  const line = (tone, name, server, field) => ({
    tone,
    name,
    points: summary.sizes
      .map((size) => [size, summary.value(server, size, field)])
      .filter(([, y]) => y !== undefined),
  });
  const socketio = (field) => [
    line("a", "Dante", "dante", field),
    line("b", "Bun", "bun", field),
    line("c", "Node.js", "node", field),
    line("d", "the floor", "floor", field),
  ];
  const panels = [
    { title: "Socket.IO: CPU for each stanza, µs", lines: socketio("cpu") },
    { title: "Socket.IO: lateness p99, ms", lines: socketio("latenessP99") },
    { title: "Socket.IO: memory for each reader, KiB", lines: socketio("kib") },
  ];
  const drawn = panels.map(
    (panel, place) => `<g transform="translate(${place * PANEL.width} 0)">${draw(panel, summary.sizes)}</g>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img">
<title>How cost and lateness grow with the number of readers</title>
<style>${STYLE}
</style>
${drawn.join("\n")}
</svg>
`;
}

/** One panel: a grid, an axis of sizes whose steps are equal factors, and a line for each server. */
function draw({ title, lines }, sizes) {
  const drawn = lines.filter(({ points }) => points.length > 0);
  const most = roundUp(Math.max(1, ...drawn.flatMap(({ points }) => points.map(([, y]) => y))));
  const [least, largest] = [Math.log(sizes[0]), Math.log(sizes.at(-1))];
  const inner = { width: PANEL.width - PANEL.left - PANEL.right, height: HEIGHT - PANEL.top - PANEL.bottom };
  const x = (size) => PANEL.left + (inner.width * (Math.log(size) - least)) / (largest - least || 1);
  const y = (value) => PANEL.top + inner.height * (1 - value / most);
  const right = PANEL.left + inner.width;

  const parts = [text(PANEL.left - 24, 24, title, 'class="title"')];
  for (const value of [0, 0.25, 0.5, 0.75, 1].map((share) => share * most)) {
    parts.push(`<path class="grid" d="M${PANEL.left} ${at(y(value))}H${at(right)}"/>`);
    parts.push(text(PANEL.left - 6, y(value) + 4, Number(value.toPrecision(3)), 'text-anchor="end"'));
  }
  for (const size of sizes) parts.push(text(x(size), HEIGHT - 22, short(size), 'text-anchor="middle"'));
  parts.push(text(PANEL.left + inner.width / 2, HEIGHT - 5, "readers", 'text-anchor="middle"'));

  const places = apart(drawn.map(({ points }) => y(points.at(-1)[1])));
  for (const [index, { tone, name, points }] of drawn.entries()) {
    const dots = points.map(([size, value]) => [at(x(size)), at(y(value))]);
    const path = dots.map((dot) => dot.join(" ")).join("L");
    const marks = dots.map(([cx, cy]) => `<circle cx="${cx}" cy="${cy}" r="3"/>`).join("");
    parts.push(
      `<g class="${tone}"><path class="line" d="M${path}"/>${marks}${text(x(points.at(-1)[0]) + 9, places[index] + 4, name, 'class="name"')}</g>`,
    );
  }
  return parts.join("\n");
}

/** Moves places apart as far as names need, and keeps their order. */
function apart(places) {
  const order = places.map((_, index) => index).toSorted((a, b) => places[a] - places[b]);
  const moved = [...places];
  for (const [rank, index] of order.entries()) {
    if (rank > 0) moved[index] = Math.max(moved[index], moved[order[rank - 1]] + LABEL_GAP);
  }
  return moved;
}

/** The next of 1, 2, 4, 8, 10, 20, … whose quarters are short numbers, too. */
function roundUp(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 4, 6, 8, 10].map((step) => step * power).find((step) => step >= value);
}

const short = (size) => (size >= 1000 ? `${size / 1000}k` : String(size));
const at = (number) => Number(number.toFixed(1));
const text = (x, y, content, attributes) => `<text x="${at(x)}" y="${at(y)}" ${attributes}>${content}</text>`;
