import { readdirSync, readFileSync } from 'node:fs';
import { sleep, systemClock } from '@kinoport/core';
import type { DeactivateResult, ReportResult } from '../../rpc/protocol.ts';
import { pluginFolders } from '../permissions/pluginFolders.ts';
import { checks } from '../schemas.ts';
import type { TestHost } from './testHost.ts';

/** Milliseconds that sockets and children have to go after deactivation. */
const PATIENCE = 2_000;
const POLL = 50;

const NAMES: Readonly<Record<string, string>> = {
  Timeout: 'a timer',
  TCPSocketWrap: 'a connection',
  TCPServerWrap: 'a server that listens',
  TCPWrap: 'a connection',
  PipeWrap: 'a pipe or unix socket',
  PipeServerWrap: 'a unix socket that listens',
  UDPWrap: 'a datagram socket',
  ProcessWrap: 'a child process',
  FSEventWrap: 'a watch on a file',
  StatWatcher: 'a watch on a file',
  SignalWrap: 'a handler of a signal',
  MessagePort: 'a worker or message port',
  Worker: 'a worker',
};

/** Deactivates the plugin, ends its host, and says what is still there, a sentence each. */
export async function deactivated(host: TestHost): Promise<readonly string[]> {
  const { peer, pid } = host.plugin;
  const left: string[] = [];
  const children = pid === undefined ? [] : childrenOf(pid);
  if (peer && !peer.isClosed) {
    try {
      const answer = await peer.call<unknown>('deactivate', {}, { timeout: 6_000 });
      if (checks.deactivated.is(answer)) left.push(...(answer satisfies DeactivateResult).problems);
      left.push(...(await resources(host)));
    } catch (error) {
      left.push(`deactivation did not come to its end: ${error instanceof Error ? error.message : error}`);
    }
  }
  left.push(...host.front.ids.map((id) => `the stream ${id} is still published`));
  const running = await settled(async () => host.running());
  for (const { id, pid: program } of running) {
    left.push(`the program of session ${id} still runs (pid ${program})`);
    await host.kill(id);
  }
  await host.stop();
  const orphans = await settled(async () => children.filter((child) => isRunning(child)));
  left.push(...orphans.map(({ pid: child, name }) => `a child process still runs: ${name} (pid ${child})`));
  const { runtime } = pluginFolders(host.home, host.plugin.id, host.plugin.definition.root);
  left.push(...filesIn(runtime).map((name) => `a file in the runtime folder: ${name}`));
  return left;
}

/** What keeps the process alive that is to have given everything back. */
async function resources(host: TestHost): Promise<readonly string[]> {
  const { peer } = host.plugin;
  const found = await settled(async () => {
    const answer = await peer?.call<unknown>('report', {}, { timeout: PATIENCE });
    return checks.report.is(answer) ? (answer satisfies ReportResult).resources : [];
  });
  const counts = new Map<string, number>();
  for (const type of found) counts.set(type, (counts.get(type) ?? 0) + 1);
  return [...counts].map(
    ([type, count]) =>
      `${NAMES[type] ?? 'something'} keeps the process alive (${type}${count > 1 ? `, ${count} of them` : ''})`,
  );
}

/** What is still found after the patience is over; nothing as soon as nothing is found. */
async function settled<T>(find: () => Promise<readonly T[]>): Promise<readonly T[]> {
  const end = systemClock.now() + PATIENCE;
  for (;;) {
    const found = await find();
    if (found.length === 0 || systemClock.now() > end) return found;
    await sleep(systemClock, POLL);
  }
}

interface Child {
  readonly pid: number;
  readonly name: string;
  readonly start: string;
}

/** Processes that the plugin started by itself, not through `ctx.processes`. Linux only; elsewhere none is found. */
function childrenOf(parent: number): readonly Child[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    const child = statOf(Number(name));
    return child && child.parent === parent ? [child] : [];
  });
}

function isRunning(child: Child): boolean {
  const now = statOf(child.pid);
  return now !== undefined && now.start === child.start && now.state !== 'Z';
}

function statOf(pid: number): (Child & { readonly parent: number; readonly state: string }) | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const name = text.slice(text.indexOf('(') + 1, text.lastIndexOf(')'));
    const [state = '', parent, ...fields] = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { pid, name, state, parent: Number(parent), start: fields[17] ?? '' };
  } catch {
    return undefined;
  }
}

function filesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
