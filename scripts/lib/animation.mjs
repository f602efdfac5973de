// Draws frames of a terminal as one SVG that moves by CSS alone. What stays the same over several frames is drawn once.

const CELL = { width: 8.4, height: 19 };
const PADDING = 16;
const BAR = 30;
const HOLD = 2500;
const [INK, PAPER] = ['#d8dee9', '#1b1f2a'];

/** `frames` as a Terminal gives them; the film lasts until the last one and holds it for a moment. */
export function animate(frames, { columns, rows, title }) {
  const length = (frames.at(-1)?.at ?? 0) + HOLD;
  const width = Math.ceil(columns * CELL.width + 2 * PADDING);
  const height = Math.ceil(rows * CELL.height + PADDING + BAR + PADDING / 2);
  const parts = [
    ...Array.from({ length: rows }, (_, row) =>
      spans(frames, (frame) => drawLine(frame.lines[row] ?? [], row)),
    ),
    spans(frames, ({ cursor }) => (cursor ? drawCursor(cursor) : '')),
  ].flat();
  const percent = (at) => `${((at / length) * 100).toFixed(2)}%`;
  const rules = parts.map(({ from, to }, i) => {
    const before = from === 0 ? '' : '0%{opacity:0}';
    const after = to === undefined ? '' : `${percent(to)}{opacity:0}`;
    return `@keyframes k${i}{${before}${percent(from)}{opacity:1}${after}}.k${i}{animation-name:k${i}}`;
  });
  const still = parts.flatMap(({ to }, i) => (to === undefined ? [`.k${i}`] : []));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escapeXml(title)}">`,
    '<style>',
    `text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:${INK};white-space:pre}`,
    `.s{opacity:0;animation:${(length / 1000).toFixed(2)}s step-end infinite}`,
    ...rules,
    `@media (prefers-reduced-motion:reduce){.s{animation:none}${still.join()}{opacity:1}}`,
    '</style>',
    `<rect width="${width}" height="${height}" rx="9" fill="${PAPER}"/>`,
    ...['#ff5f57', '#febc2e', '#28c840'].map(
      (color, i) => `<circle cx="${18 + i * 19}" cy="16" r="5.5" fill="${color}"/>`,
    ),
    ...parts.map(({ drawing }, i) => `<g class="s k${i}">${drawing}</g>`),
    '</svg>',
    '',
  ].join('\n');
}

/** The times `{from, to, drawing}` for which something was drawn unchanged; `to` is undefined at the film's end. */
function spans(frames, draw) {
  const found = [];
  for (const frame of frames) {
    const drawing = draw(frame);
    const last = found.at(-1);
    if (last?.drawing === drawing) continue;
    const at = found.length === 0 ? 0 : frame.at;
    if (last) last.to = at;
    found.push({ from: at, to: undefined, drawing });
  }
  return found.filter(({ drawing }) => drawing !== '');
}

const left = (column) => (PADDING + column * CELL.width).toFixed(1);
const top = (row) => BAR + row * CELL.height;

function drawLine(runs, row) {
  return runs.map((run) => drawRun(run, row)).join('');
}

function drawRun({ column, text, style }, row) {
  const [ink, paper] = style.inverse
    ? [style.background ?? PAPER, style.color ?? INK]
    : [style.color, style.background];
  const width = ([...text].length * CELL.width).toFixed(1);
  const ground =
    paper === undefined
      ? ''
      : `<rect x="${left(column)}" y="${top(row)}" width="${width}" height="${CELL.height}" fill="${paper}"/>`;
  const word = text.trim();
  if (word === '') return ground;
  const x = left(column + text.indexOf(word));
  const length = ([...word].length * CELL.width).toFixed(1);
  const looks = [
    ink === undefined ? '' : ` fill="${ink}"`,
    style.bold ? ' font-weight="bold"' : '',
    style.italic ? ' font-style="italic"' : '',
    style.underline ? ' text-decoration="underline"' : '',
    style.dim ? ' opacity=".6"' : '',
  ].join('');
  // The length is fixed, so that columns stay columns in whatever font the reader has; plain spaces would collapse.
  return `${ground}<text x="${x}" y="${top(row) + 14}" textLength="${length}" lengthAdjust="spacingAndGlyphs"${inkStyle(looks)}>${escapeXml(word.replaceAll(' ', '\u00a0'))}</text>`;
}

/** A `fill` attribute loses against the style sheet; a style of its own wins. */
const inkStyle = (looks) => looks.replace(/ fill="([^"]+)"/, ' style="fill:$1"');

const drawCursor = ({ x, y }) =>
  `<rect x="${left(x)}" y="${top(y) + 1}" width="${CELL.width}" height="${CELL.height - 2}" fill="${INK}" opacity=".55"/>`;

const escapeXml = (text) =>
  text.replace(/[&<>"]/g, (letter) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[letter]);
