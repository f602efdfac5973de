// Draws the demo clip's picture: a harbour from dusk to dawn. Raw rgb24 frames to standard output.
import { once } from 'node:events';
import { cells } from './font.mjs';

const [WIDTH, HEIGHT, RATE, SECONDS] = [640, 360, 24, 30];
const HORIZON = 226;
const LAMP = { x: 96, y: 112 };

// Sky from top to horizon, sea from horizon to bottom, silhouettes; at these seconds of the clip.
const MOODS = [
  {
    at: 0,
    sky: [
      [58, 46, 110],
      [255, 142, 92],
    ],
    sea: [
      [214, 110, 96],
      [40, 34, 84],
    ],
    land: [38, 26, 58],
  },
  {
    at: 7,
    sky: [
      [28, 26, 78],
      [176, 70, 104],
    ],
    sea: [
      [120, 56, 104],
      [20, 20, 58],
    ],
    land: [24, 18, 46],
  },
  {
    at: 11,
    sky: [
      [8, 12, 38],
      [38, 46, 102],
    ],
    sea: [
      [34, 44, 96],
      [8, 12, 36],
    ],
    land: [10, 10, 28],
  },
  {
    at: 22,
    sky: [
      [8, 12, 38],
      [34, 46, 104],
    ],
    sea: [
      [32, 44, 98],
      [8, 12, 36],
    ],
    land: [10, 10, 28],
  },
  {
    at: 30,
    sky: [
      [44, 96, 158],
      [255, 206, 138],
    ],
    sea: [
      [236, 168, 130],
      [34, 72, 122],
    ],
    land: [28, 36, 66],
  },
];

const clamp = (value) => Math.min(1, Math.max(0, value));
const smooth = (from, to, value) => {
  const x = clamp((value - from) / (to - from));
  return x * x * (3 - 2 * x);
};
const mix = (a, b, share) => a.map((value, i) => value + (b[i] - value) * share);

function moodAt(time) {
  const next = MOODS.findIndex((mood) => mood.at > time);
  if (next < 1) return next === 0 ? MOODS[0] : MOODS[MOODS.length - 1];
  const [a, b] = [MOODS[next - 1], MOODS[next]];
  const share = smooth(a.at, b.at, time);
  return {
    sky: a.sky.map((colour, i) => mix(colour, b.sky[i], share)),
    sea: a.sea.map((colour, i) => mix(colour, b.sea[i], share)),
    land: mix(a.land, b.land, share),
  };
}

/** Colours of a gradient in flat steps: a poster's look, and it encodes without banding of its own. */
const steps = ([from, to], count) => Array.from({ length: count }, (_, i) => mix(from, to, i / (count - 1)));

const TITLE = cells('KINOPORT').map(({ column, row }, i) => ({
  x: 236 + column * 8,
  y: 62 + row * 8,
  phase: (i * 2.399) % 6.283,
}));
const STARS = Array.from({ length: 70 }, (_, i) => ({
  x: (i * 197.3 + 41) % WIDTH,
  y: (i * 83.7 + 13) % (HORIZON - 50),
  phase: (i * 1.7) % 6.283,
}));

const frame = new Uint8Array(WIDTH * HEIGHT * 3);

function blend(x, y, colour, alpha) {
  const column = Math.round(x);
  const row = Math.round(y);
  if (alpha <= 0 || column < 0 || row < 0 || column >= WIDTH || row >= HEIGHT) return;
  const place = (row * WIDTH + column) * 3;
  const share = Math.min(1, alpha);
  for (let i = 0; i < 3; i++) frame[place + i] += (colour[i] - frame[place + i]) * share;
}

/** Calls blend for every pixel of a box with the alpha that `shape` gives. */
function fill(left, top, right, bottom, colour, shape) {
  for (let y = Math.max(0, Math.floor(top)); y <= Math.min(HEIGHT - 1, bottom); y++)
    for (let x = Math.max(0, Math.floor(left)); x <= Math.min(WIDTH - 1, right); x++)
      blend(x, y, colour, shape(x, y));
}

const disc = (x, y, radius, colour) =>
  fill(
    x - radius - 1,
    y - radius - 1,
    x + radius + 1,
    Math.min(HORIZON - 1, y + radius + 1),
    colour,
    (px, py) => clamp(radius + 0.5 - Math.hypot(px - x, py - y)),
  );

function backdrop(mood, time) {
  const sky = steps(mood.sky, 13);
  const sea = steps(mood.sea, 9);
  for (let x = 0; x < WIDTH; x++) {
    const wave = 5 * Math.sin(x / 120 + time * 0.35) + 3 * Math.sin(x / 47 - time * 0.2);
    for (let y = 0; y < HEIGHT; y++) {
      let colour;
      if (y < HORIZON) {
        colour = sky[Math.min(12, Math.max(0, Math.floor(((y + wave) / HORIZON) * 13)))];
      } else {
        const depth = (y - HORIZON) / (HEIGHT - HORIZON);
        const swell = Math.sin(x / (26 + 60 * depth) + time * 1.1 + depth * 9) * (1 + 5 * depth);
        colour = sea[Math.min(8, Math.max(0, Math.floor(Math.sqrt(clamp(depth + swell / 130)) * 9)))];
      }
      const place = (y * WIDTH + x) * 3;
      frame[place] = colour[0];
      frame[place + 1] = colour[1];
      frame[place + 2] = colour[2];
    }
  }
}

function glitter(x, colour, strength, time) {
  for (let y = HORIZON + 2; y < HEIGHT; y += 4) {
    const depth = y - HORIZON;
    const half = (6 + depth * 0.28) * (0.55 + 0.45 * Math.sin(depth * 0.9 + time * 2.2));
    const shift = 4 * Math.sin(depth * 0.21 - time * 1.3);
    fill(x + shift - half, y, x + shift + half, y + 1, colour, () => strength * (1 - depth / 190));
  }
}

function ship(time, colour) {
  const x = -30 + (time / SECONDS) * 640;
  const y = 262 + 1.6 * Math.sin(time * 1.8);
  fill(x - 19, y, x + 19, y + 7, colour, (px, py) => clamp(19 - (py - y) * 1.1 - Math.abs(px - x)));
  fill(x - 1, y - 36, x, y, colour, () => 1);
  const sail = mix(colour, [255, 240, 220], 0.75);
  fill(x + 2, y - 34, x + 20, y - 3, sail, (px, py) => clamp((py - y + 35) * 0.58 - (px - x - 2)));
  fill(x - 14, y - 28, x - 3, y - 3, sail, (px, py) => clamp((py - y + 29) * 0.46 - (x - 3 - px)));
}

function lighthouse(colour, glow) {
  const [pale, red] = [mix(colour, [236, 226, 214], 0.62), mix(colour, [206, 64, 64], 0.7)];
  for (let y = LAMP.y + 8; y < HORIZON; y++) {
    const half = 8 + (y - LAMP.y) * 0.075;
    const stripe = Math.floor((y - LAMP.y - 8) / 19) % 2 === 0 ? pale : red;
    fill(LAMP.x - half - 1, y, LAMP.x + half + 1, y, stripe, (x) => clamp(half + 0.5 - Math.abs(x - LAMP.x)));
  }
  fill(LAMP.x - 12, LAMP.y + 6, LAMP.x + 12, LAMP.y + 8, colour, () => 1);
  fill(
    LAMP.x - 6,
    LAMP.y - 6,
    LAMP.x + 6,
    LAMP.y + 5,
    mix(colour, [255, 244, 190], 0.25 + 0.75 * glow),
    () => 1,
  );
  fill(LAMP.x - 9, LAMP.y - 15, LAMP.x + 9, LAMP.y - 7, red, (x, y) =>
    clamp(y - LAMP.y + 16 - Math.abs(x - LAMP.x)),
  );
}

function land(colour) {
  for (let x = 0; x < WIDTH; x++) {
    const far = 13 + 9 * Math.sin(x / 71 + 2) + 5 * Math.sin(x / 29);
    const rise = far * smooth(330, 470, x);
    const cliff = 44 * (1 - smooth(120, 236, x + 9 * Math.sin(x / 13)));
    fill(x, HORIZON - rise, x, HORIZON, mix(colour, [120, 110, 150], 0.18), () => 1);
    if (cliff > 0.5) fill(x, HORIZON - cliff, x, HORIZON + cliff * 0.35, colour, () => 1);
  }
}

function draw(time) {
  const mood = moodAt(time);
  const night = smooth(6, 11, time) * (1 - smooth(22, 27, time));
  backdrop(mood, time);

  const sun = { x: 470, y: 140 + 15 * time };
  const rising = { x: 470, y: 250 - 18 * (time - 25.5) };
  const moon = { x: 560 - 6 * (time - 9), y: 235 - 76 * smooth(9, 20, time) + 70 * smooth(21, 30, time) };
  if (time < 9) disc(sun.x, sun.y, 30, [255, 226, 150]);
  if (time > 24) disc(rising.x, rising.y, 30, [255, 240, 190]);
  if (night > 0) disc(moon.x, moon.y, 15, mix(mood.sky[1], [232, 236, 255], Math.max(0.2, night)));

  // The lamp's beam; where it passes over the title, the stars of the title light up.
  const angle = -0.17 + 0.3 * Math.sin((time - 8) * 0.62);
  for (const star of STARS) {
    const shine = 0.35 + 0.3 * Math.sin(time * 2 + star.phase);
    blend(star.x, star.y, [220, 226, 255], shine * night);
  }
  const title = smooth(8.5, 12, time) * (1 - smooth(22, 25.5, time));
  if (title > 0)
    for (const star of TITLE) {
      const off = Math.abs(Math.atan2(star.y - LAMP.y, star.x - LAMP.x) - angle);
      const lit = Math.exp(-off * off * 90);
      const radius = 2.2 + 0.9 * lit + 0.3 * Math.sin(time * 3 + star.phase);
      const colour = mix([150, 170, 235], [255, 246, 200], lit);
      fill(
        star.x - 5,
        star.y - 5,
        star.x + 5,
        star.y + 5,
        colour,
        (x, y) => title * (0.55 + 0.45 * lit) * clamp(radius + 0.5 - Math.hypot(x - star.x, y - star.y)),
      );
    }
  if (night > 0)
    fill(LAMP.x, 0, WIDTH - 1, HORIZON - 1, [255, 240, 190], (x, y) => {
      const off = Math.abs(Math.atan2(y - LAMP.y, x - LAMP.x) - angle);
      return night * 0.34 * clamp((0.075 - off) / 0.03) * (1 - Math.hypot(x - LAMP.x, y - LAMP.y) / 760);
    });

  const bright = [255, 232, 178];
  if (time < 9) glitter(sun.x, bright, 0.75 * (1 - smooth(5, 9, time)), time);
  if (time > 24) glitter(rising.x, bright, 0.75 * smooth(25, 28, time), time);
  if (night > 0) glitter(moon.x, [206, 216, 255], 0.5 * night * smooth(10, 14, time), time);
  land(mood.land);
  lighthouse(mood.land, night);
  ship(time, mood.land);

  const second = Math.min(SECONDS - 1, Math.floor(time + 1e-6));
  for (const { column, row } of cells(`0:${String(second).padStart(2, '0')}`))
    fill(550 + column * 3, 326 + row * 3, 552 + column * 3, 328 + row * 3, [255, 250, 235], () => 0.85);
}

for (let number = 0; number < RATE * SECONDS; number++) {
  draw(number / RATE);
  if (!process.stdout.write(frame.slice())) await once(process.stdout, 'drain');
}
