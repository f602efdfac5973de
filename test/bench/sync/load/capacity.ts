import { setTimeout as pause } from 'node:timers/promises';
import type { DisposableStore } from '@kinoport/core';
import type { Table } from '../../../support/table.ts';
import { type Crowd, EVEN, percentile, withCrowd } from './loadOf.ts';
import { has } from './servers.ts';

/** Percent of a core at which a server counts as full. */
const FULL = 80;
/** Where the growth aims at: the next step is to be near, and on the other side of it. */
const AIM = 84;
const SETTLE = 1500;
const WATCHED = 4000;
const FIRST = 2000;
/** The relay's, and the peer's, whose most is less. */
const LARGEST_STEP = { kinoport: 4000, syncplay: 2000 } as const;
const SMALLEST_STEP = 400;
/** Milliseconds after which a server is not filled any further. */
const PATIENCE = 90_000;
/** How much faster than once a second members speak at most, where there are no more members to be had. */
const FASTEST = 8;

interface Step {
  readonly clients: number;
  /** Messages a second from each member, and to each. */
  readonly pace: number;
  readonly processor: number;
  readonly p99: number;
  /** Percent of a core that the generators took. */
  readonly generators: number;
  readonly lost: number;
}

/** How many clients bring the relay, and the peer, to 80 % of a core; and both with as many as the peer can take. */
export async function capacity(table: Table, owned: DisposableStore): Promise<void> {
  const peer = has('syncplay-server')
    ? await withCrowd(owned, { server: 'syncplay' }, (crowd) => fill(crowd))
    : [];
  const peerMost = peer.length > 0 ? atFull(peer) : undefined;
  const compared = peer.findLast(({ processor }) => processor <= FULL);
  const [ours, same] = await withCrowd(owned, { server: 'kinoport' }, async (crowd) => {
    const first = compared && (await stepTo(crowd, compared.clients));
    return [await fill(crowd, { known: first ? [first] : [] }), first];
  });
  const details =
    peerMost === undefined
      ? {}
      : { peer: { name: 'syncplay-server', value: peerMost }, atLeast: Math.round(peerMost) };
  const most = atFull(ours);
  const last = ours.at(-1);
  table.add(`relay at ${FULL} % of a core: messages a second, each way`, most, 'messages', details);
  if (last)
    table.add('  members whose messages these are', Math.min(most, last.clients), 'members', {
      ...(peerMost === undefined ? {} : { peer: { name: 'syncplay-server', value: peerMost } }),
    });
  const full = ours.findLast(({ processor }) => processor <= FULL) ?? last;
  if (full) {
    table.add('  command to each of the others, p99', full.p99, 'ms');
    table.add('  processor of the load generators', full.generators, '% of a core');
  }
  if (same && compared)
    table.add(`  with ${same.clients}, as the peer can have: p99 of a command`, same.p99, 'ms', {
      peer: { name: 'syncplay-server', value: compared.p99 },
      atMost: Number(compared.p99.toPrecision(4)),
    });
}

/** Members who speak once a second; where the machine gives no more of them, ours speak faster. */
async function fill(
  crowd: Crowd,
  { known = [] }: { readonly known?: readonly Step[] } = {},
): Promise<readonly Step[]> {
  const steps = [...known];
  const most = crowd.server.mostConnections;
  const largestStep = LARGEST_STEP[crowd.name];
  const began = performance.now();
  while (performance.now() - began < PATIENCE) {
    const last = steps.at(-1);
    if (last && (last.processor >= FULL || last.lost > 0)) break;
    const wanted = last ? aim(last, largestStep) : FIRST;
    const clients = Math.min(roundedDown(wanted), roundedDown(most));
    if (clients > crowd.clients) steps.push(await stepTo(crowd, clients));
    else if (last && crowd.name === 'kinoport' && last.pace < FASTEST)
      steps.push(await stepAt(crowd, Math.min(FASTEST, aim(last, largestStep) / last.clients)));
    else break;
  }
  return steps;
}

/** Messages a second for the next step, as if the processor's share grew with them alone. */
function aim({ clients, pace, processor }: Step, largestStep: number): number {
  const now = clients * pace;
  const straight = (now * AIM) / Math.max(processor, 1);
  return Math.min(now + largestStep, Math.max(now + SMALLEST_STEP, straight));
}

const roundedDown = (clients: number): number => Math.floor(clients / 4) * 4;

async function stepTo(crowd: Crowd, clients: number): Promise<Step> {
  await crowd.grow(clients);
  return look(crowd, 1);
}

async function stepAt(crowd: Crowd, pace: number): Promise<Step> {
  await crowd.pace({ ...EVEN, time: EVEN.time / pace });
  return look(crowd, pace);
}

async function look(crowd: Crowd, pace: number): Promise<Step> {
  await pause(SETTLE);
  const { processor, seen } = await crowd.watch(WATCHED);
  return {
    clients: crowd.clients,
    pace,
    processor,
    p99: percentile(seen.delays, 0.99),
    generators: 100 * seen.processor,
    lost: seen.lost,
  };
}

/** Messages a second each way at which a server is full, between the last two steps; beyond them: those of the last. */
function atFull(steps: readonly Step[]): number {
  const messages = ({ clients, pace }: Step): number => clients * pace;
  const [above, below] = [steps.at(-1), steps.findLast(({ processor }) => processor < FULL)];
  if (!above) return Number.NaN;
  if (!below || above.processor <= FULL) return messages(above);
  const share = (FULL - below.processor) / (above.processor - below.processor);
  return messages(below) + share * (messages(above) - messages(below));
}
