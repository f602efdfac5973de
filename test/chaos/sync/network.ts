import { setTimeout as pause } from 'node:timers/promises';
import { instant, until } from '../../support/lab/waiting.ts';
import { seatOf } from './members.ts';
import type { Stage } from './stage.ts';
import { inStep, jolt, placeOf, stands } from './truth.ts';

export interface Healed {
  /** Seconds from when the way was healed to films in step. */
  readonly near: number;
  /** Milliseconds by which a film was off an even run while the way was cut. */
  readonly jolt: number;
  readonly sameSeat: boolean;
}

export type Cut = 'silent' | 'refused';

function cut({ way }: Stage, how: Cut): void {
  if (how === 'silent') way.silence();
  else way.cut();
}

/** The way of one of the two is cut for so many seconds. After a long silence its old connections stay dead. */
export async function networkCut(stage: Stage, how: Cut, seconds: number): Promise<Healed> {
  const { ann, bob, way } = stage;
  const since = instant();
  cut(stage, how);
  await pause(seconds * 1000);
  const healed = instant();
  const jolted = Math.max(jolt(ann, since, healed), jolt(bob, since, healed));
  way.heal({ forgetful: seconds > 10 });
  await until('Bob is connected', () => bob.lines(healed).some(isSynced), { timeout: 40_000 });
  const near = await inStep(ann, bob, healed);
  return {
    near,
    jolt: Math.max(jolted, jolt(ann, since, instant())),
    sameSeat: (await seatOf(bob)) === 'p2',
  };
}

const isSynced = (line: { readonly event?: string; readonly [name: string]: unknown }): boolean =>
  line.event === 'sync' && line.connection === 'connected' && line.sync === 'synced';

export interface Followed {
  /** Seconds from when the way was healed until the film stands. */
  readonly stood: number;
  /** Milliseconds between the two frames. */
  readonly off: number;
  /** Seconds from the next play to films in step. */
  readonly near: number;
}

/** One pauses while the other is cut off. */
export async function pausedMeanwhile(stage: Stage, how: Cut, seconds: number): Promise<Followed> {
  const { ann, bob, way } = stage;
  cut(stage, how);
  await ann.say('pause');
  await pause(seconds * 1000);
  if (await stands(bob)) throw new Error('What Bob cannot know has reached him.');
  const healed = instant();
  way.heal();
  await until('the film stands', () => stands(bob));
  const stood = (instant() - healed) / 1000;
  const off = async (): Promise<number> => Math.abs((await placeOf(ann)) - (await placeOf(bob))) * 1000;
  await until('the same place', async () => (await off()) <= 100);
  const difference = await off();
  const played = instant();
  await bob.say('play');
  return { stood, off: difference, near: await inStep(ann, bob, played) };
}
