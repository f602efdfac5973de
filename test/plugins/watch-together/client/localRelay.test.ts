/** The relay that a machine starts for itself, as a process of the built program. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CommandArguments, type Processes, systemClock } from '@kinoport/core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { LocalRelay } from '../../../../plugins/watch-together/src/client/localRelay.ts';
import { inRepository } from '../../../support/repository.ts';
import { Peer } from '../relay/peer.ts';

let folder: string;
let children: ChildProcess[];
/** What it was started with, one after the other. */
let orders: CommandArguments['options'][];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'relay-own-'));
  children = [];
  orders = [];
});
afterEach(async () => {
  for (const child of children) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  rmSync(folder, { recursive: true, force: true });
});

/** As the host does it, but for permissions. */
const processes: Pick<Processes, 'spawnCommand'> = {
  async spawnCommand(_command, { options = {} } = {}) {
    orders.push(options);
    const { 'end-when-empty': _, ...given } = options;
    const words = Object.entries(given).map(([name, value]) =>
      value === true ? `--${name}` : `--${name}=${value}`,
    );
    const program = inRepository('plugins/watch-together/dist/relay.js');
    const child = spawn(process.execPath, [program, ...words, '--end-when-empty=2'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    children.push(child);
    let output = '';
    child.stderr.on('data', (data: Buffer) => {
      output += data;
    });
    const exited = once(child, 'close').then(([exitCode, signal]) => ({ exitCode, signal, output }));
    return { pid: child.pid ?? 0, exited, kill: async () => void child.kill('SIGKILL') };
  },
};

const local = (): LocalRelay => new LocalRelay({ clock: systemClock, processes, folder });

it('is found again by the next process of the plugin, and ends when nobody needs it', async () => {
  const first = local();
  const [one, same] = await Promise.all([first.get('machine'), first.get('machine')]);
  expect(same).toEqual(one);
  expect(one.lines).toEqual([`Only this machine can reach it: ${one.address}`]);
  const next = local();
  expect(await next.running()).toEqual([one.address]);
  expect((await next.get('machine')).address).toBe(one.address);
  {
    await using ann = await Peer.greet(one.address);
    await ann.create();
    expect(await next.running()).toEqual([one.address]);
    ann.send({ type: 'leave', id: 2 });
    await ann.closed;
  }
  const running = children.find(({ exitCode }) => exitCode === null);
  expect(running && (await once(running, 'exit'))).toEqual([0, null]);
  expect(await next.running()).toEqual([]);
  expect(readdirSync(folder)).toEqual([]);
});

it('is the one of another process of the plugin that was faster', async () => {
  const file = join(folder, 'relay-machine.json');
  const { address } = await local().get('machine');
  const told = readFileSync(file);
  rmSync(file);
  const overtaken: typeof processes = {
    async spawnCommand(command, { options } = {}) {
      const own = { ...options, 'ready-file': join(folder, 'overwritten.json') };
      const child = await processes.spawnCommand(command, { options: own });
      writeFileSync(file, told);
      return child;
    },
  };
  const late = new LocalRelay({ clock: systemClock, processes: overtaken, folder });
  expect((await late.get('machine')).address).toBe(address);
  const left = () => children.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null);
  await expect.poll(left).toHaveLength(1);
});

it('takes another port where its usual one is taken', async () => {
  const server = createServer().on('error', () => undefined);
  // Whoever has it already serves as well.
  await new Promise<void>((resolve) => {
    server.once('listening', resolve).once('error', () => resolve());
    server.listen(3001, '127.0.0.1');
  });
  try {
    const { address } = await local().get('machine');
    expect(orders.map(({ port }) => port)).toEqual([3001, 0]);
    expect(new URL(address).port).not.toBe('3001');
  } finally {
    server.close();
  }
});

it('is started anew when what is known of it is no longer so', async () => {
  writeFileSync(join(folder, 'relay-machine.json'), '{"pid":1,"port":9,"address":"http://x","lines":[]}');
  expect(await local().running()).toEqual([]);
  const { address } = await local().get('machine');
  expect(await local().running()).toEqual([address]);
});

it('is not what another program answers with at its port', async () => {
  const server = createHttpServer((_request, response) => response.end('{"status":"ok"}'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const { pid } = spawnSync(process.execPath, ['--version']);
    const told = { pid, port, address: `http://127.0.0.1:${port}`, lines: [] };
    writeFileSync(join(folder, 'relay-machine.json'), JSON.stringify(told));
    expect(await local().running()).toEqual([]);
  } finally {
    server.close();
  }
});

it('leaves alone at its end what another one has told of itself', async () => {
  await local().get('machine');
  const file = join(folder, 'relay-machine.json');
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), pid: 1 }));
  const child = children.at(-1);
  child?.kill('SIGTERM');
  expect(child && (await once(child, 'exit'))).toEqual([0, null]);
  expect(readdirSync(folder)).toEqual(['relay-machine.json']);
});

it('is for the network only where that is said', async () => {
  const { address, lines } = await local().get('network');
  expect(orders.at(-1)).toMatchObject({ host: '0.0.0.0', insecure: true, 'end-when-empty': 60 });
  expect(lines.length).toBeGreaterThan(0);
  // It listens at every address of this machine; loopback is the one that is tried.
  await using ann = await Peer.greet(`http://127.0.0.1:${new URL(address).port}`);
  expect((await ann.create()).participant).toBe('p1');
});
