/** `ctx.secrets` and `ctx.attention`, from real processes. */
import { once } from '@kinoport/core';
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
const other = {
  manifest: { contributes: { sources: [{ id: 'o', schemes: ['other'] }] } },
  code: evaluating.code.replace("register('s'", "register('o'"),
};

async function ask(expression: string, source = 's'): Promise<unknown> {
  const { items } = await host.manager.source(source).resolve(`test:${expression}`);
  const { result, error } = (items[0]?.data ?? {}) as { result?: unknown; error?: unknown };
  return error === undefined ? result : { error };
}

describe('ctx.secrets', () => {
  it('are of one plugin, over its processes', async () => {
    host = new PluginHost({ a: evaluating, b: other });
    expect(await ask("ctx.secrets.get('token')")).toBeUndefined();
    await ask("ctx.secrets.set('token', 'open-sesame')");
    expect(await ask("ctx.secrets.get('token')")).toBe('open-sesame');
    expect(await ask("ctx.secrets.get('token')", 'o')).toBeUndefined();
    expect(await host.secrets.all('a')).toEqual({ token: 'open-sesame' });
    await ask('setImmediate(() => process.exit(1))').catch(() => undefined);
    await until('it has ended', () => host.view('a').state !== 'active');
    expect(await ask("ctx.secrets.get('token')")).toBe('open-sesame');
    expect(host.view('a').generation).toBe(2);
    await ask("ctx.secrets.set('token', undefined)");
    expect(await ask("ctx.secrets.get('token')")).toBeUndefined();
  });

  it('have limits, and say which', async () => {
    host = new PluginHost({ a: evaluating });
    for (const [call, error] of [
      ["set('', 'v')", 'INVALID_ARGUMENT'],
      ["set('x'.repeat(201), 'v')", 'INVALID_ARGUMENT'],
      ["set('n', 5)", 'INVALID_ARGUMENT'],
      ["get({ plugin: 'b' })", 'INVALID_ARGUMENT'],
      ["set('n', 'x'.repeat(16 * 1024 + 1))", 'STORAGE_LIMIT'],
    ] as const)
      expect(await ask(`ctx.secrets.${call}`), call).toEqual({ error });
    await ask("ctx.secrets.set('n', 'x'.repeat(16 * 1024))");
    expect(await ask("(await ctx.secrets.get('n')).length")).toBe(16 * 1024);
  });

  it('do not come into the log of the plugin or of the host, however they are printed', async () => {
    host = new PluginHost({ a: evaluating });
    await ask("ctx.secrets.set('token', 'open-\"sesame')");
    for (const print of [
      "ctx.log.warn('with ' + t, { t })",
      'console.log(t, [t])',
      "process.stdout.write(Buffer.from(t + '\\n'))",
      "process.stderr.write(new TextEncoder().encode(t + '\\n'))",
      "ctx.attention.request({ code: 'LOGIN_EXPIRED', message: 'No login with ' + t })",
      "ctx.attention.request({ code: 'login', message: t })",
    ])
      await ask(`(async () => { const t = await ctx.secrets.get('token'); ${print}; })()`);
    expect(host.view('a').attention?.message).toBe('No login with [secret]');
    expect(host.pluginLog('a')).not.toContain('sesame');
    expect(host.pluginLog('a').match(/\[secret\]/g)).toHaveLength(6);
    // What Node itself prints at the end goes past; the host takes it out of what it quotes.
    await ask("ctx.secrets.get('token').then((t) => setImmediate(() => { throw new Error(t) }))");
    await until('it has crashed', () => host.view('a').error !== null);
    expect(host.log.join('')).not.toContain('sesame');
    expect(JSON.stringify(host.view('a'))).not.toContain('sesame');
  });
});

describe('ctx.attention', () => {
  const request = { code: 'LOGIN_EXPIRED', message: 'The login has expired.', action: 'Log in.' };

  it('shows with the plugin until it is replaced, cleared, or the process ends', async () => {
    host = new PluginHost({ a: evaluating });
    const seen: unknown[] = [];
    host.attention.onDidChange(({ plugin, request: asked }) => seen.push([plugin, asked?.code ?? null]));
    const told = () => once(host.attention.onDidChange);
    expect(host.view('a').attention).toBeNull();
    let change = told();
    await ask(`ctx.attention.request(${JSON.stringify(request)})`);
    await change;
    expect(host.view('a').attention).toEqual(request);
    await ask(`ctx.attention.request(${JSON.stringify(request)})`);
    change = told();
    await ask("ctx.attention.request({ code: 'QUOTA', message: 'Full.' })");
    await change;
    expect(host.view('a').attention).toEqual({ code: 'QUOTA', message: 'Full.' });
    change = told();
    await ask('ctx.attention.clear()');
    await change;
    expect(host.view('a').attention).toBeNull();
    change = told();
    await ask(`ctx.attention.request(${JSON.stringify(request)})`);
    await change;
    change = told();
    await ask('setImmediate(() => process.exit(1))').catch(() => undefined);
    await change;
    expect(host.view('a').attention).toBeNull();
    await ask('1');
    expect(host.view('a').attention).toBeNull();
    expect(seen).toEqual([
      ['a', 'LOGIN_EXPIRED'],
      ['a', 'QUOTA'],
      ['a', null],
      ['a', 'LOGIN_EXPIRED'],
      ['a', null],
    ]);
  });

  it('is dropped and noted when it is not of the contract', async () => {
    host = new PluginHost({ a: evaluating });
    for (const wrong of [
      "{ code: 'lower', message: 'x' }",
      "{ code: 'OK_CODE' }",
      "{ code: 'OK_CODE', message: '' }",
      "{ code: 'OK_CODE', message: 'x'.repeat(501) }",
      "{ code: 'OK_CODE', message: 'x', action: 5 }",
      "'LOGIN_EXPIRED'",
    ])
      await ask(`ctx.attention.request(${wrong})`);
    const change = once(host.attention.onDidChange);
    await ask("ctx.attention.request({ code: 'OK_CODE', message: 'x', more: true })");
    await change;
    expect(host.view('a').attention).toEqual({ code: 'OK_CODE', message: 'x' });
    expect(host.log.filter((line) => line.includes('attention'))).toHaveLength(6);
  });

  it('is noted no more than 20 times of a process that says it in a loop', async () => {
    host = new PluginHost({ a: evaluating });
    const change = once(host.attention.onDidChange);
    await ask(
      "(() => { for (let n = 0; n < 200; n += 1) ctx.attention.request('x'); ctx.attention.request({ code: 'OK_CODE', message: 'x' }); })()",
    );
    await change;
    const told = host.log.filter((line) => line.includes('attention'));
    expect(told).toHaveLength(20);
    expect(told.at(-1)).toContain('nothing is told of what follows');
  });
});
