/** docs/plugins/tutorial.md, done as it says: in an empty folder, with nothing but the packed packages. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CliRun } from '../host/plugins/support/cliHome.ts';
import { repository } from '../support/repository.ts';
import { edited, lesson, type Step } from './lesson.ts';
import { Shelf } from './shelf.ts';

const steps = lesson('docs/plugins/tutorial.md');
let outside: string;
let cwd: string;
let env: NodeJS.ProcessEnv;
let shelf: Shelf;
let background: CliRun | undefined;
/** Subcommands of `kinoport plugin`; known once the program is installed. */
let known: ReadonlySet<string> | undefined;
/** How much the background had printed at the last change. */
let seen = 0;

beforeAll(async () => {
  outside = mkdtempSync(join(tmpdir(), 'kp-tut-'));
  cwd = join(outside, 'empty');
  mkdirSync(cwd);
  mkdirSync(join(outside, 'user'));
  shelf = await Shelf.open(join(outside, 'tarballs'));
  env = surroundings();
}, 120_000);

afterAll(async () => {
  await interrupt();
  await run('kinoport stop').catch(() => undefined);
  await shelf.dispose();
  rmSync(outside, { recursive: true, force: true, maxRetries: 5 });
}, 60_000);

/** A user who has Node and npm, and whose registry is the shelf. */
function surroundings(): NodeJS.ProcessEnv {
  const clean = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|NODE_|VITEST|KINOPORT_HOME)/i.test(name),
  );
  const path = (process.env.PATH ?? '').split(delimiter).filter((folder) => !folder.startsWith(repository));
  const prefix = join(outside, 'global');
  return {
    ...Object.fromEntries(clean),
    PATH: [join(prefix, 'bin'), dirname(process.execPath), ...path].join(delimiter),
    HOME: join(outside, 'user'),
    KINOPORT_HOME: join(outside, 'home'),
    npm_config_registry: shelf.url,
    npm_config_prefix: prefix,
    npm_config_cache: join(outside, 'cache'),
    npm_config_yes: 'true',
    npm_config_audit: 'false',
    npm_config_fund: 'false',
    npm_config_update_notifier: 'false',
  };
}

/** Ctrl-C for what is left running. */
async function interrupt(): Promise<void> {
  if (background?.child.exitCode === null) background.child.kill('SIGINT');
  await background?.ended;
  background = undefined;
}

function start(commands: string, more: NodeJS.ProcessEnv = {}): CliRun {
  return new CliRun(
    spawn('bash', ['-ec', commands], { cwd, env: { ...env, ...more }, stdio: ['ignore', 'pipe', 'pipe'] }),
  );
}

/** Runs a block; a `cd` in it holds for those that follow. */
async function run(
  commands: string,
  more?: NodeJS.ProcessEnv,
): Promise<{ code: number | null; stdout: string; all: string }> {
  const here = join(outside, 'cwd');
  const { code, stdout, stderr } = await start(`${commands}\npwd > '${here}'`, more).ended;
  if (code === 0) cwd = readFileSync(here, 'utf8').trim();
  return { code, stdout, all: `${stdout}${stderr}` };
}

/** A subcommand that a step needs, itself or by what came before, and that this version of the program has not. */
async function missing(step: Step): Promise<string | undefined> {
  if (step.kind === 'file' || step.kind === 'edit' || !step.commands.includes('kinoport ')) return undefined;
  if (known === undefined) {
    const { stdout } = await run('kinoport plugin --help');
    known = new Set([...stdout.matchAll(/^ {2}(\w+)/gm)].map(([, name = '']) => name));
  }
  const commands = [...step.commands.matchAll(/kinoport plugin (\w+)/g)].map(([, name = '']) => name);
  // What does not speak of a plugin by its folder or tarball needs it in the host.
  const isThere = /plugin (test|pack|install) \./.test(step.commands);
  const needed = isThere ? commands : [...commands, 'dev'];
  return needed.find((name) => known?.has(name) === false);
}

async function take(step: Step): Promise<void> {
  if (step.kind === 'file') {
    mkdirSync(dirname(join(cwd, step.path)), { recursive: true });
    writeFileSync(join(cwd, step.path), step.text);
  } else if (step.kind === 'edit') {
    const file = join(cwd, step.path);
    seen = background?.stdout.length ?? 0;
    writeFileSync(file, edited(readFileSync(file, 'utf8'), step.text));
  } else if (step.kind === 'background') {
    background = start(`exec ${step.commands}`);
    await background.printed(step.ready);
  } else {
    if (step.interrupt) await interrupt();
    if (step.after !== undefined) await background?.printed(step.after, seen);
    // What lies on the shelf is built already; nobody else's script has to run.
    const isSetUp = step.commands.startsWith('npm install --global');
    const { code, stdout, all } = await run(
      step.commands,
      isSetUp ? { npm_config_ignore_scripts: 'true' } : {},
    );
    if (code !== 0) throw new Error(`It ended with ${code}:\n${all}`);
    if (step.output !== undefined) expect(stdout).toBe(step.output);
  }
}

describe('the tutorial', () => {
  it.for(steps.map((step, index) => ({ step, title: `${index + 1}. ${titleOf(step)}` })))(
    '$title',
    { timeout: 180_000 },
    async ({ step }, { skip }) => {
      const lacking = await missing(step);
      if (lacking !== undefined) skip(`There is no "kinoport plugin ${lacking}" yet.`);
      await take(step);
    },
  );
});

function titleOf(step: Step): string {
  if (step.kind === 'file' || step.kind === 'edit') return `${step.kind} ${step.path}`;
  return step.commands.split('\n').join('; ');
}
