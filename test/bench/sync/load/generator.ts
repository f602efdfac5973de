/** The load generator, in a process of its own: simulated clients in rooms, on command of the bench. */
import { setTimeout as pause } from 'node:timers/promises';
import { openKinoportRoom } from './kinoportRoom.ts';
import {
  Propagation,
  type Return,
  Returns,
  type Rhythm,
  type SimulatedMember,
  type SimulatedRoom,
} from './room.ts';
import { openSyncplayRoom } from './syncplayRoom.ts';

export type ServerName = 'kinoport' | 'syncplay';

export interface LoadOrder {
  readonly server: ServerName;
  readonly port: number;
  /** Number of the first client, of all of the run. */
  readonly first: number;
  readonly clients: number;
  readonly roomSize: number;
  readonly rhythm: Rhythm;
  /** Those whose connection is lost come back into their seats. */
  readonly returning?: boolean;
}

/** What the generator has seen in a while. */
export interface LoadSeen {
  /** Milliseconds from a command to each other member's hearing of it. */
  readonly delays: readonly number[];
  /** Commands that members have not heard of, seconds after the last one. */
  readonly unheard: number;
  readonly seconds: number;
  readonly bytes: { readonly read: number; readonly written: number };
  readonly messages: { readonly read: number; readonly written: number };
  /** Share of a core that the generator itself took, 0 to 1. */
  readonly processor: number;
  /** Connections that the server has ended. */
  readonly lost: number;
}

/** Seats that were lost since the clients are in. */
export interface SeatsSeen {
  readonly returned: readonly Return[];
  readonly away: number;
  readonly refused: readonly string[];
}

export type Ask =
  | { readonly ask: 'join'; readonly order: LoadOrder }
  | { readonly ask: 'pace'; readonly rhythm: Rhythm }
  /** `commands`: a second, all rooms together. */
  | { readonly ask: 'measure'; readonly ms: number; readonly commands: number }
  | { readonly ask: 'seats' };
export interface Answers {
  readonly join: { readonly joinedIn: number };
  readonly pace: { readonly done: true };
  readonly measure: { readonly seen: LoadSeen };
  readonly seats: { readonly seats: SeatsSeen };
}
export type Answer = Answers[Ask['ask']] | { readonly ready: true } | { readonly failed: string };

/** Rooms that are opened at the same time. */
const OPENING = 32;
/** Milliseconds between two turns of those who speak by themselves. */
const TURN = 10;
/** Milliseconds for the last commands to be heard. */
const ECHO = 1000;
const OPENERS = { kinoport: openKinoportRoom, syncplay: openSyncplayRoom } as const;

export function generate(): void {
  const load = new Load();
  const answer = (value: Answer): void => void process.send?.(value);
  process.on('message', (message: Ask) => {
    load.answer(message).then(answer, (error: unknown) => answer({ failed: String(error) }));
  });
  // The bench is gone.
  process.on('disconnect', () => process.exit());
  answer({ ready: true });
}

class Load {
  #rooms: SimulatedRoom[] = [];
  #members: SimulatedMember[] = [];
  #propagation = new Propagation();
  #returns = new Returns();
  #talk: NodeJS.Timeout[] = [];
  #lost = 0;

  async answer(message: Ask): Promise<Answer> {
    switch (message.ask) {
      case 'join':
        return { joinedIn: await this.#join(message.order) };
      case 'pace':
        this.#pace(message.rhythm);
        return { done: true };
      case 'measure':
        return { seen: await this.#measure(message.ms, message.commands) };
      case 'seats': {
        const { done, away, refused } = this.#returns;
        return { seats: { returned: done, away, refused } };
      }
    }
  }

  /** @returns milliseconds until all were in */
  async #join(order: LoadOrder): Promise<number> {
    const firsts = Array.from(
      { length: Math.ceil(order.clients / order.roomSize) },
      (_, i) => i * order.roomSize,
    );
    const began = performance.now();
    const open = async (): Promise<void> => {
      for (let at = firsts.shift(); at !== undefined; at = firsts.shift()) {
        const room = await OPENERS[order.server]({
          first: order.first + at,
          size: Math.min(order.roomSize, order.clients - at),
          port: order.port,
          propagation: this.#propagation,
          lost: () => {
            this.#lost += 1;
          },
          ...(order.returning === true ? { returns: this.#returns } : {}),
        });
        this.#rooms.push(room);
      }
    };
    await Promise.all(Array.from({ length: OPENING }, open));
    const took = performance.now() - began;
    this.#members = this.#rooms.flatMap(({ members }) => members);
    const standing = [...this.#rooms];
    const begin = async (): Promise<void> => {
      for (let room = standing.pop(); room; room = standing.pop()) await room.begin();
    };
    await Promise.all(Array.from({ length: OPENING }, begin));
    this.#pace(order.rhythm);
    return took;
  }

  #pace(rhythm: Rhythm): void {
    for (const timer of this.#talk.splice(0)) clearInterval(timer);
    this.#speak(rhythm.time, (member) => member.time());
    this.#speak(rhythm.status, (member) => member.status());
  }

  /** Everybody speaks once in so many milliseconds, evenly spread. */
  #speak(every: number, say: (member: SimulatedMember) => void): void {
    if (every === 0) return;
    const began = performance.now();
    let said = 0;
    const talk = setInterval(() => {
      const due = Math.floor(((performance.now() - began) / every) * this.#members.length);
      for (; said < due; said += 1) {
        const member = this.#members[said % this.#members.length];
        if (member) say(member);
      }
    }, TURN);
    this.#talk.push(talk);
  }

  async #measure(ms: number, commands: number): Promise<LoadSeen> {
    this.#propagation.delays.length = 0;
    this.#propagation.open = 0;
    const before = this.#totals();
    const cpu = process.cpuUsage();
    const began = performance.now();
    let room = 0;
    let given = 0;
    const timer = setInterval(() => {
      const due = Math.floor(((performance.now() - began) / 1000) * commands);
      for (; given < due; given += 1) {
        this.#rooms[room % this.#rooms.length]?.toggle();
        room += 1;
      }
    }, TURN);
    await pause(ms);
    clearInterval(timer);
    const seconds = (performance.now() - began) / 1000;
    const after = this.#totals();
    const { user, system } = process.cpuUsage(cpu);
    await pause(ECHO);
    return {
      delays: [...this.#propagation.delays],
      unheard: this.#propagation.open,
      seconds,
      bytes: { read: after.read - before.read, written: after.written - before.written },
      messages: { read: after.heard - before.heard, written: after.said - before.said },
      processor: (user + system) / 1e6 / seconds,
      lost: this.#lost,
    };
  }

  #totals(): { read: number; written: number; heard: number; said: number } {
    const totals = { read: 0, written: 0, heard: 0, said: 0 };
    for (const { wire, messages } of this.#members) {
      totals.read += wire.read;
      totals.written += wire.written;
      totals.heard += messages.read;
      totals.said += messages.written;
    }
    return totals;
  }
}
