// Draws the map of a page from the data beside its list, which says the same in words. The list is what counts:
// without this file the page loses a picture and nothing else.
const WIDTH = 178; // px of a node
const HEIGHT = 38;
const GAP = 10; // between nodes
const RANKS = 40; // between columns
const NAME = 23; // characters of a name
const READABLE = 0.75; // A picture smaller than this shows its beginning instead of everything.
const ANEW = 0.5; // share of new nodes from which everything is arranged again
const GLYPHS = ["ok", "warn", "crit", "prog", "off", "sleep", "unk"];
const URGENT = ["", "prog", "warn", "crit"]; // the last stand first
const SHARED = new Set(["reads", "runsOn"]); // what may be used by many

const panel = document.querySelector("#drawing");
const canvas = panel.querySelector(".o-canvas");
const probe = document.createElement("span");
let images = {}; // glyph -> its shapes in the sprite
let cy = null;
let shown = ""; // the data that is drawn

function data() {
  return document.getElementById("map-data")?.textContent || "";
}

// --- looks: everything comes from the variables of the style sheet

function colour(name) {
  probe.style.color = `var(--o-${name})`;
  return getComputedStyle(probe).color;
}

async function readGlyphs() {
  const answer = await fetch(panel.dataset.sprite);
  const sprite = new DOMParser().parseFromString(await answer.text(), "image/svg+xml");
  for (const glyph of GLYPHS) images[glyph] = sprite.getElementById(`s-${glyph}`)?.innerHTML || "";
}

function image(glyph) {
  const shapes = images[glyph].replaceAll("var(--o-surface)", colour("surface"));
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="14" height="14" viewBox="0 0 14 14" color="${colour(`${glyph === "unk" ? "off" : glyph}-dot`)}">${shapes}</svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}

function looks() {
  const font = getComputedStyle(document.body).fontFamily;
  const node = {
    shape: "round-rectangle", width: WIDTH, height: HEIGHT, "corner-radius": 6,
    "background-color": colour("surface"), "border-width": 1, "border-color": colour("line-2"),
    label: "data(label)", "text-wrap": "wrap", "text-justification": "left", "text-max-width": WIDTH,
    "text-valign": "center", "text-halign": "right", "text-margin-x": 30 - WIDTH, "line-height": 1.35,
    "font-family": font, "font-size": 11, color: colour("text"), "min-zoomed-font-size": 5,
  };
  const edge = {
    width: 1.2, "line-color": colour("off-dot"), opacity: 0.7, "curve-style": "bezier", "target-arrow-shape": "triangle",
    "target-arrow-color": colour("off-dot"), "arrow-scale": 0.7,
  };
  const near = { "line-color": colour("accent"), "target-arrow-color": colour("accent"), width: 1.6, opacity: 1, "z-index": 9 };
  return [
    { selector: "node", style: node },
    ...GLYPHS.map((glyph) => ({
      selector: `node[glyph="${glyph}"]`,
      style: { "background-image": image(glyph), "background-width": 14, "background-height": 14, "background-position-x": 9, "background-position-y": "50%" },
    })),
    { selector: 'node[glyph="crit"]', style: { "border-color": colour("crit-dot"), "background-color": colour("crit-bg") } },
    { selector: 'node[glyph="warn"]', style: { "border-color": colour("warn-dot"), "background-color": colour("warn-bg") } },
    { selector: "edge", style: edge },
    { selector: 'edge[relation="reads"], edge[relation="runsOn"]', style: { "line-style": "dashed", opacity: 0.35 } },
    { selector: ".near", style: near },
    { selector: "node.at", style: { "border-color": colour("accent"), "border-width": 2 } },
  ];
}

// --- where nodes stand

const shortened = (name) => (name.length > NAME ? `${name.slice(0, 14)}…${name.slice(-8)}` : name);

// Groups of nodes that belong together. What many of them use (settings, a node) ties none of them together.
function islands(nodes, edges) {
  const near = new Map(nodes.map((node) => [node.id, []]));
  const loose = edges.filter(([, , relation]) => SHARED.has(relation));
  for (const [source, target, relation] of edges) {
    if (SHARED.has(relation)) continue;
    near.get(source).push(target);
    near.get(target).push(source);
  }
  const home = new Map();
  const found = [];
  for (const { id } of nodes) {
    if (home.has(id)) continue;
    const island = [id];
    home.set(id, island);
    for (let at = 0; at < island.length; at += 1) {
      for (const next of near.get(island[at])) if (!home.has(next)) home.set(next, island) && island.push(next);
    }
    found.push(island);
  }
  return adopted(found, loose, home);
}

// What only one island uses belongs to it; the rest of what is used stands apart.
function adopted(found, loose, home) {
  const users = new Map();
  for (const [source, target] of loose) users.set(target, (users.get(target) || new Set()).add(home.get(source)));
  const shared = [];
  for (const [id, islands] of users) {
    if (home.get(id).length > 1) continue;
    const island = [...islands][0];
    home.get(id).length = 0;
    if (islands.size > 1) shared.push(id);
    else island.push(id);
  }
  return { found: found.filter((island) => island.length), shared };
}

// An autoscaler stands above what it scales, so it takes no part in the layout: its target is made taller.
function scalers(nodes, edges) {
  const kinds = new Map(nodes.map((node) => [node.id, node.kind]));
  const above = new Map();
  for (const [source, target, relation] of edges) {
    if (relation === "scales" && kinds.get(source) === "HorizontalPodAutoscaler") {
      above.set(target, [...(above.get(target) || []), source]);
    }
  }
  return above;
}

function arrangeIsland(island, edges, above) {
  const graph = new dagre.graphlib.Graph();
  graph.setGraph({ rankdir: "LR", nodesep: GAP, ranksep: RANKS, ranker: "tight-tree" });
  graph.setDefaultEdgeLabel(() => ({}));
  const lifted = new Set(island.flatMap((id) => above.get(id) || []));
  const inside = new Set(island.filter((id) => !lifted.has(id)));
  for (const id of inside) {
    const tall = HEIGHT + (above.get(id)?.length || 0) * (HEIGHT + GAP);
    graph.setNode(id, { width: WIDTH, height: tall });
  }
  for (const [source, target, relation] of edges) {
    if (!inside.has(source) || !inside.has(target)) continue;
    if (relation === "reads") graph.setEdge(target, source); // Settings stand left of who reads them.
    else graph.setEdge(source, target);
  }
  dagre.layout(graph);
  const places = new Map();
  for (const id of inside) {
    const { x, y, height } = graph.node(id);
    const low = y + (height - HEIGHT) / 2;
    places.set(id, { x, y: low });
    (above.get(id) || []).forEach((each, at) => places.set(each, { x, y: low - (at + 1) * (HEIGHT + GAP) }));
  }
  const { width, height } = graph.graph();
  return { places, width, height };
}

// Islands stand in rows, as words in a text: what is broken first, then the large ones. Shared settings are a
// column at their left, and shared nodes one at their right.
function arrange(nodes, edges) {
  const above = scalers(nodes, edges);
  const { found, shared } = islands(nodes, edges);
  const worst = new Map(nodes.map(({ id, glyph }) => [id, URGENT.indexOf(glyph)]));
  const urgency = (island) => Math.max(...island.map((id) => worst.get(id)));
  found.sort((one, other) => urgency(other) - urgency(one) || other.length - one.length);
  const at = new Map(found.flatMap((island, number) => island.map((id) => [id, number])));
  const lines = found.map(() => []);
  for (const edge of edges) if (at.has(edge[0]) && at.get(edge[0]) === at.get(edge[1])) lines[at.get(edge[0])].push(edge);
  const parts = found.map((island, number) => arrangeIsland(island, lines[number], above));
  const { places, width } = inRows(parts);
  const kinds = new Map(nodes.map((node) => [node.id, node.kind]));
  let [left, right] = [0, 0];
  for (const id of shared) {
    const isNode = kinds.get(id).startsWith("Node");
    const row = isNode ? right++ : left++;
    places.set(id, { x: isNode ? width + 2 * RANKS + WIDTH / 2 : -2 * RANKS - WIDTH / 2, y: HEIGHT / 2 + row * (HEIGHT + GAP) });
  }
  return places;
}

function inRows(parts) {
  const area = parts.reduce((sum, { width, height }) => sum + (width + RANKS) * (height + 3 * GAP), 0);
  const aspect = Math.max(0.6, canvas.clientWidth / Math.max(1, canvas.clientHeight));
  const row = Math.max(Math.sqrt(area * aspect), ...parts.map(({ width }) => width));
  const places = new Map();
  let [left, top, tallest, width] = [0, 0, 0, 0];
  for (const part of parts) {
    if (left > 0 && left + part.width > row) [left, top, tallest] = [0, top + tallest + 3 * GAP, 0];
    for (const [id, { x, y }] of part.places) places.set(id, { x: left + x, y: top + y });
    width = Math.max(width, left + part.width);
    left += part.width + RANKS;
    tallest = Math.max(tallest, part.height);
  }
  return { places, width };
}

// What was there stays where it was; what is new comes beside what it is connected with, where there is room.
function settled(nodes, edges, old) {
  const fresh = arrange(nodes, edges);
  const added = nodes.filter((node) => !old.has(node.id));
  if (!old.size || added.length > nodes.length * ANEW) return fresh;
  const places = new Map(nodes.filter((node) => old.has(node.id)).map((node) => [node.id, old.get(node.id)]));
  const neighbours = new Map();
  for (const [source, target] of edges) {
    neighbours.set(source, [...(neighbours.get(source) || []), target]);
    neighbours.set(target, [...(neighbours.get(target) || []), source]);
  }
  const taken = new Set([...places.values()].map(cell));
  for (const { id } of added) {
    const anchor = (neighbours.get(id) || []).find((each) => places.has(each));
    const place = { ...fresh.get(id) };
    if (anchor) {
      place.x += places.get(anchor).x - fresh.get(anchor).x;
      place.y += places.get(anchor).y - fresh.get(anchor).y;
    }
    while (taken.has(cell(place))) place.y += HEIGHT + GAP;
    taken.add(cell(place));
    places.set(id, place);
  }
  return places;
}

const cell = ({ x, y }) => `${Math.round(x / WIDTH)} ${Math.round(y / (HEIGHT + GAP))}`;

// --- the drawing

function elements({ nodes, edges }, places) {
  return [
    ...nodes.map((node) => ({
      group: "nodes",
      data: { ...node, label: `${shortened(node.name)}\n${node.note}` },
      position: { ...places.get(node.id) },
    })),
    ...edges.map(([source, target, relation]) => ({
      group: "edges",
      data: { id: `${source} ${relation} ${target}`, source, target, relation },
    })),
  ];
}

function fit() {
  cy.fit(undefined, 16);
  if (cy.zoom() > 1) {
    cy.zoom(1);
    cy.center();
  }
}

// All of it if that can be read, else its beginning: there stands what is broken.
function look() {
  fit();
  if (cy.zoom() >= READABLE) return;
  const { x1, y1 } = cy.elements().boundingBox();
  cy.zoom(READABLE);
  cy.pan({ x: 16 - x1 * READABLE, y: 16 - y1 * READABLE });
}

function begin(found) {
  panel.hidden = false;
  canvas.append(probe);
  cy = cytoscape({
    container: canvas, style: looks(), layout: { name: "preset" }, minZoom: 0.1, maxZoom: 2,
    boxSelectionEnabled: false, autounselectify: true, autoungrabify: true,
    elements: elements(found, arrange(found.nodes, found.edges)),
  });
  cy.on("tap", "node", (event) => location.assign(event.target.data("href")));
  cy.on("mouseover", "node", (event) => point(event.target.id()));
  cy.on("mouseout", "node", () => point(null));
  look();
}

function change(found) {
  const old = new Map(cy.nodes().map((node) => [node.id(), { ...node.position() }]));
  const places = settled(found.nodes, found.edges, old);
  const wanted = new Map(elements(found, places).map((each) => [each.data.id, each]));
  const anew = found.nodes.some(({ id }) => old.has(id) && places.get(id) !== old.get(id)) || !found.nodes.some(({ id }) => old.has(id));
  cy.batch(() => {
    cy.elements().filter((each) => !wanted.has(each.id())).remove();
    for (const [id, each] of wanted) {
      const known = cy.getElementById(id);
      if (known.empty()) cy.add(each);
      else known.data(each.data);
      if (each.position) cy.getElementById(id).position(each.position);
    }
  });
  if (anew) look();
}

function draw() {
  const text = data();
  if (text === shown) return;
  shown = text;
  const found = text ? JSON.parse(text) : { nodes: [], edges: [] };
  panel.hidden = !found.nodes.length;
  if (panel.hidden) return;
  if (cy) cy.resize() && change(found);
  else begin(found);
  panel.dataset.drawn = Math.round(performance.now()); // ms after the page was asked for
}

function point(id) {
  cy.elements(".near, .at").removeClass("near at");
  const node = id === null ? cy.collection() : cy.getElementById(id);
  node.addClass("at");
  node.connectedEdges().addClass("near");
  canvas.classList.toggle("over", node.nonempty());
}

function repaint() {
  if (cy) cy.style(looks());
}

// --- what people do

panel.addEventListener("click", (event) => {
  const zoom = event.target.closest("[data-zoom]")?.dataset.zoom;
  const middle = { x: canvas.clientWidth / 2, y: canvas.clientHeight / 2 };
  if (zoom) cy.zoom({ level: cy.zoom() * Number(zoom), renderedPosition: middle });
  if (event.target.closest("[data-fit]")) fit();
  if (event.target.closest("[data-arrange]")) {
    const { nodes, edges } = JSON.parse(shown);
    const places = arrange(nodes, edges);
    cy.nodes().positions((node) => places.get(node.id()));
    look();
  }
});

// The wheel scrolls the page; with Ctrl it zooms.
panel.addEventListener("wheel", (event) => event.ctrlKey || event.metaKey || event.stopPropagation(), { capture: true, passive: true });

for (const type of ["mouseover", "focusin"]) {
  document.addEventListener(type, (event) => {
    const row = event.target.closest?.("#map tbody tr");
    if (row && cy) point(row.dataset.node);
  });
}

document.addEventListener("htmx:afterSettle", draw);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
new MutationObserver(repaint).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
await readGlyphs();
draw();
