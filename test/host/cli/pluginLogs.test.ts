/** `plugin logs` as a person uses it: with a host, without one, and of a plugin that fails. */
import { appendFileSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CliHome, lines } from '../plugins/support/cliHome.ts';

let home: CliHome;
const logs = (): string => join(home.folder, 'logs');
const log = (): string => join(logs(), 'plugin-chatty.log');

beforeEach(() => {
  home = new CliHome();
  home.plugin(
    'chatty',
    {
      contributes: {
        commands: [{ command: 'chat', title: 'Say', args: [{ name: 'what', required: true }] }],
      },
    },
    `export default { activate(ctx) {
       ctx.commands.register('chat', async ({ args }) => { console.log(args.what); return 0; });
     } };`,
  );
  home.config({ plugins: { './chatty': true } });
  mkdirSync(logs(), { recursive: true });
});
afterEach(() => home.dispose());

const refused = { code: 2, stdout: '' };

describe('plugin logs', () => {
  it('starts no host, and shows the last lines', async () => {
    writeFileSync(log(), Array.from({ length: 200 }, (_, i) => `line ${i}\n`).join(''));
    const { code, stdout } = await home.run('plugin', 'logs', 'chatty');
    expect(code).toBe(0);
    expect(lines(stdout)).toEqual(Array.from({ length: 100 }, (_, i) => `line ${i + 100}`));
    expect((await home.run('plugin', 'logs', 'chatty', '-n', '2')).stdout).toBe('line 198\nline 199\n');
    expect((await home.run('plugin', 'logs', 'chatty', '-n', '0')).stdout).toBe('');
    expect(await home.json('plugin', 'logs', 'chatty', '-n', '1')).toEqual([
      { plugin: 'chatty', line: 'line 199' },
    ]);
    expect(existsSync(join(home.folder, 'data/host.json'))).toBe(false);
  });

  it.each([['no log'], ['an empty one']])('says so when nothing was written: %s', async (what) => {
    if (what !== 'no log') writeFileSync(log(), '');
    expect(await home.run('plugin', 'logs', 'chatty')).toEqual({
      code: 0,
      stdout: '',
      stderr: 'The plugin "chatty" has written nothing yet.\n',
    });
  });

  it('shows a pipe what was written as it is', async () => {
    writeFileSync(log(), '\u001b[31mred\u001b[0m\ttab\n');
    expect((await home.run('plugin', 'logs', 'chatty')).stdout).toBe('\u001b[31mred\u001b[0m\ttab\n');
  });

  it.each([['nobody'], ['../chatty'], ['../../logs/plugin-chatty'], ['Chatty'], ['']])(
    'knows no plugin "%s"',
    async (id) => {
      const { code, stderr } = await home.run('plugin', 'logs', id);
      expect(code).toBe(1);
      expect(stderr).toMatch(
        /There is no plugin ".*"\.\nThere is: mpv, files, torrent, watch-together, chatty\..*\(PLUGIN_NOT_FOUND\)/,
      );
    },
  );

  it('shows what a plugin has left that is no more', async () => {
    writeFileSync(join(logs(), 'plugin-gone.log'), 'last words\n');
    expect((await home.run('plugin', 'logs', 'gone')).stdout).toBe('last words\n');
  });

  it.each([['-1'], ['x'], ['1.5'], ['1e3'], ['99999999']])('takes no %s lines', async (count) => {
    expect(await home.run('plugin', 'logs', 'chatty', `--lines=${count}`)).toMatchObject({
      ...refused,
      stderr: expect.stringContaining('(USAGE)'),
    });
  });

  it('tells what cannot be read', async () => {
    mkdirSync(log());
    for (const more of [[], ['-f']]) {
      const { code, stderr } = await home.run('plugin', 'logs', 'chatty', ...more);
      expect(code).toBe(1);
      expect(stderr).toMatch(/EISDIR.*\(LOG_UNREADABLE\)/s);
    }
    rmSync(log(), { recursive: true });
  });

  it('works for a plugin that does not start, with a host', async () => {
    home.plugin(
      'broken',
      { contributes: { commands: [{ command: 'shatter', title: 'x' }] } },
      'export default {',
    );
    home.config({ plugins: { './broken': true } });
    expect((await home.run('shatter')).code).toBe(1);
    expect((await home.run('plugin', 'logs', 'broken')).stdout).toContain('SyntaxError');
  });
});

describe('plugin logs -f', () => {
  it('goes on with a running plugin, over its crash and a log put aside, until Ctrl-C', async () => {
    writeFileSync(log(), 'before\n');
    const run = home.start('plugin', 'logs', 'chatty', '-f');
    await run.printed('before');
    await home.run('chat', 'hello');
    await run.printed('hello');
    const [before] =
      (await home.json<{ id: string; pid: number | null }[]>('plugin', 'list'))[0]?.filter(
        ({ id }) => id === 'chatty',
      ) ?? [];
    process.kill(before?.pid ?? 0, 'SIGKILL');
    await home.run('chat', 'again');
    await run.printed('again');
    renameSync(log(), `${log()}.1`);
    appendFileSync(log(), 'after\n');
    await run.printed('after');
    run.child.kill('SIGINT');
    expect((await run.ended).code).toBe(130);
    expect(lines(run.stdout)).toEqual(['before', 'hello', 'again', 'after']);
  });

  it('ends when its reader has gone', async () => {
    const run = home.start('plugin', 'logs', 'chatty', '-f', '--json');
    appendFileSync(log(), 'one\n');
    await run.printed('one');
    run.child.stdout?.destroy();
    appendFileSync(log(), 'two\n');
    expect((await run.ended).code).toBe(0);
  });
});
