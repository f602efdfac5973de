import { setTimeout as pause } from 'node:timers/promises';
import { Outbox } from '../../../host/src/rpc/outbox.ts';
import { call, echo, memoryOf, PluginHost, pluginOf, took } from './lab.ts';

const EVENTS = 100_000;

export interface Flood {
  /** MB by which this process, in which the host runs, has grown at most. */
  readonly growth: number;
  /** Milliseconds of the calls of another plugin meanwhile. */
  readonly others: readonly number[];
  readonly failedCalls: number;
}

/** 100 000 events to a plugin that does not read: states that replace each other, and facts of which none may be lost. */
export async function flood(kind: 'states' | 'facts'): Promise<Flood> {
  const host = new PluginHost({ hung: echo('hung', 'hang: async () => { for (;;); },'), good: echo('good') });
  try {
    const [hung, good] = [pluginOf(host, 'hung'), pluginOf(host, 'good')];
    const [{ peer }] = await Promise.all([hung.current(), good.current()]);
    const outbox = new Outbox({
      send: (method, params) => peer.notify(method, params),
      onOverflow: (error) => peer.fail(error),
    });
    for (let n = 0; n < 500; n += 1) await call(good, 'echo', {});
    call(hung, 'hang', null).catch(() => undefined);
    await pause(200);
    globalThis.gc?.();
    const before = memoryOf('self').anonymous;
    let most = 0;
    const others: number[] = [];
    let failedCalls = 0;
    for (let n = 0; n < EVENTS; n += 1) {
      const value = {
        id: `session-${n % 3}`,
        state: { status: 'playing', position: n / 10, at: n, epoch: 1 },
      };
      if (kind === 'states') outbox.state(`state:${n % 3}`, 'playback/event', { type: 'state', value });
      else outbox.fact('playback/event', { type: 'end', value, padding: 'x'.repeat(100) });
      if (n % 1_000 > 0) continue;
      most = Math.max(most, memoryOf('self').anonymous - before);
      try {
        others.push(await took(() => call(good, 'echo', {})));
      } catch {
        failedCalls += 1;
      }
    }
    return { growth: Math.max(most, memoryOf('self').anonymous - before), others, failedCalls };
  } finally {
    await host.dispose();
  }
}
