// @ts-check
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { appendFileSync, writeFileSync } from 'node:fs';
import { appendFile, link, mkdir, mkdtemp, readdir, readFile, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Journal } from '../src/journal.js';

const WRITER = fileURLToPath(new URL('writer.js', import.meta.url));

/** @type {string} */
let folder;
/** @type {string} */
let file;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'scrobble-'));
  file = join(folder, 'scrobbles.jsonl');
});
afterEach(() => rm(folder, { recursive: true }));

const line = (/** @type {string} */ play) => ({
  time: new Date(0).toISOString(),
  event: /** @type {const} */ ('began'),
  title: 'Film',
  key: 'test:film',
  uri: 'test:film',
  player: 'test',
  position: 0,
  play,
  session: 'session',
  home: 'home',
  instant: 1,
});

const plays = async () => (await new Journal(file).plays()).all().map(({ first }) => first.play);

const text = () => readFile(file, 'utf8');

/**
 * A writer that is killed in the middle of its work once it has said a number.
 * @param {number} from
 * @param {number} count
 * @param {number} [last]
 * @returns {Promise<void>}
 */
function writer(from, count, last = Number.POSITIVE_INFINITY) {
  const child = spawn(process.execPath, [WRITER, file, String(from), String(count)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child.stdout.setEncoding('utf8').on('data', (/** @type {string} */ said) => {
    const number = Math.max(...said.trim().split('\n').map(Number));
    if (number >= last) child.kill('SIGKILL');
  });
  return new Promise((resolve) => child.once('close', () => resolve()));
}

test('what is decided is added once, and nothing when there is nothing to add', async () => {
  const journal = new Journal(file);
  await journal.append(() => line('one'));
  await journal.append((known) => (known.get('one') ? undefined : line('one')));
  assert.deepEqual(await plays(), ['one']);
});

test('processes that write the same lines at the same time write each of them once', async () => {
  await Promise.all([writer(0, 60), writer(0, 60), writer(0, 60)]);
  const written = (await text())
    .trimEnd()
    .split('\n')
    .map((each) => JSON.parse(each).play);
  assert.deepEqual(written.sort(), Array.from({ length: 60 }, (_, number) => `play-${number}`).sort());
  assert.deepEqual(await readdir(join(folder, '.scrobbling')), []);
});

test('writers that are killed in the middle leave no half line, no double one and no gap', async () => {
  await Promise.all([writer(0, 500, 10), writer(0, 500, 17), writer(100, 500, 111), writer(100, 500, 120)]);
  // Those that come after go on where they were.
  await Promise.all([writer(0, 40), writer(100, 40)]);
  const numbers = (await text())
    .trimEnd()
    .split('\n')
    .map((each) => Number(JSON.parse(each).play.slice(5)));
  assert.equal(new Set(numbers).size, numbers.length, 'a line is there twice');
  for (let number = 0; number < 40; number += 1) {
    assert.ok(numbers.includes(number), `line ${number} is missing`);
    assert.ok(numbers.includes(100 + number), `line ${100 + number} is missing`);
  }
});

test('a line whose writer died between the claim and the file is written by the next', async () => {
  const journal = new Journal(file);
  await journal.append(() => line('one'));
  const claims = join(folder, '.scrobbling');
  const size = (await text()).length;
  await writeFile(join(claims, `at-${size}`), `${JSON.stringify(line('two'))}\n`);
  await journal.append((known) => (known.get('three') ? undefined : line('three')));
  assert.deepEqual(await plays(), ['one', 'two', 'three']);
});

test('a line that was half written is completed by the next', async () => {
  await mkdir(join(folder, '.scrobbling'));
  const whole = `${JSON.stringify(line('one'))}\n`;
  await writeFile(file, whole.slice(0, 25));
  await writeFile(join(folder, '.scrobbling/at-0'), whole);
  await new Journal(file).append(() => line('two'));
  assert.deepEqual(await plays(), ['one', 'two']);
});

test('what a power cut left of a line keeps the next one from nothing', async () => {
  await writeFile(file, '{"time":"2026-');
  await new Journal(file).append((known) => (known.get('one') ? undefined : line('one')));
  await new Journal(file).append((known) => (known.get('two') ? undefined : line('two')));
  assert.deepEqual(await plays(), ['one', 'two']);
});

test('a claim for a place that was written meanwhile is void', async () => {
  const journal = new Journal(file);
  await journal.append(() => line('one'));
  await mkdir(join(folder, '.scrobbling'), { recursive: true });
  await writeFile(join(folder, '.scrobbling/at-0'), `${JSON.stringify(line('late'))}\n`);
  await journal.append(() => line('two'));
  assert.deepEqual(await plays(), ['one', 'two']);
});

test('a late claim does not overwrite the longer line that stands at its place', async () => {
  const journal = new Journal(file);
  await journal.append(() => line('one'));
  const size = (await text()).length;
  await journal.append((known) => {
    if (known.get('a line that is longer')) return undefined;
    // Both happen between the look at the file and the claim.
    appendFileSync(file, `${JSON.stringify(line('a line that is longer'))}\n`);
    writeFileSync(join(folder, `.scrobbling/at-${size}`), `${JSON.stringify(line('late'))}\n`);
    return line('mine');
  });
  assert.deepEqual(await plays(), ['one', 'a line that is longer']);
});

test('a file that was moved away is begun anew', async () => {
  const journal = new Journal(file);
  await journal.append(() => line('one'));
  await link(file, `${file}.old`);
  await unlink(file);
  await journal.append((known) => (known.get('one') ? undefined : line('one')));
  assert.deepEqual(await plays(), ['one']);
  await appendFile(file, 'no line\n');
  assert.equal((await new Journal(file).lines()).length, 1);
});
