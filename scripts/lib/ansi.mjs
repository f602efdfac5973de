// Reads lines as `tmux capture-pane -e` prints them: text with SGR sequences.

const BASIC = [
  '#3b4252',
  '#e06c75',
  '#98c379',
  '#e5c07b',
  '#61afef',
  '#c678dd',
  '#56b6c2',
  '#d8dee9',
  '#6b7489',
  '#ff7b86',
  '#b5e890',
  '#ffd68a',
  '#82c4ff',
  '#dd95f3',
  '#74d4e0',
  '#ffffff',
];

const PLAIN = {
  color: undefined,
  background: undefined,
  bold: false,
  dim: false,
  italic: false,
  underline: false,
  inverse: false,
};

/**
 * Runs of one style in a captured screen: for each line `[{column, text, style}]`, spaces without background at the
 * end left out. Styles go on over line ends, as the terminal's own do.
 */
export function parseScreen(text) {
  let style = PLAIN;
  return text.split('\n').map((line) => {
    const runs = [];
    let column = 0;
    for (const part of pieces(line)) {
      if (part.codes) style = apply(style, part.codes);
      if (part.text !== '') runs.push({ column, text: part.text, style });
      column += [...part.text].length;
    }
    while (runs.length > 0 && isBlank(runs.at(-1))) runs.pop();
    return runs;
  });
}

const ESCAPE = String.fromCharCode(27);
const BELL = String.fromCharCode(7);
const SHIFTS = [String.fromCharCode(14), String.fromCharCode(15)];

/** Text with the SGR codes before it. Other sequences (links, character sets) are left out. */
function pieces(line) {
  const plain = SHIFTS.reduce((rest, shift) => rest.replaceAll(shift, ''), line);
  const [first, ...others] = plain.split(ESCAPE);
  return [
    { text: first },
    ...others.map((part) => {
      const [sequence, codes] = /^\[([\d;:]*)m/.exec(part) ?? [];
      if (sequence !== undefined)
        return { codes: codes.split(/[;:]/).map(Number), text: part.slice(sequence.length) };
      if (part.startsWith(']')) return { text: part.split(BELL)[1] ?? '' };
      return { text: part.slice(part.startsWith('(') ? 2 : 1) };
    }),
  ];
}

const isBlank = (run) => run.text.trim() === '' && run.style.background === undefined && !run.style.inverse;

function apply(style, codes) {
  const next = { ...style };
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i];
    if (code === 0) Object.assign(next, PLAIN);
    else if (code === 1) next.bold = true;
    else if (code === 2) next.dim = true;
    else if (code === 3) next.italic = true;
    else if (code === 4) next.underline = true;
    else if (code === 7) next.inverse = true;
    else if (code === 22) Object.assign(next, { bold: false, dim: false });
    else if (code === 23) next.italic = false;
    else if (code === 24) next.underline = false;
    else if (code === 27) next.inverse = false;
    else if (code >= 30 && code <= 37) next.color = BASIC[code - 30];
    else if (code >= 90 && code <= 97) next.color = BASIC[code - 82];
    else if (code >= 40 && code <= 47) next.background = BASIC[code - 40];
    else if (code >= 100 && code <= 107) next.background = BASIC[code - 92];
    else if (code === 39) next.color = undefined;
    else if (code === 49) next.background = undefined;
    else if (code === 38 || code === 48) {
      const [color, used] = extended(codes.slice(i + 1));
      next[code === 38 ? 'color' : 'background'] = color;
      i += used;
    }
  }
  return next;
}

/** `5;n` of the 256 colours, or `2;r;g;b`; with how many codes it took. */
function extended([kind, ...values]) {
  if (kind === 2) return [hex(values), 4];
  const [n = 0] = values;
  if (n < 16) return [BASIC[n], 2];
  if (n >= 232) return [hex(Array(3).fill(8 + (n - 232) * 10)), 2];
  const level = (value) => (value === 0 ? 0 : 55 + value * 40);
  return [hex([Math.floor((n - 16) / 36), Math.floor((n - 16) / 6) % 6, (n - 16) % 6].map(level)), 2];
}

const hex = (values) =>
  `#${values
    .slice(0, 3)
    .map((value) => value.toString(16).padStart(2, '0'))
    .join('')}`;
