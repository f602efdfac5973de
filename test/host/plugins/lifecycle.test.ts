import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { KinoportError } from '@kinoport/core';
import { VirtualClock } from '@kinoport/core/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { isAlive } from '../../support/lab/processes.ts';
import { until } from '../../support/lab/waiting.ts';
import { type Fixture, PluginHost, sourcePlugin } from './support/pluginHost.ts';

let host: PluginHost;

afterEach(() => host.dispose());

function start(
  plugins: Readonly<Record<string, Fixture>>,
  options?: ConstructorParameters<typeof PluginHost>[1],
) {
  host = new PluginHost(plugins, options);
  return host;
}

async function refusal(work: Promise<unknown>): Promise<KinoportError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof KinoportError) return error;
  throw new Error(`It did not fail with a coded error: ${String(error)}`);
}

const resolve = (uri = 'test:x') => host.manager.source('s').resolve(uri);

describe('the start of a plugin', () => {
  it('says what is the matter where its folder or one of the home is gone, and goes on when they are back', async () => {
    start({ a: sourcePlugin('{}') });
    const root = host.view('a').root;
    renameSync(root, `${root}-away`);
    expect(await refusal(resolve())).toMatchObject({
      code: 'PLUGIN_NOT_FOUND',
      message: expect.stringContaining(root),
    });
    renameSync(`${root}-away`, root);
    for (const folder of [host.home.logs, join(host.home.data, 'plugins')]) {
      rmSync(folder, { recursive: true, force: true });
      writeFileSync(folder, '');
      expect(await refusal(resolve())).toMatchObject({ code: 'HOME_NOT_WRITABLE' });
      rmSync(folder);
    }
    await resolve();
    expect(host.view('a').state).toBe('active');
  });

  it('is when it is first needed; until then none of its code runs', async () => {
    start({ a: sourcePlugin('{}'), b: { code: 'throw new Error("never");' } });
    expect(host.manager.routes('test:x').map(({ source }) => source)).toEqual(['s']);
    expect(host.view('a')).toMatchObject({ state: 'resolved', generation: 0, pid: null });
    expect(host.pluginLog('a')).toBe('');
    expect(await resolve()).toMatchObject({ items: [{ title: 'test:x' }] });
    expect(host.view('a')).toMatchObject({ state: 'active', generation: 1, pid: expect.any(Number) });
    expect(host.view('b')).toMatchObject({ state: 'resolved', generation: 0 });
  });

  it('happens once, however many need it at the same time', async () => {
    start({ a: sourcePlugin('{}', 'console.log("activated");') });
    await Promise.all([resolve(), resolve(), resolve()]);
    expect(host.pluginLog('a').match(/activated/g)).toHaveLength(1);
    expect(host.view('a').generation).toBe(1);
  });

  it('is with the host or with a film where the manifest says so', async () => {
    const code = 'export default definePlugin({ activate() {} });';
    start({
      early: { manifest: { activationEvents: ['onStartup'] }, code },
      film: { manifest: { activationEvents: ['onPlayback'] }, code },
    });
    await host.manager.startEager();
    expect([host.view('early').state, host.view('film').state]).toEqual(['active', 'resolved']);
    host.manager.activateForPlayback();
    await until('the other one', () => host.view('film').state === 'active');
  });

  it('gives the plugin its folders, its facts and a clean environment', async () => {
    process.env.KINOPORT_SECRET = 'x';
    try {
      start({
        a: sourcePlugin(
          `{ resolve: async () => ({ kind: 'single', items: [{ ...item('test:x'), data: {
            ...ctx.folders, ...ctx.plugin, generation: ctx.generation, cwd: process.cwd(),
            names: Object.keys(process.env).filter((name) => /^KINOPORT_(?!TEST_RUN)|^NODE_OPTIONS/.test(name)) } }] }) }`,
        ),
      });
      const { items } = await resolve();
      const root = join(host.folders.root, 'a');
      expect(items[0]?.data).toMatchObject({
        id: 'a',
        version: '1.0.0',
        root,
        cwd: root,
        generation: 1,
        names: [],
      });
      for (const folder of ['data', 'cache', 'runtime'])
        expect(existsSync(String(items[0]?.data?.[folder]))).toBe(true);
    } finally {
      delete process.env.KINOPORT_SECRET;
    }
  });
});

describe('a plugin that does not start', () => {
  it.each<[string, string, string, RegExp]>([
    [
      'throws in activate',
      'export default definePlugin({ activate() { throw new TypeError("no"); } });',
      'PLUGIN_ACTIVATE_FAILED',
      /"a": activate failed: no/,
    ],
    [
      'throws a coded error in activate',
      'export default definePlugin({ async activate() { throw new KinoportError("A_LOGIN", "Log in.", { hint: "Do." }); } });',
      'A_LOGIN',
      /"a": Log in\./,
    ],
    ['has no such code', 'import "./nothing.js"; export default {};', 'PLUGIN_LOAD_FAILED', /nothing\.js/],
    ['is no JavaScript', 'export default {', 'PLUGIN_LOAD_FAILED', /could not be loaded/],
    [
      'exports something else',
      'export default { start() {} };',
      'PLUGIN_LOAD_FAILED',
      /no default export with an activate/,
    ],
    ['exports nothing', 'export const a = 1;', 'PLUGIN_LOAD_FAILED', /no default export/],
    ['ends', 'process.exit(3);', 'PLUGIN_CRASHED', /while it started\. It ended with code 3/],
    [
      'is killed',
      'process.kill(process.pid, "SIGKILL"); await new Promise(() => {});',
      'PLUGIN_CRASHED',
      /ended by SIGKILL/,
    ],
    [
      'has an unhandled rejection',
      'export default definePlugin({ activate() { Promise.reject(new RangeError("too far")); return new Promise(() => {}); } });',
      'PLUGIN_CRASHED',
      /Last line: RangeError: too far/,
    ],
    [
      'registers what it does not declare',
      'export default definePlugin({ activate(ctx) { ctx.sources.register("t", {}); } });',
      'PLUGIN_NOT_REGISTERED',
      /declares no source "t"/,
    ],
    [
      'does not register what it declares',
      'export default definePlugin({ activate() {} });',
      'PLUGIN_NOT_REGISTERED',
      /declares the source "s", but activate did not/,
    ],
    [
      'writes garbage into its pipe',
      'import { writeSync } from "node:fs"; writeSync(3, "garbage\\n"); await new Promise(() => {});',
      'PLUGIN_CRASHED',
      /not a JSON-RPC message/,
    ],
    [
      'writes 200 MB into its pipe',
      'import { writeSync } from "node:fs"; const text = "x".repeat(100_000); for (let left = 2_000; left > 0; ) { try { writeSync(3, text); left -= 1; } catch (error) { if (error.code !== "EAGAIN") throw error; } }',
      'PLUGIN_CRASHED',
      /longer than 4194304 bytes/,
    ],
  ])(
    'because it %s: says so, leaves no process, and is tried again',
    async (_what, code, expected, message) => {
      start({ a: { ...sourcePlugin('{}'), code } });
      const error = await refusal(resolve());
      expect(error).toMatchObject({ code: expected, message: expect.stringMatching(message) });
      expect(error.hint).toBeTruthy();
      expect(host.view('a')).toMatchObject({ state: 'failed', pid: null, error: { code: expected } });
      expect((await refusal(resolve())).code).toBe(expected);
      expect(host.view('a').generation).toBe(2);
    },
  );

  it('because it never finishes activate: says what was probably forgotten', async () => {
    const code = `import { writeFileSync } from 'node:fs';
      export default definePlugin({ activate(ctx) { writeFileSync(ctx.folders.data + '/pid', String(process.pid)); return new Promise(() => {}); } });`;
    start({ a: { ...sourcePlugin('{}'), code } }, { activateTimeout: 400 });
    const error = await refusal(resolve());
    expect(error).toMatchObject({
      code: 'PLUGIN_ACTIVATE_TIMEOUT',
      message: 'The plugin "a" did not finish activate within 0.4 s.',
      hint: expect.stringContaining('awaits something'),
    });
    const pid = Number(readFileSync(join(host.home.data, 'plugins/a/pid'), 'utf8'));
    expect(isAlive(pid)).toBe(false);
  });

  it('harms no other', async () => {
    start({
      bad: { code: 'process.exit(1);', manifest: { activationEvents: ['onStartup'] } },
      good: sourcePlugin('{}'),
    });
    await host.manager.startEager();
    expect(host.view('bad').state).toBe('failed');
    expect((await resolve()).items).toHaveLength(1);
  });
});

describe('a running plugin', () => {
  it('that ends by itself is started again when it is next needed', async () => {
    start({
      a: sourcePlugin(
        `{ resolve: async (uri) => { if (uri === 'test:die') throw process.exit(9); return single(uri); } }`,
      ),
    });
    const error = await refusal(resolve('test:die'));
    expect(error).toMatchObject({
      code: 'PLUGIN_CRASHED',
      message: 'The plugin "a" broke down while it ran. It ended with code 9.',
    });
    await until('the crash is known', () => host.view('a').state === 'resolved');
    expect(host.view('a')).toMatchObject({ pid: null, error: { code: 'PLUGIN_CRASHED' } });
    expect(await resolve()).toMatchObject({ kind: 'single' });
    expect(host.view('a')).toMatchObject({ state: 'active', generation: 2 });
  });

  it('says to who was calling it how it ended, and not how the one before did', async () => {
    start({
      a: sourcePlugin(
        `{ resolve: async (uri) => { console.error('Error: of ' + uri); process.kill(process.pid, uri.slice(5)); } }`,
      ),
    });
    const first = await refusal(resolve('test:SIGKILL'));
    expect(first.message).toBe(
      'The plugin "a" broke down while it ran. It was ended by SIGKILL. Last line: Error: of test:SIGKILL',
    );
    const second = await refusal(resolve('test:SIGTERM'));
    expect(second.message).toMatch(/ended by SIGTERM\. Last line: Error: of test:SIGTERM$/);
  });

  it.each([
    ['garbage', 'writeSync(3, "garbage\\n")'],
    [
      'an answer nobody asked for, and garbage',
      'writeSync(3, \'{"jsonrpc":"2.0","id":77,"result":1}\\n[]\\n\')',
    ],
  ])('that writes %s is ended and started again', async (_what, write) => {
    const fixture = sourcePlugin(
      `{ resolve: async (uri) => { if (uri === 'test:bad') ${write}; return single(uri); } }`,
    );
    start({ a: { ...fixture, code: `import { writeSync } from 'node:fs';\n${fixture.code}` } });
    await resolve();
    const { pid } = host.view('a');
    await resolve('test:bad').catch(() => undefined);
    await until('the process is gone', () => !isAlive(pid ?? 0));
    expect(await resolve()).toMatchObject({ kind: 'single' });
    expect(host.view('a').generation).toBe(2);
  });

  it('that fills its memory ends for that, and not with the memory of the machine', async () => {
    start({
      a: sourcePlugin(
        `{ resolve: async () => { const all = []; for (;;) all.push(new Array(100_000).fill(all.length)); } }`,
      ),
    });
    expect((await refusal(resolve())).message).toMatch(/Last line: FATAL ERROR: .*heap out of memory/);
  });

  it('whose code throws outside of any call ends alone', async () => {
    start({
      a: sourcePlugin(
        `{ resolve: async (uri) => { setImmediate(() => { throw new Error('loose end'); }); return single(uri); } }`,
      ),
      b: {
        ...sourcePlugin('{}'),
        manifest: { contributes: { sources: [{ id: 't', schemes: ['other'] }] } },
        code: sourcePlugin('{}').code.replace("register('s'", "register('t'"),
      },
    });
    await host.manager.source('t').resolve('other:x');
    await resolve();
    await until('the crash is known', () => host.view('a').error !== null);
    expect(host.view('a').error?.message).toMatch(/Last line: Error: loose end/);
    expect(host.view('b')).toMatchObject({ state: 'active', generation: 1 });
  });

  it('hands over its errors whole, and what is not of the contract is refused with the place', async () => {
    start({
      a: sourcePlugin(`{ resolve: async (uri) => {
        if (uri === 'test:coded') throw new KinoportError('SOURCE_FORBIDDEN', 'Not you.', { hint: 'Ask.', data: { status: 403 } });
        if (uri === 'test:plain') throw new Error('oops');
        if (uri === 'test:nothing') return undefined;
        return { kind: 'single', items: [{ ...item(uri), size: 'big' }] };
      } }`),
    });
    expect(await refusal(resolve('test:coded'))).toMatchObject({
      code: 'SOURCE_FORBIDDEN',
      message: 'Not you.',
      hint: 'Ask.',
      data: { status: 403 },
    });
    expect(await refusal(resolve('test:plain'))).toMatchObject({
      code: 'INTERNAL',
      message: 'The plugin "a" failed: oops',
    });
    expect(await refusal(resolve('test:nothing'))).toMatchObject({ code: 'PLUGIN_PROTOCOL' });
    expect(await refusal(resolve())).toMatchObject({
      code: 'PLUGIN_PROTOCOL',
      message: expect.stringContaining('/items/0/size'),
    });
    expect(host.view('a').generation).toBe(1);
  });

  it('is told when a call is cancelled', async () => {
    start({
      a: sourcePlugin(`{ resolve: (uri, { signal }) => uri === 'test:x' ? new Promise(() => {
        console.log('waiting');
        signal.addEventListener('abort', () => console.log('cancelled', signal.reason.code));
      }) : Promise.resolve(single(uri)) }`),
    });
    const abort = new AbortController();
    const call = refusal(host.manager.source('s').resolve('test:x', { signal: abort.signal }));
    await until('the call is there', () => host.pluginLog('a').includes('waiting'));
    abort.abort();
    expect((await call).code).toBe('ABORTED');
    await until('the plugin knows', () => host.pluginLog('a').includes('cancelled ABORTED'));
  });
});

describe('the end of a plugin', () => {
  const orderly = sourcePlugin(
    '{}',
    `const note = (text) => console.log(text);
     ctx.subscriptions.add({ dispose: () => note('first acquired') });
     ctx.subscriptions.add({ dispose: async () => { await null; note('second acquired'); throw new Error('broken disposer'); } });
     ctx.subscriptions.add({ dispose: () => note('third acquired') });`,
  );
  const withDeactivate = {
    ...orderly,
    code: orderly.code.replace(/\}\);$/, ", deactivate() { console.log('deactivate'); } });"),
  };

  it('deactivates, then disposes last first, each in isolation, and the process is gone', async () => {
    start({ a: withDeactivate });
    await resolve();
    const { pid } = host.view('a');
    await host.manager.dispose();
    const lines = host
      .pluginLog('a')
      .split('\n')
      .filter((line) => /acquired$|^deactivate/.test(line));
    expect(lines).toEqual(['deactivate', 'third acquired', 'second acquired', 'first acquired']);
    expect(host.pluginLog('a')).toContain('broken disposer');
    expect(isAlive(pid ?? 0)).toBe(false);
    expect(host.view('a').state).toBe('resolved');
    expect((await refusal(resolve())).code).toBe('HOST_STOPPING');
  });

  it('is forced upon one that does not go', async () => {
    const clock = new VirtualClock();
    start(
      {
        a: sourcePlugin(
          '{}',
          `process.on('SIGTERM', () => console.log('not me')); ctx.subscriptions.add({ dispose: () => { console.log('stuck'); for (;;); } });`,
        ),
      },
      { clock },
    );
    await resolve();
    const { pid } = host.view('a');
    const stopped = host.manager.dispose();
    await until('it hangs', () => host.pluginLog('a').includes('stuck'));
    expect(isAlive(pid ?? 0)).toBe(true);
    await clock.advance(5_000);
    await clock.advance(2_000);
    await clock.advance(2_000);
    await stopped;
    expect(isAlive(pid ?? 0)).toBe(false);
  });

  it('comes with the end of the pipe', async () => {
    start({ a: sourcePlugin('{}') });
    await resolve();
    const plugin = host.manager.source('s').plugin;
    const { pid } = host.view('a');
    plugin.peer?.dispose();
    await until('the process is gone', () => !isAlive(pid ?? 0));
  });
});
