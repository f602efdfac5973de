// Plays the demo clip's tune: twelve bars of a plucked arpeggio over a bass. Raw stereo float samples to standard output.
import { once } from 'node:events';

const RATE = 48_000;
const SECONDS = 30;
const BEAT = 60 / 96;
// Semitones from A3, one chord a bar: Am F C G, once more, then F G Am and the last Am held.
const [AM, F, C, G] = [
  [0, 3, 7, 12],
  [-4, 0, 3, 8],
  [-9, -5, 0, 3],
  [-2, 2, 5, 10],
];
const BARS = [AM, F, C, G, AM, F, C, G, F, G, AM, AM];
const PATTERN = [0, 1, 2, 3, 2, 1, 2, 1];

const frequency = (semitone) => 220 * 2 ** (semitone / 12);
const left = new Float64Array(RATE * SECONDS);
const right = new Float64Array(RATE * SECONDS);

function note({ at, pitch, gain, decay, pan, overtones }) {
  const first = Math.round(at * RATE);
  const last = Math.min(left.length, first + Math.round(decay * 6 * RATE));
  for (let i = first; i < last; i++) {
    const time = (i - first) / RATE;
    const attack = Math.min(1, time / 0.008);
    let value = 0;
    overtones.forEach((weight, n) => {
      value +=
        weight * Math.sin(2 * Math.PI * pitch * (n + 1) * time) * Math.exp((-time / decay) * (1 + n * 0.7));
    });
    left[i] += value * gain * attack * (1 - pan);
    right[i] += value * gain * attack * (1 + pan);
  }
}

BARS.forEach((chord, bar) => {
  const start = bar * 4 * BEAT;
  const isLast = bar === BARS.length - 1;
  const step = isLast ? BEAT / 4 : BEAT / 2;
  for (let i = 0; i < (isLast ? 4 : 8); i++) {
    const octave = bar >= 4 && i % 4 === 3 ? 12 : 0;
    const pitch = frequency(chord[PATTERN[i]] + 12 + octave);
    const pan = 0.35 * Math.sin(i * 1.3 + bar);
    note({
      at: start + i * step,
      pitch,
      gain: 0.11,
      decay: isLast ? 0.8 : 0.34,
      pan,
      overtones: [1, 0.42, 0.2, 0.08],
    });
    note({
      at: start + i * step + BEAT * 0.75,
      pitch,
      gain: 0.035,
      decay: 0.3,
      pan: -pan,
      overtones: [1, 0.2],
    });
  }
  for (const beat of isLast ? [0] : [0, 2])
    note({
      at: start + beat * BEAT,
      pitch: frequency(chord[0] - 12) / 2,
      gain: 0.2,
      decay: 0.9,
      pan: 0,
      overtones: [1, 0.5, 0.2],
    });
});

const samples = new Float32Array(left.length * 2);
for (let i = 0; i < left.length; i++) {
  const fade = Math.min(1, (left.length - i) / (RATE * 1.2));
  samples[i * 2] = Math.tanh(left[i] * 1.5) * fade;
  samples[i * 2 + 1] = Math.tanh(right[i] * 1.5) * fade;
}
if (!process.stdout.write(new Uint8Array(samples.buffer))) await once(process.stdout, 'drain');
