/** The terminal of a plugin's command, on a real one that `script` makes. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { inRepository } from '../../support/repository.ts';
import { Screen } from './screen.ts';

const CODE = `
import { CommandTerminal } from '${inRepository('host/src/cli/terminal/commandTerminal.ts')}';
import { Output } from '${inRepository('host/src/cli/terminal/output.ts')}';
const output = new Output({ stdout: process.stdout, stderr: process.stderr, environment: process.env, json: false, quiet: false, verbose: false });
const terminal = new CommandTerminal(output, () => { terminal.data('interrupted'); });
terminal.data('ready');
for (;;) {
  const line = await terminal.next();
  if (line === null) break;
  const [verb, ...words] = line.split(' ');
  const text = words.join(' ');
  if (verb === 'status') terminal.status(text);
  else if (verb === 'later') setTimeout(() => terminal.data(text), 300);
  else if (verb === 'ask') terminal.data('so: ' + (await terminal.ask(text + ' ')));
  else terminal.data('got ' + line);
}
terminal.status('');
terminal.data('end');
terminal.dispose();
process.exit(0);`;

let folder: string;
let screen: Screen;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kp-term-'));
  writeFileSync(join(folder, 'main.ts'), CODE);
  const node = inRepository('node_modules/.bin/node');
  const child = spawn(
    'script',
    ['-qec', `stty cols 40 rows 12; exec ${node} ${join(folder, 'main.ts')}`, '/dev/null'],
    {
      env: { ...process.env, TERM: 'xterm', NO_COLOR: '1' },
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  screen = new Screen(child, 40);
});

afterEach(async () => {
  screen.type('\u0004');
  await screen.ended;
  rmSync(folder, { recursive: true, force: true });
});

const onLinux = it.skipIf(process.platform !== 'linux');

onLinux('keeps the status and what is being typed below the lines that go by', async () => {
  await screen.shows('it is there', (rows) => rows.includes('ready'));
  screen.type('hello\r');
  await screen.shows('it is heard', (rows) => rows.at(-1) === '' && rows.includes('got hello'));
  screen.type('status in sync, 3 ms, and more than fits into 40 columns\r');
  await screen.shows('the status', (rows) => rows.at(-1) === '>');
  expect(screen.rows.at(-2)).toMatch(/^in sync, 3 ms, and more than fits into…$/);
  screen.type('later from the others\r');
  await screen.shows('it was taken', (rows) => rows.includes('> later from the others'));
  screen.type('half a l');
  await screen.shows('a line above', (rows) => rows.includes('from the others'));
  expect(screen.rows.slice(-3)).toEqual(['from the others', expect.stringMatching(/^in sync/), '> half a l']);
  screen.type('ine\r');
  await screen.shows('the whole line', (rows) => rows.includes('got half a line'));
  expect(screen.rows.filter((row) => row.startsWith('in sync'))).toHaveLength(1);
  screen.type('status \r');
  await screen.shows(
    'no status',
    (rows) => rows.at(-1) === '' && !rows.some((row) => row.startsWith('in sync')),
  );
  screen.type('\u0003');
  await screen.shows('it was interrupted', (rows) => rows.includes('interrupted'));
});

onLinux('asks between lines, and goes on', async () => {
  await screen.shows('it is there', (rows) => rows.includes('ready'));
  screen.type('status busy\r');
  await screen.shows('the status', (rows) => rows.at(-1) === '>');
  screen.type('ask Well?\r');
  await screen.shows('a question', (rows) => rows.at(-1) === 'Well?');
  screen.type('yes\r');
  await screen.shows('the answer', (rows) => rows.includes('so: yes') && rows.at(-1) === '>');
  expect(screen.rows.at(-2)).toBe('busy');
  screen.type('\u0004');
  await screen.shows('the end', (rows) => rows.includes('end'));
  expect(screen.rows.at(-1)).toBe('');
});
