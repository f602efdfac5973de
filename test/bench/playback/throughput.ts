import { type ChildProcess, fork } from 'node:child_process';
import { statSync } from 'node:fs';
import { connect } from 'node:net';
import { LabHome } from '../../support/lab/home.ts';
import { cpuSeconds } from '../../support/lab/processes.ts';
import { instant } from '../../support/lab/waiting.ts';
import { inRepository } from '../../support/repository.ts';
import { interleave } from '../../support/table.ts';

const MEGABYTE = 1e6;

export interface Throughput {
  /** Megabytes per second, for each round. */
  readonly front: readonly number[];
  readonly server: readonly number[];
  /** Milliseconds of processor time for a megabyte. */
  readonly hostCpu: readonly number[];
  readonly pluginCpu: readonly number[];
  readonly serverCpu: readonly number[];
}

/** A file read whole, from a plain server and from the stream front with that server behind its source plugin. */
export async function throughput(file: string, rounds: number): Promise<Throughput> {
  const peer = fork(inRepository('test/bench/playback/fileServer.ts'), [file]);
  const port = await new Promise<number>((resolve, reject) => {
    peer.once('message', (message) => resolve(Number(message)));
    peer.once('error', reject);
  });
  const home = new LabHome({ mpvArgs: ['--cache=no'] });
  try {
    const direct = `http://127.0.0.1:${port}/film.mkv`;
    const run = home.start('play', direct, '--paused', '--json');
    await run.line('it is open', (line) => line.status === 'paused');
    const url = await home.streamUrl();
    const pids = { host: await home.hostPid(), plugin: await home.pluginPid('files'), peer: pidOf(peer) };
    const megabytes = statSync(file).size / MEGABYTE;
    const cpu = { host: [] as number[], plugin: [] as number[], peer: [] as number[] };
    const measured = async (address: string, watched: readonly (keyof typeof pids)[]): Promise<number> => {
      const before = watched.map((name) => cpuSeconds(pids[name]));
      const began = instant();
      const bytes = await drain(address);
      const seconds = (instant() - began) / 1000;
      if (bytes < megabytes * MEGABYTE) throw new Error(`Only ${bytes} bytes came from ${address}.`);
      watched.forEach((name, i) => {
        cpu[name].push(((cpuSeconds(pids[name]) - (before[i] ?? 0)) * 1000) / megabytes);
      });
      return megabytes / seconds;
    };
    await measured(url, []);
    const speed = await interleave(rounds, {
      front: () => measured(url, ['host', 'plugin']),
      server: () => measured(direct, ['peer']),
    });
    return { ...speed, hostCpu: cpu.host, pluginCpu: cpu.plugin, serverCpu: cpu.peer };
  } finally {
    peer.disconnect();
    await home.dispose();
  }
}

function pidOf(child: ChildProcess): number {
  if (child.pid === undefined) throw new Error('The file server did not start.');
  return child.pid;
}

/** Takes the bytes off a bare socket, so that the reader costs as little as it can. */
function drain(url: string): Promise<number> {
  const { hostname, port, pathname, host } = new URL(url);
  return new Promise((resolve, reject) => {
    let bytes = 0;
    const socket = connect(Number(port), hostname, () => {
      socket.write(`GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    });
    socket.on('data', (chunk) => {
      bytes += chunk.length;
    });
    socket.once('end', () => resolve(bytes));
    socket.once('error', reject);
  });
}
