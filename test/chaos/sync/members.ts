import { setTimeout as pause } from 'node:timers/promises';
import type { Person, RoomLine } from '../../bench/sync/together/person.ts';
import { kill, killed, processesOf } from '../../support/lab/processes.ts';
import { instant } from '../../support/lab/waiting.ts';
import { isEvent } from './relays.ts';
import { ended, type Stage } from './stage.ts';
import { inStep, jolt } from './truth.ts';

export interface Returned {
  /** Seconds until the other was told; none where there is nothing to tell. */
  readonly told?: number;
  /** Seconds from the return to films in step. */
  readonly near: number;
  /** Milliseconds by which the other's film was off an even run. */
  readonly jolt: number;
  readonly sameSeat: boolean;
  /** There is one film on the screen, and not two. */
  readonly onePlayer: boolean;
}

const isBobGone = (line: RoomLine): boolean =>
  line.event === 'participant' && line.id === 'p2' && line.connected === false;

/** SIGKILL of a member's host; the member joins again by the same link. */
export async function hostKilled(stage: Stage): Promise<Returned> {
  const { ann, bob } = stage;
  const since = instant();
  kill(await bob.home.hostPid());
  const told = await ann.told('that Bob is gone', isBobGone, since);
  await ended("the end of Bob's command", bob.run);
  return { told: (told.readAt - since) / 1000, ...(await comesBack(stage, since)) };
}

/** SIGKILL of a member's command; the member joins again by the same link. */
export async function commandKilled(stage: Stage): Promise<Returned> {
  const since = instant();
  await killed(stage.bob.run.pid ?? 0);
  await pause(1000);
  return comesBack(stage, since);
}

async function comesBack({ ann, bob, link }: Stage, since: number): Promise<Omit<Returned, 'told'>> {
  const back = instant();
  await bob.join(link);
  const seat = await bob.told('its room', isEvent('room'));
  // As long as no player is the room's, there is no drift.
  await bob.told('a drift', (line) => line.event === 'sync' && typeof line.drift === 'number', back);
  const near = await inStep(ann, bob, back);
  return {
    near,
    jolt: jolt(ann, since, instant()),
    sameSeat: selfIn(seat) === 'p2',
    onePlayer: bob.home.openSessions().length === 1,
  };
}

/** SIGKILL of a member's player; the member types `w`. */
export async function playerKilled({ ann, bob }: Stage): Promise<Required<Omit<Returned, 'sameSeat'>>> {
  const since = instant();
  kill(bob.player);
  const isGone = (line: RoomLine): boolean => line.event === 'warning' && line.code === 'PLAYER_GONE';
  const told = await bob.told('that the player is gone', isGone, since);
  await pause(500);
  const back = instant();
  bob.run.type('w');
  const near = await inStep(ann, bob, back);
  return {
    told: (told.readAt - since) / 1000,
    near,
    jolt: jolt(ann, since, instant()),
    onePlayer: bob.home.openSessions().length === 1,
  };
}

export interface Woken {
  readonly near: number;
  readonly jolt: number;
  readonly sameSeat: boolean;
}

/** SIGSTOP of all that a member's machine runs of it, and SIGCONT. */
export async function machineSuspended({ ann, bob }: Stage, seconds: number): Promise<Woken> {
  const own = [bob.run.pid ?? 0, bob.player, await bob.home.hostPid()];
  const pids = new Set(own.flatMap((pid) => processesOf(pid)));
  const since = instant();
  for (const pid of pids) process.kill(pid, 'SIGSTOP');
  await pause(seconds * 1000);
  for (const pid of pids) process.kill(pid, 'SIGCONT');
  const near = await inStep(ann, bob, instant());
  return { near, jolt: jolt(ann, since, instant()), sameSeat: (await seatOf(bob)) === 'p2' };
}

/** The id that somebody has in the room. */
export async function seatOf(person: Person): Promise<string> {
  const status = await person.home.run('room', 'status', '--json');
  return selfIn(status.last as RoomLine | undefined);
}

function selfIn(room: RoomLine | undefined): string {
  const people = (room?.participants ?? []) as readonly { readonly id: string; readonly isSelf: boolean }[];
  return people.find(({ isSelf }) => isSelf)?.id ?? '';
}
