import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PluginTestReport } from '../../../../host/src/plugins/testing/report.ts';
import { filesOf } from '../../../outside/documentation.ts';
import { CliHome } from '../support/cliHome.ts';

const SOURCE = { contributes: { sources: [{ id: 'leaky', schemes: ['leaky'] }] } };

/** A source of one item of 20 000 zeros; `activate` and `release` are given. */
const source = (activate: string, release = 'await streams.get(id)?.dispose();'): string => `
import { definePlugin, KinoportError } from '@kinoport/core';
import { createServer } from 'node:net';
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
const size = 20_000;
const bytes = new Uint8Array(size);
export default definePlugin({ activate(ctx) {
  const streams = new Map();
  ${activate}
  const check = (signal) => { if (signal?.aborted) throw new KinoportError('ABORTED', 'Called off.'); };
  ctx.sources.register('leaky', {
    async resolve(uri, { signal }) {
      check(signal);
      if (uri !== 'leaky:1') throw new KinoportError('SOURCE_NOT_FOUND', 'There is no such item.');
      return { kind: 'single', items: [{ key: 'leaky:1', uri, title: 'One', kind: 'video', size }] };
    },
    async open(item, { streamId, signal }) {
      check(signal);
      if (item.uri !== 'leaky:1') throw new KinoportError('SOURCE_NOT_FOUND', 'There is no such item.');
      streams.set(streamId, await ctx.streams.publish({ id: streamId, size, type: 'video/mp4',
        async *read(start, end) { yield bytes.subarray(start, end); } }));
      return { location: { type: 'published' }, size };
    },
    async release(id) { ${release} },
  });
} });`;

const CONFORMANCE = `export default { sources: { leaky: {
  samples: [{ uri: 'leaky:1', kind: 'single', bytes: new Uint8Array(20_000) }], missing: 'leaky:2' } } };`;

let home: CliHome;
beforeEach(() => {
  home = new CliHome();
});
afterEach(() => home.dispose());

function leaky(activate: string, release?: string): string {
  const root = home.plugin('leaky', SOURCE, source(activate, release));
  writeFileSync(join(root, 'kinoport.conformance.js'), CONFORMANCE);
  return root;
}

async function tested(root: string, ...more: readonly string[]) {
  const { code, stdout, stderr } = await home.run('plugin', 'test', root, '--json', ...more);
  if (stdout === '') throw new Error(stderr);
  return { code, report: JSON.parse(stdout) as PluginTestReport };
}

const failed = ({ suites }: PluginTestReport): string[] =>
  suites.flatMap(({ results }) => results.filter(({ status }) => status === 'failed').map(({ id }) => id));

describe('plugin test', () => {
  it('passes a plugin that keeps its contract and leaves nothing behind', async () => {
    const { code, report } = await tested(leaky(''));
    expect(report.error).toBeNull();
    expect(failed(report)).toEqual([]);
    expect(report.leftBehind).toEqual([]);
    expect(code).toBe(0);
    expect(report).toMatchObject({ ok: true, plugin: { id: 'leaky', version: '1.0.0' } });
    for (const time of Object.values(report.times)) expect(time).toBeGreaterThan(0);
    expect(report.suites[0]?.results.filter(({ status }) => status === 'passed').length).toBeGreaterThan(15);
  }, 60_000);

  it('gives it the secrets that its conformance file has', async () => {
    const configuration = {
      type: 'object',
      additionalProperties: false,
      required: ['token'],
      properties: { token: { type: 'string', secret: true }, size: { type: 'number', default: 1 } },
    };
    const root = home.plugin(
      'leaky',
      { contributes: { ...SOURCE.contributes, configuration } },
      source("if (ctx.config.value.token !== 'open' || ctx.config.value.size !== 2) throw new Error('no');"),
    );
    const setting = CONFORMANCE.replace('{', "{ config: { token: 'open', size: 2 },");
    writeFileSync(join(root, 'kinoport.conformance.js'), setting);
    const { code, report } = await tested(root, '--only', 'source.resolve.items');
    expect(report.error).toBeNull();
    expect(code).toBe(0);

    writeFileSync(join(root, 'kinoport.conformance.js'), CONFORMANCE);
    const without = await tested(root);
    expect(without.report.error).toMatchObject({
      code: 'SECRET_MISSING',
      hint: expect.stringContaining('kinoport.conformance'),
    });
  }, 60_000);

  it('shows a line for each clause, and the sentence of what was seen of one that fails', async () => {
    const root = leaky('', "throw new Error('no release');");
    const { code, stdout } = await home.run('plugin', 'test', root, '--only', 'source.release');
    expect(code).toBe(1);
    expect(stdout).toContain('kinoport-plugin-leaky 1.0.0 (leaky)');
    expect(stdout).toContain('source.release.again');
    expect(stdout).toContain('no release');
    expect(stdout).toMatch(/\d passed, 2 failed/);
  }, 60_000);

  it.each([
    ['a timer', 'setInterval(() => {}, 1000);', /a timer .*Timeout/],
    ['a server', "createServer().listen(0, '127.0.0.1');", /a server that listens .*TCPServerWrap/],
    [
      'a file in the runtime folder',
      "writeFileSync(join(ctx.folders.runtime, 'x.sock'), '');",
      /a file in the runtime folder: x\.sock/,
    ],
    [
      'a disposer that fails',
      "ctx.subscriptions.add({ dispose() { throw new Error('stuck'); } });",
      /disposal failed: stuck/,
    ],
  ])(
    'finds what is left behind: %s',
    async (_what, activate, expected) => {
      const { code, report } = await tested(leaky(activate), '--only', 'source.resolve.items');
      expect(report.leftBehind).toEqual([expect.stringMatching(expected)]);
      expect(code).toBe(1);
    },
    60_000,
  );

  it('runs a plugin under its permissions: it starts no program by itself', async () => {
    const { code, report } = await tested(leaky("spawn(process.execPath, ['--version']);"));
    expect(code).toBe(1);
    expect(report.error).toMatchObject({ code: 'PERMISSION_DENIED' });
    expect(report.error?.hint).toContain('ctx.processes');
  }, 60_000);

  it('says why a plugin does not start, and tells of a faulty manifest before anything is run', async () => {
    const root = leaky("throw new Error('not today');");
    const { code, report } = await tested(root);
    expect(code).toBe(1);
    expect(report.error).toMatchObject({ code: 'PLUGIN_ACTIVATE_FAILED' });
    writeFileSync(join(root, 'package.json'), '{ "name": 5 }');
    const { code: faulty, stderr } = await home.run('plugin', 'test', root);
    expect(faulty).toBe(1);
    expect(stderr).toContain('PLUGIN_MANIFEST_INVALID');
  }, 60_000);

  it('refuses a kinoport.conformance.js that it cannot use', async () => {
    const root = leaky('');
    writeFileSync(join(root, 'kinoport.conformance.js'), 'export default { sourcs: {} };');
    const { code, stderr } = await home.run('plugin', 'test', root);
    expect(code).toBe(2);
    expect(stderr).toContain('sourcs');
  }, 60_000);

  it('runs the player of docs/plugins without anything but what comes with the program', async () => {
    const root = join(home.folder, 'documented');
    for (const [name, text] of filesOf('docs/plugins')) {
      mkdirSync(dirname(join(root, name)), { recursive: true });
      writeFileSync(join(root, name), text);
    }
    const before = readdirSync(tmpdir()).filter((name) => name.startsWith('kp-test-'));
    const { report } = await tested(root, '--only', 'player.pause');
    expect(failed(report)).toEqual([]);
    expect(report.suites.map(({ contract, id }) => `${contract} ${id}`)).toEqual([
      'player null',
      'source demo',
    ]);
    expect(report.suites[1]?.skipped).toContain('kinoport.conformance.js');
    const after = readdirSync(tmpdir()).filter((name) => name.startsWith('kp-test-'));
    expect(after.filter((name) => !before.includes(name))).toEqual([]);
  }, 60_000);
});
