import { VirtualClock } from '@kinoport/core/testing';
import { pieceCount } from '../../../../plugins/torrent/src/torrent.ts';
import { type PeerOptions, SimulatedSwarm } from './simulatedSwarm.ts';

export const MIB = 1024 * 1024;
/** Bytes a second of a film of 6.08 Mbit/s. */
export const BITRATE = 760_000;

const delayOf = (i: number): number => 20 + ((i * 7) % 21);
const peers = (rates: readonly number[]): PeerOptions[] =>
  rates.map((rate, i) => ({ rate, delay: delayOf(i) }));

/** The swarms that streaming engines were compared in. */
export const scenarios = {
  fast1: peers([10e6]),
  mix4: peers([1.6e6, 1.2e6, 0.8e6, 0.4e6]),
  strag8: peers([...Array(3).fill(500e3), 10e3, ...Array(4).fill(500e3)]),
  slow8: peers([...Array(5).fill((1.2 * BITRATE) / 7), 10e3, ...Array(2).fill((1.2 * BITRATE) / 7)]),
  tight1: peers([1.2 * BITRATE]),
  stall8: peers(Array(8).fill(500e3)).map((peer, i) =>
    i === 2 || i === 5 ? { ...peer, silentAfter: 12_000 + 900 * i } : peer,
  ),
} satisfies Record<string, readonly PeerOptions[]>;

export interface Viewing {
  readonly swarm: SimulatedSwarm;
  readonly clock: VirtualClock;
  /** Milliseconds from the first demand to the first piece. */
  readonly start: number;
  readonly stalls: number;
  /** Milliseconds without anything to show, after the start. */
  readonly stalled: number;
  /** Bytes that were shown. */
  readonly watched: number;
}

export function makeSwarm(
  peersOf: readonly PeerOptions[],
  { length = 304 * MIB, pieceLength = MIB, seed = 1, joining = 0 } = {},
): { clock: VirtualClock; swarm: SimulatedSwarm } {
  const clock = new VirtualClock();
  const swarm = new SimulatedSwarm(clock, { length, pieceLength }, seed);
  for (const [i, peer] of peersOf.entries()) {
    if (joining === 0) swarm.add(peer);
    else swarm.after(joining * i, () => void swarm.add(peer));
  }
  return { clock, swarm };
}

/** Moves time on until a piece is there. @returns milliseconds */
export async function untilPiece(
  swarm: SimulatedSwarm,
  clock: VirtualClock,
  piece: number,
  most = 60_000,
): Promise<number> {
  const from = clock.now();
  let at = swarm.had.has(piece) ? from : Number.NaN;
  const before = swarm.onVerified;
  swarm.onVerified = (verified) => {
    before?.(verified);
    if (verified === piece) at = clock.now();
  };
  while (Number.isNaN(at) && clock.now() - from < most) await clock.advance(50);
  swarm.onVerified = before;
  return at - from;
}

/** Watches in real time with a read-ahead, as the engine asks for it. */
export async function watch(
  peersOf: readonly PeerOptions[],
  { seconds = 60, readAhead = 12, rate = BITRATE, ...options } = {},
): Promise<Viewing> {
  const { clock, swarm } = makeSwarm(peersOf, options as object);
  const { pieceLength, length } = swarm.geometry;
  const pieces = pieceCount(swarm.geometry);
  let playhead = 0;
  const want = (): void => {
    let here = Math.floor(playhead / pieceLength);
    while (here < pieces && swarm.had.has(here)) here++;
    const end = Math.min(length, playhead + readAhead * rate);
    swarm.scheduler.want([
      swarm.demand({ start: playhead, end: Math.max(end, playhead + 2 * pieceLength), rate }),
    ]);
  };
  want();
  const start = await untilPiece(swarm, clock, 0);
  let stalls = 0;
  let stalled = 0;
  let isStalled = false;
  for (let at = 0; at < seconds * 1000; at += 50) {
    await clock.advance(50);
    const next = playhead + rate * 0.05;
    const isHere = swarm.had.has(Math.floor(next / pieceLength));
    if (isHere) playhead = next;
    else stalled += 50;
    if (!isHere && !isStalled) stalls++;
    isStalled = !isHere;
    if (at % 250 === 0) want();
  }
  return { swarm, clock, start, stalls, stalled, watched: playhead };
}
