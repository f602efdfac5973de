/** What a plugin has through `ctx`, from its own process. */
import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../../support/lab/waiting.ts';
import { PluginHost, sourcePlugin } from './support/pluginHost.ts';

let host: PluginHost;

afterEach(() => host.dispose());

/** A plugin that runs an expression over `ctx` for each address and gives back what it makes of it. */
const evaluating = sourcePlugin(
  `{ resolve: async (uri) => {
      const [result, error] = await Promise.resolve()
        .then(() => new Function('ctx', 'return (async () => ' + uri.slice(5) + ')()')(ctx))
        .then((value) => [value], (thrown) => [undefined, thrown.code ?? String(thrown)]);
      return { kind: 'single', items: [{ ...item('test:x'), data: { result, error } }] };
    } }`,
);

async function ask(expression: string, source = 's'): Promise<unknown> {
  const { items } = await host.manager.source(source).resolve(`test:${expression}`);
  const { result, error } = (items[0]?.data ?? {}) as { result?: unknown; error?: unknown };
  return error === undefined ? result : { error };
}

describe('ctx.storage', () => {
  const other = {
    manifest: { contributes: { sources: [{ id: 'o', schemes: ['other'] }] } },
    code: evaluating.code.replace("register('s'", "register('o'"),
  };

  it('keeps values of each plugin apart, over processes', async () => {
    host = new PluginHost({ a: evaluating, b: other });
    expect(await ask("ctx.storage.get('k')")).toBeUndefined();
    await ask("ctx.storage.set('k', { n: [1, null, 'ü'] })");
    await ask("ctx.storage.set('l', false)");
    expect(await ask("ctx.storage.get('k')")).toEqual({ n: [1, null, 'ü'] });
    expect(await ask('ctx.storage.keys()')).toEqual(['k', 'l']);
    expect(await ask("ctx.storage.get('k')", 'o')).toBeUndefined();
    await ask('setImmediate(() => process.exit(1))').catch(() => undefined);
    await until('it has ended', () => host.view('a').state === 'resolved');
    expect(await ask("ctx.storage.get('l')")).toBe(false);
    expect(host.view('a').generation).toBe(2);
    await ask("ctx.storage.set('k', undefined)");
    expect(await ask('ctx.storage.keys()')).toEqual(['l']);
  });

  it('holds 1 MiB and says so', async () => {
    host = new PluginHost({ a: evaluating });
    await ask("ctx.storage.set('big', 'x'.repeat(1_000_000))");
    expect(await ask("ctx.storage.set('more', 'x'.repeat(100_000))")).toEqual({ error: 'STORAGE_LIMIT' });
    expect(await ask('ctx.storage.keys()')).toEqual(['big']);
    expect(await ask("ctx.storage.get('')")).toEqual({ error: 'INVALID_ARGUMENT' });
    expect(await ask("ctx.storage.set('x'.repeat(201), 1)")).toEqual({ error: 'INVALID_ARGUMENT' });
  });
});

describe('ctx.config', () => {
  it('is the slice of the plugin, and tells of a new one only', async () => {
    host = new PluginHost({
      a: sourcePlugin(
        '{}',
        "console.log('begun', JSON.stringify(ctx.config.value)); ctx.config.onDidChange((value) => console.log('changed', JSON.stringify(value), ctx.config.value === value));",
      ),
    });
    await host.configure({ a: { n: 1 } });
    await host.manager.source('s').resolve('test:x');
    expect(host.pluginLog('a')).toContain('begun {"n":1}');
    await host.configure({ a: { n: 1 } });
    await host.configure({ a: { n: 2 } });
    await until('the change', () => host.pluginLog('a').includes('changed'));
    expect(host.pluginLog('a').match(/changed.*/g)).toEqual(['changed {"n":2} true']);
  });
});

describe('ctx.log', () => {
  it('is a file with a line for each message, and what the code prints is there, too', async () => {
    host = new PluginHost({ a: evaluating });
    await ask("ctx.log.warn('low', { bytes: 3 })");
    await ask("ctx.log.debug('deep')");
    await ask("console.error('printed')");
    const lines = host.pluginLog('a').trim().split('\n');
    expect(lines[0]).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z warn low \{"bytes":3\}$/);
    expect(lines[1]).toMatch(/ debug deep$/);
    expect(lines[2]).toBe('printed');
  });
});

describe('ctx.streams', () => {
  it('publishes what no session asked for, until it is disposed', async () => {
    host = new PluginHost({ a: evaluating });
    await host.front.start();
    const url = await ask(
      "(globalThis.published = await ctx.streams.publish({ size: 3, type: 'text/plain', name: 'a.srt', async *read(start, end) { yield Buffer.from('abc').subarray(start, end); } })).url",
    );
    const part = await fetch(String(url), { headers: { range: 'bytes=1-' } });
    expect([part.status, await part.text()]).toEqual([206, 'bc']);
    await ask('globalThis.published.dispose()');
    expect((await fetch(String(url))).status).toBe(404);
  });

  it('has the host ask no socket but one of its own', async () => {
    host = new PluginHost({ a: evaluating });
    await host.front.start();
    const url = await ask(`(async () => {
      const stream = { id: '0123456789abcdef0123456789abcdef', size: 1, type: 'text/plain' };
      const { url } = await ctx.streams.publish({ ...stream, async *read() { yield Buffer.of(65); } });
      const params = { ...stream, socketPath: '/tmp/somebody.else' };
      const line = JSON.stringify({ jsonrpc: '2.0', id: 987654, method: 'streams/publish', params });
      process.getBuiltinModule('node:fs').writeSync(3, line + '\\n');
      await ctx.storage.keys();
      return url;
    })()`);
    expect(await (await fetch(String(url))).text()).toBe('A');
  });

  it("cannot take another plugin's stream", async () => {
    const other = {
      manifest: { contributes: { sources: [{ id: 'o', schemes: ['other'] }] } },
      code: evaluating.code.replace("register('s'", "register('o'"),
    };
    host = new PluginHost({ a: evaluating, b: other });
    await host.front.start();
    const publish =
      "ctx.streams.publish({ id: '0123456789abcdef0123456789abcdef', size: 1, type: 'text/plain', async *read() { yield Buffer.of(65); } }).then(() => 'done')";
    expect(await ask(publish)).toBe('done');
    expect(await ask(publish, 'o')).toEqual({ error: 'INVALID_ARGUMENT' });
  });
});
