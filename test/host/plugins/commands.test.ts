/** Contributed commands, from the command line through the host to the plugin's process and back. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../../support/lab/waiting.ts';
import { CliHome, lines } from './support/cliHome.ts';

let home: CliHome;

const command = (name: string, more: object = {}) => ({ command: name, title: `Does ${name}`, ...more });

const CODE = `
import { definePlugin, KinoportError } from '@kinoport/core';
export default definePlugin({ activate(ctx) {
  const { commands } = ctx;
  commands.register('count', async ({ args }, io) => {
    for (let i = 0; i < args.n; i += 1) (i % 2 ? io.error : io.line)('line ' + i);
    return args.n % 256;
  });
  commands.register('facts', async ({ args, options }, io) => {
    const { isTTY, columns, color, wantsJson } = io;
    io.json({ args, options, isTTY, columns, color, wantsJson });
  });
  commands.register('fail', async ({ args }) => {
    if (args.how === 'coded') throw new KinoportError('SOURCE_FORBIDDEN', 'Not you.', { hint: 'Ask first.' });
    if (args.how === 'usage') throw new KinoportError('INVALID_ARGUMENT', 'Not that.');
    if (args.how === 'own') throw new KinoportError('TEST_QUOTA', 'Full.');
    if (args.how === 'crash') process.exit(4);
    throw new TypeError('x is not a function');
  });
  commands.register('echo', async (_, io) => {
    let n = 0;
    for await (const line of io.lines()) io.line(++n + ' ' + line);
    io.line('end');
  });
  commands.register('wait', async ({ args }, io) => {
    io.line('waiting');
    await new Promise((resolve) => io.signal.addEventListener('abort', resolve, { once: true }));
    ctx.log.info(io.isClientGone ? 'left alone' : 'told to end');
    if (args.stubborn) await new Promise(() => {});
    io.line('tidied up');
    return 7;
  });
} });`;

beforeEach(() => {
  home = new CliHome();
  const folder = home.plugin(
    'test',
    {
      contributes: {
        commands: [
          command('count', { args: [{ name: 'n', type: 'number', required: true }] }),
          command('facts', {
            args: [
              { name: 'file', type: 'path' },
              { name: 'rest', type: 'uri', variadic: true },
            ],
            options: [
              { name: 'max-size', type: 'number', default: 5 },
              { name: 'dry', type: 'boolean' },
            ],
          }),
          command('fail', { args: [{ name: 'how' }] }),
          command('echo'),
          command('wait', { args: [{ name: 'stubborn' }] }),
        ],
      },
    },
    CODE,
  );
  home.config({ plugins: { [folder]: true } });
});

afterEach(() => home.dispose());

const log = (): string => {
  try {
    return home.read('logs/plugin-test.log');
  } catch {
    return '';
  }
};

describe("a plugin's command", () => {
  it('prints everything, in order, to the right stream, before it ends with its code', async () => {
    const { code, stdout, stderr } = await home.run('count', '1001');
    expect(code).toBe(1001 % 256);
    const all = Array.from({ length: 1001 }, (_, i) => `line ${i}`);
    expect(lines(stdout)).toEqual(all.filter((_, i) => i % 2 === 0));
    expect(lines(stderr)).toEqual(all.filter((_, i) => i % 2 === 1));
  });

  it('gets typed arguments, defaults, and the facts of the caller', async () => {
    const [facts] = await home.json('facts', 'a/../b.mkv', 'test:x', 'c.mkv', '--dry');
    expect(facts).toEqual({
      args: { file: `${home.folder}/b.mkv`, rest: ['test:x', `${home.folder}/c.mkv`] },
      options: { 'max-size': 5, dry: true },
      isTTY: false,
      columns: 80,
      color: false,
      wantsJson: true,
    });
  });

  it.each([
    ['coded', 1, 'SOURCE_FORBIDDEN', 'Not you.'],
    ['usage', 2, 'INVALID_ARGUMENT', 'Not that.'],
    ['own', 1, 'TEST_QUOTA', 'Full.'],
    ['plain', 1, 'COMMAND_FAILED', 'The command "fail" failed: x is not a function'],
    ['crash', 1, 'PLUGIN_CRASHED', 'The plugin "test" broke down while it ran. It ended with code 4.'],
  ])('that fails (%s) ends with code %i and says %s', async (how, exit, code, message) => {
    const person = await home.run('fail', how);
    expect(person.code).toBe(exit);
    expect(person.stderr).toContain(message);
    expect(person.stderr).toContain(`(${code})`);
    const [json] = await home.json('fail', how);
    expect(json).toMatchObject({ error: { code, message: expect.stringContaining(message) } });
    if (how === 'plain') expect(log()).toMatch(/the command "fail" failed .*TypeError: x is not a function/);
  });

  it('reads standard input line by line to its end', async () => {
    const run = home.start('echo');
    run.child.stdin?.write('one\ntw');
    await run.printed('1 one\n');
    run.child.stdin?.end('o\r\n\nlast');
    expect(await run.ended).toMatchObject({ code: 0, stdout: '1 one\n2 two\n3 \n4 last\nend\n' });
  });

  it('is told of the first Ctrl-C and ends by itself', async () => {
    const run = home.start('wait');
    await run.printed('waiting');
    run.child.kill('SIGINT');
    expect(await run.ended).toEqual({ code: 7, stdout: 'waiting\ntidied up\n', stderr: '' });
  });

  it('is left with 130 by the second Ctrl-C', async () => {
    const run = home.start('wait', 'stubborn');
    await run.printed('waiting');
    run.child.kill('SIGINT');
    await until('it is told', () => log().includes('told to end'));
    // Two signals within 50 ms are one press, passed on by a program between.
    await until('it leaves', () => run.child.exitCode !== null || !run.child.kill('SIGINT'), {
      every: 60,
      timeout: 5_000,
    });
    expect((await run.ended).code).toBe(130);
  });

  it('is told when its caller is lost', async () => {
    const run = home.start('wait');
    await run.printed('waiting');
    run.child.kill('SIGKILL');
    await until('it is told', () => log().includes('left alone'));
    expect((await home.run('facts')).code).toBe(0);
  });
});
