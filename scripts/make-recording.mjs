// Makes docs/media/demo.svg: the terminal of somebody who plays the demo clip, stops, and goes on where he stopped.
// Needs tmux and mpv; opens no window. `node scripts/make-recording.mjs [scene] [--out FILE]`
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, hostname, tmpdir, userInfo } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { animate } from './lib/animation.mjs';
import { Terminal } from './lib/terminal.mjs';
import { at, root } from './lib/workspace.mjs';

const SIZE = { columns: 92, rows: 14 };
const PROMPT = /\$ $/m;

/** What is done in a scene: `type` a line and enter it, wait `until` the screen shows something, `hold`, `press`. */
const SCENES = {
  demo: {
    title: 'Kinoport plays its demo clip, is stopped, and resumes',
    cleanUp: 'npx kinoport stop',
    steps: [
      { hold: 600 },
      { type: 'npx kinoport play demo' },
      { until: /0:0[1-9]/ },
      { hold: 6000 },
      { press: 'q' },
      { until: PROMPT },
      { hold: 1200 },
      { type: 'npx kinoport play demo' },
      { until: /0:(0[5-9]|1\d)/ },
      { hold: 4000 },
      { press: 'q' },
      { until: PROMPT },
      { hold: 1200 },
      { type: 'npx kinoport' },
      { until: PROMPT },
      { hold: 1500 },
    ],
  },
  try: {
    title: 'A shell at work',
    steps: [
      { type: 'ls --color=always' },
      { until: PROMPT },
      { type: 'git log --oneline --color=always | head -4' },
      { hold: 1500 },
    ],
  },
};

const { values, positionals } = parseArgs({
  options: { out: { type: 'string', default: at('docs/media/demo.svg') } },
  allowPositionals: true,
});
const scene = SCENES[positionals[0] ?? 'demo'];
if (!scene) {
  console.error(`Scenes: ${Object.keys(SCENES).join(', ')}`);
  process.exit(2);
}

const home = mkdtempSync(join(tmpdir(), 'kr-'));
const terminal = await Terminal.open({
  ...SIZE,
  cwd: root,
  environment: {
    HOME: home,
    KINOPORT_HOME: join(home, 'kinoport'),
    PATH: process.env.PATH ?? '',
    LANG: 'C.UTF-8',
    TERM: 'xterm-256color',
    PS1: '$ ',
    npm_config_update_notifier: 'false',
    npm_config_cache: join(home, 'npm'),
  },
});
try {
  terminal.watch(100);
  for (const step of scene.steps) await perform(step);
  const svg = animate(terminal.frames, { ...SIZE, title: scene.title });
  refuseTraces(svg);
  mkdirSync(dirname(resolve(values.out)), { recursive: true });
  writeFileSync(values.out, svg);
  console.log(`${values.out}: ${Math.round(svg.length / 1024)} KiB, ${terminal.frames.length} frames`);
} finally {
  if (scene.cleanUp) {
    await terminal.press('C-c');
    await terminal.type(`clear; ${scene.cleanUp}`);
    await terminal.press('Enter');
    await terminal.until(PROMPT, 20_000).catch((error) => console.error(error.message));
  }
  await terminal.close();
  rmSync(home, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
}

async function perform(step) {
  if (step.hold !== undefined) return wait(step.hold);
  if (step.press !== undefined) return terminal.press(step.press);
  if (step.until !== undefined) return terminal.until(step.until, 60_000);
  await terminal.type(step.type);
  await wait(250);
  await terminal.press('Enter');
  // The echo of the line has to go before its prompt can be waited for.
  return wait(400);
}

/** The recording is published: nothing in it may tell where it was made. */
function refuseTraces(text) {
  const traces = [root, home, hostname(), homedir(), tmpdir(), userInfo().username];
  const found = traces.filter((trace) => trace.length > 3 && text.includes(trace));
  if (found.length > 0) throw new Error(`The recording would show ${found.join(', ')}`);
}
