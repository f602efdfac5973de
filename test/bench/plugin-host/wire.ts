import { spawn } from 'node:child_process';
import { instant } from '../../support/lab/waiting.ts';
import { call, echo, PluginHost, pluginOf, took } from './lab.ts';

const IN_FLIGHT = 64;
const PAYLOAD = { text: 'a call of ordinary size', list: [1, 2, 3], at: 1234.5678 };

/** Something that can be called and gives back what it gets. */
export interface Channel {
  readonly call: () => Promise<unknown>;
  readonly end: () => Promise<void>;
}

export async function pluginChannel(): Promise<Channel> {
  const host = new PluginHost({ wire: echo('wire') });
  const plugin = pluginOf(host, 'wire');
  await plugin.current();
  return { call: () => call(plugin, 'echo', PAYLOAD), end: () => host.dispose() };
}

/** What Node brings for two processes: no deadline, no cancellation, no limit, and ended by a line of garbage. */
export async function forkChannel(): Promise<Channel> {
  const code = "process.on('message', (message) => process.send(message));";
  const child = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const waiting = new Map<number, () => void>();
  let last = 0;
  child.on('message', (message: { readonly id: number }) => {
    waiting.get(message.id)?.();
    waiting.delete(message.id);
  });
  return {
    call: () =>
      new Promise((resolve) => {
        last += 1;
        waiting.set(last, () => resolve(undefined));
        child.send({ id: last, method: 'echo', params: PAYLOAD });
      }),
    end: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve());
        child.kill('SIGKILL');
      }),
  };
}

/** Microseconds of each of many calls, one after the other. */
export async function roundTrips(channel: Channel, count: number): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < count; i += 1) times.push((await took(channel.call)) * 1000);
  return times;
}

/** Calls a second with 64 under way. */
export async function rate(channel: Channel, count: number): Promise<number> {
  let left = count;
  const began = instant();
  const one = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await channel.call();
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, one));
  return count / ((instant() - began) / 1000);
}
