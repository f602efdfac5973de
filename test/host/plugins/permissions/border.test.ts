/** The table of what plugins are kept from, row by row, with a real plugin on each version of Node. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isKinoportError, systemClock } from '@kinoport/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseConfig } from '../../../../host/src/config/parseConfig.ts';
import { prepareHome } from '../../../../host/src/home/prepareHome.ts';
import { resolveHome } from '../../../../host/src/home/resolveHome.ts';
import { discoverPlugins } from '../../../../host/src/plugins/discovery.ts';
import { BORDER, isStopped, NODE_OPTIONS } from '../../../../host/src/plugins/permissions/border.ts';
import { makePluginFolders, pluginFolders } from '../../../../host/src/plugins/permissions/pluginFolders.ts';
import { PluginProcess } from '../../../../host/src/plugins/process.ts';
import { until } from '../../../support/lab/waiting.ts';
import { lacksNode, pluginNode } from '../../../support/nodes.ts';
import { inRepository } from '../../../support/repository.ts';
import { needs } from '../../../support/system.ts';
import { PluginFolders } from '../support/pluginFolders.ts';
import { PROBE_CODE, PROBE_MANIFEST, type ProbeId } from './probes.ts';

const folders = new PluginFolders();
// Short, for the socket of the player.
const outside = mkdtempSync(join(tmpdir(), 'kp-o-'));
const home = resolveHome({ KINOPORT_HOME: join(folders.root, 'home') }, process.platform, '');
const programs: ChildProcess[] = [];
let server: Server;
let places: Record<string, string | number>;

beforeAll(async () => {
  prepareHome(home);
  writeFileSync(join(outside, 'secret'), 'secret');
  const root = folders.add(
    'probe',
    { kinoport: PROBE_MANIFEST },
    { 'index.js': PROBE_CODE, 'addon.node': '' },
  );
  symlinkSync(outside, join(root, 'link'));
  process.env.BORDER_SECRET = 'secret';
  server = createServer((_request, response) => response.end('hi')).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const other = makePluginFolders(pluginFolders(home, 'other', root));
  const player = join(outside, 'mpv.sock');
  if (!needs('mpv')) {
    const args = ['--idle=yes', '--no-config', '--vo=null', '--ao=null', `--input-ipc-server=${player}`];
    programs.push(spawn('mpv', args, { stdio: 'ignore' }));
    await until('the player listens', () => existsSync(player));
  }
  places = {
    outside,
    secret: join(outside, 'secret'),
    addon: join(root, 'addon.node'),
    runtime: home.runtime,
    compiled: other.compiled,
    port: (server.address() as AddressInfo).port,
    player,
  };
}, 30_000);

afterAll(async () => {
  delete process.env.BORDER_SECRET;
  for (const program of programs) program.kill('SIGKILL');
  server.close();
  rmSync(outside, { recursive: true, force: true });
  folders.dispose();
});

/** A generation of the probe on that Node; what it is told to try it tries. */
async function probe(node: ReturnType<typeof pluginNode>): Promise<PluginProcess> {
  const { config } = parseConfig('{ "plugins": { "./probe": true } }', 'config.jsonc');
  const [found] = discoverPlugins(config, folders.root, []);
  if (!found?.manifest) throw found?.error ?? new Error('The probe is not there.');
  const generation = new PluginProcess({
    plugin: { ...found, manifest: found.manifest },
    generation: 1,
    config: {},
    home,
    clock: systemClock,
    serve: () => undefined,
    runtime: inRepository('host/dist/runtime.js'),
    node,
  });
  await generation.activate();
  return generation;
}

describe.each(Object.keys(NODE_OPTIONS))('on Node %s', (major) => {
  describe.skipIf(lacksNode(major))('a plugin without a permission', () => {
    let node: ReturnType<typeof pluginNode>;
    let generation: PluginProcess;
    let ended: PromiseWithResolvers<Error>;

    beforeAll(async () => {
      node = pluginNode(major);
      await start();
    }, 30_000);
    afterAll(() => generation.kill());

    it('is held by the options that this Node has', () => {
      const known = NODE_OPTIONS['26'].filter((option) => node.options.has(option));
      expect(known.sort()).toEqual([...NODE_OPTIONS[major as keyof typeof NODE_OPTIONS]].sort());
    });

    it.each(
      BORDER.map((row) => [isStopped(row, { options: options(major) }) ? 'cannot' : 'can', row.what, row]),
    )('%s %s', async (_verb, _what, row) => {
      if (row.id === 'player-socket' && needs('mpv')) return;
      const victim = await victimProcess();
      const tried = attempt(row.id, { ...places, victim: victim.pid ?? 0 });
      if (isStopped(row, node)) {
        const error = await tried.then(
          () => undefined,
          (reason: unknown) => reason,
        );
        expect(String(error)).toContain('The plugin "probe" may not');
        expect(error).toMatchObject({ code: expect.stringMatching(/^(PERMISSION_DENIED|PLUGIN_CRASHED)$/) });
      } else {
        await tried;
        await outcome(row.id, victim);
      }
      victim.kill('SIGKILL');
    });

    /** Node throws some denials where nobody can catch them: they end the process, and its record says why. */
    async function attempt(id: ProbeId, it: object): Promise<void> {
      try {
        await generation.peer.call('service/call', {
          service: 'probe',
          method: id,
          params: it,
          caller: 'test',
        });
      } catch (error) {
        if (!isKinoportError(error, 'PLUGIN_CRASHED')) throw error;
        const crash = await ended.promise;
        await start();
        throw crash;
      }
    }

    async function start(): Promise<void> {
      const crash = Promise.withResolvers<Error>();
      ended = crash;
      generation = await probe(node);
      generation.onDidCrash(({ error }) => crash.resolve(error));
    }
  });
});

const options = (major: string) => new Set(NODE_OPTIONS[major as keyof typeof NODE_OPTIONS]);

async function victimProcess(): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  programs.push(child);
  await new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject));
  return child;
}

/** What was not stopped has happened. */
async function outcome(id: ProbeId, victim: ChildProcess): Promise<void> {
  if (id === 'signal') await until('the process ends', () => victim.signalCode === 'SIGTERM');
  const trace = join(outside, 'started-by-player');
  if (id === 'player-socket') {
    await until('the player has started a program', () => existsSync(trace));
    rmSync(trace);
  }
}
