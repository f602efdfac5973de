import { setTimeout as pause } from 'node:timers/promises';
import type { DisposableStore } from '@kinoport/core';
import type { Table } from '../../../support/table.ts';
import { OWN, ROOM, withCrowd } from './loadOf.ts';

/** Bytes around each message below WebSocket: TCP and IP with their usual options, and the acknowledgement. */
const HEADERS = 52 + 52;
const MONTH = 30 * 86_400;
/** Seconds between two commands of a room. */
const COMMANDS_EVERY = 120;

/** What an operator has to reckon with, with what our own clients send: one relay that gets more and more members. */
export async function ownTraffic(table: Table, quick: boolean, owned: DisposableStore): Promise<void> {
  const [settle, ms] = quick ? [1000, 5000] : [3000, 15_000];
  await withCrowd(owned, { server: 'kinoport', rhythm: OWN }, async (crowd) => {
    for (const clients of quick ? [1000] : [100, 1000, 5000, 10_000]) {
      await crowd.grow(clients);
      await pause(settle);
      const figures = await crowd.watch(ms, clients / ROOM / COMMANDS_EVERY);
      const { bytes, messages, seconds } = figures.seen;
      const month = (payload: number, count: number): number =>
        (((payload + count * HEADERS) / seconds) * MONTH) / 1e9;
      table.add(`relay, ${clients} members of Kinoport: processor`, figures.processor, '% of a core');
      table.add('  memory', figures.memory, 'MB');
      table.add('  traffic to members, a month without a pause', month(bytes.read, messages.read), 'GB');
      table.add('  traffic from members', month(bytes.written, messages.written), 'GB');
    }
  });
}
