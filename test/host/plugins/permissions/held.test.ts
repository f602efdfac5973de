/** Plugins in a host that holds them to their permissions. */
import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { CliHome } from '../support/cliHome.ts';

let home: CliHome;
afterEach(() => home.dispose());

const COMMAND = { contributes: { commands: [{ command: 'try', title: 'Try' }] } };
const code = (body: string): string => `import { definePlugin } from '@kinoport/core';
import * as fs from 'node:fs';
export default definePlugin({ activate(ctx) {
  ctx.commands.register('try', async (_input, io) => { io.line(String(await (async () => { ${body} })())); return 0; });
} });`;

function start(body: string, permissions: object, granted?: object): string {
  home = new CliHome();
  const root = home.plugin('tries', { ...COMMAND, permissions }, code(body));
  home.config({ plugins: { [root]: granted === undefined ? true : { permissions: granted } } });
  return root;
}

describe('a plugin that does what it may not', () => {
  it.each([
    [
      'reads',
      "return fs.readFileSync('/etc/hostname')",
      /may not read \/etc\/hostname/,
      /"fs": \{ "read": \["\/etc\/hostname"\] \}/,
    ],
    ['sees what plays', 'return ctx.playback.list()', /may not see what plays/, /"playback": "observe"/],
    [
      'listens to what plays',
      'ctx.playback.onDidStart(() => {})',
      /may not see what plays/,
      /"playback": "observe"/,
    ],
    ['plays', "return ctx.playback.open('x')", /may not steer/, /"playback": "control"/],
    [
      'publishes',
      "return ctx.streams.publish({ size: 1, type: 'a/b', read: async function* () {} })",
      /may not publish/,
      /"net": \["loopback"\]/,
    ],
    [
      'starts a program',
      "return ctx.processes.run('id', [])",
      /may not start "id"/,
      /"spawn": \[\{ "command": "id" \}\]/,
    ],
    ['looks for a program', "return ctx.processes.which('id')", /may not start "id"/, /"spawn"/],
    [
      'starts one by itself',
      "(await import('node:child_process')).execFileSync('id')",
      /may not start programs by itself/,
      /ctx\.processes/,
    ],
    [
      'hides it behind its own error',
      "try { fs.readFileSync('/etc/hostname') } catch (cause) { throw new Error('no', { cause }) }",
      /may not read/,
      /"fs"/,
    ],
  ])('%s', async (_what, body, message, hint) => {
    start(body, {});
    const { code: exit, stderr } = await home.run('try');
    expect(exit).toBe(1);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(hint);
    expect(stderr).toContain('PERMISSION_DENIED');
  });

  it('and asked for it hears that the user did not grant it', async () => {
    const permissions = { playback: 'control', fs: { read: ['/etc'] } };
    start("return fs.readFileSync('/etc/hostname')", permissions, { playback: 'observe' });
    const { code: exit, stderr } = await home.run('try');
    expect(exit).toBe(1);
    expect(stderr).toContain('PERMISSION_NOT_GRANTED');
    const { stdout } = await home.run('doctor', '--json');
    expect(stdout).toContain('tries: limited');
  });
});

describe('a plugin that does what it may', () => {
  it('cannot give a player arguments through ctx.playback', async () => {
    start("return ctx.playback.open('x', { playerArgs: ['--script=/evil.lua'] })", { playback: 'control' });
    const { code: exit, stderr } = await home.run('try');
    expect(exit).toBe(2);
    expect(stderr).toContain('INVALID_ARGUMENT');
    expect(stderr).toContain('playerArgs');
  });

  it('has no say about the session of another plugin', async () => {
    const spawn =
      "return ctx.processes.spawn('true', [], { lifetime: 'session', sessionId: 'x', endpoint: { evil: 1 } })";
    start(spawn, { spawn: [{ command: 'true' }] });
    const { stderr } = await home.run('try');
    expect(stderr).toContain('PERMISSION_DENIED');
    expect(stderr).toContain('runs no player');
  });

  it('loads what it depends on, hoisted or linked, in TypeScript too', async () => {
    home = new CliHome();
    const root = home.plugin('tries', COMMAND, '', {
      main: './index.ts',
      dependencies: { hoisted: '1', linked: '1' },
    });
    const modules = join(home.folder, 'node_modules');
    const linked = join(home.folder, 'elsewhere');
    for (const folder of [join(modules, 'hoisted'), linked]) mkdirSync(folder, { recursive: true });
    for (const [folder, name] of [
      [join(modules, 'hoisted'), 'hoisted'],
      [linked, 'linked'],
    ] as const) {
      writeFileSync(
        join(folder, 'package.json'),
        JSON.stringify({ name, version: '1.0.0', main: 'index.js' }),
      );
      writeFileSync(join(folder, 'index.js'), `module.exports = '${name}';`);
    }
    symlinkSync(linked, join(modules, 'linked'));
    const typed = `import hoisted from 'hoisted'; import linked from 'linked';
      import { definePlugin, type PluginContext } from '@kinoport/core';
      export default definePlugin({ activate(ctx: PluginContext) {
        ctx.commands.register('try', async (_input, io) => { io.line(hoisted + ' ' + linked); return 0; });
      } });`;
    writeFileSync(join(root, 'index.ts'), typed);
    home.config({ plugins: { [root]: true } });
    expect(await home.run('try')).toMatchObject({ code: 0, stdout: 'hoisted linked\n' });
  });

  it('has folders of its own for sockets, temporary files and compiled code', async () => {
    start(
      "return JSON.stringify([ctx.folders.runtime, (await import('node:os')).tmpdir(), process.env.NODE_COMPILE_CACHE])",
      {},
    );
    const { stdout } = await home.run('try');
    const [runtime = '', temporary, compiled] = JSON.parse(stdout) as string[];
    const real = realpathSync(home.folder);
    expect(runtime.startsWith(`${join(real, 'data', 'run')}/`)).toBe(true);
    expect(temporary).toBe(join(real, 'cache', 'plugins', 'tries'));
    expect(compiled?.startsWith(join(real, 'cache', 'compile', 'tries-'))).toBe(true);
  });
});
