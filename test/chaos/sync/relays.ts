import { setTimeout as pause } from 'node:timers/promises';
import type { Person, RoomLine } from '../../bench/sync/together/person.ts';
import { isAlive } from '../../support/lab/processes.ts';
import { instant } from '../../support/lab/waiting.ts';
import { ended, type Stage } from './stage.ts';
import { apart, inStep, jolt, placeOf } from './truth.ts';

export interface Forgotten {
  /** Seconds until both were told that the relay is gone, and that the room is once it was back. */
  readonly told: number;
  readonly toldOver: number;
  /** Both were told why, and what to do. */
  readonly plainly: boolean;
  /** Both films went on by themselves, evenly: milliseconds off an even run. */
  readonly jolt: number;
}

/** SIGKILL of the only relay, whose rooms are in its memory; it is started again. */
export async function relayForgets({ ann, bob, relay }: Stage): Promise<Forgotten> {
  const both = [ann, bob];
  const since = instant();
  await relay.kill();
  const lost = await Promise.all(both.map((one) => one.told('disconnected', isEvent('disconnected'), since)));
  const told = latest(lost, since);
  await pause(1000);
  await relay.start();
  const back = instant();
  const codes = await Promise.all(both.map(({ run }) => ended('the end of the room', run, 15_000)));
  const toldOver = (instant() - back) / 1000;
  await pause(2000);
  return {
    told,
    toldOver,
    plainly: codes.every((code) => code !== 0) && both.every(({ run }) => saysWhatToDo(run.last)),
    jolt: Math.max(...both.map((one) => (isAlive(one.player) ? jolt(one, since, instant()) : Infinity))),
  };
}

export interface Moved {
  /** Seconds until both had their seats again. */
  readonly resumed: number;
  /** Seconds until both films were in step for good. */
  readonly near: number;
  readonly jolt: number;
  /** Same seats, and what one does reaches the other. */
  readonly alive: boolean;
}

/** SIGKILL of one of two relays that share a Redis, with both members at it. */
export async function relayMoves(stage: Stage): Promise<Moved> {
  const { ann, bob, relay } = stage;
  const both = [ann, bob];
  const since = instant();
  await relay.kill();
  const again = await Promise.all(both.map((one) => one.told('reconnected', isEvent('reconnected'), since)));
  const near = await inStep(ann, bob, since);
  const jolted = Math.max(...both.map((one) => jolt(one, since, instant())));
  const seats = await seatsOf(bob);
  await ann.say('seek', '+40');
  const sought = await bob.told('the seek', (line) => line.event === 'state' && line.cause === 'seek', since);
  await inStep(ann, bob, sought.readAt);
  const reached = Math.abs((await placeOf(bob)) - Number(sought.position)) < 10;
  await relay.start();
  return {
    resumed: latest(again, since),
    near,
    jolt: jolted,
    alive: seats === 'p1 p2' && reached,
  };
}

export interface Stood {
  /** Nobody was told of a lost connection. */
  readonly quiet: boolean;
  /** Milliseconds that the films were apart at most, while the relay stood and after it. */
  readonly apart: number;
  /** Seconds from when it went on until what one does reached the other. */
  readonly reached: number;
}

/** SIGSTOP of the relay. */
export async function relayStands({ ann, bob, relays }: Stage, seconds: number): Promise<Stood> {
  const pids = relays.flatMap((relay) => relay.pids);
  const since = instant();
  for (const pid of pids) process.kill(pid, 'SIGSTOP');
  await pause(seconds * 1000);
  for (const pid of pids) process.kill(pid, 'SIGCONT');
  const on = instant();
  await bob.say('chat', 'still', 'here');
  const chat = await ann.told('the chat', isEvent('chat'), on);
  await pause(2000);
  return {
    quiet: [ann, bob].every((one) => !one.lines(since).some(isEvent('disconnected'))),
    apart: apart(ann, bob, since, instant()),
    reached: (chat.readAt - on) / 1000,
  };
}

export const isEvent =
  (event: string) =>
  (line: RoomLine): boolean =>
    line.event === event;

/** The ids of those who are connected, as one of them sees it. */
export async function seatsOf(person: Person): Promise<string> {
  const status = await person.home.run('room', 'status', '--json');
  const { participants } = status.last as unknown as {
    readonly participants: readonly { readonly id: string; readonly connected: boolean }[];
  };
  return participants
    .filter(({ connected }) => connected)
    .map(({ id }) => id)
    .join(' ');
}

const latest = (lines: readonly RoomLine[], since: number): number =>
  (Math.max(...lines.map(({ readAt }) => readAt)) - since) / 1000;

/** The last line is an error with a hint. */
function saysWhatToDo(line: object | undefined): boolean {
  const { error } = (line ?? {}) as { readonly error?: { readonly code?: string; readonly hint?: string } };
  return error?.code === 'ROOM_NOT_FOUND' && (error.hint ?? '') !== '';
}
