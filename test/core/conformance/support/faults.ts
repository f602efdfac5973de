import {
  type Clock,
  Emitter,
  type JsonObject,
  type Player,
  type PlayerCapabilities,
  type PlayerEnd,
  type PlayerSession,
  type PlayerState,
} from '@kinoport/core';
import type { PlayerSubject } from '@kinoport/core/conformance';
import type { Program } from './program.ts';
import type { ReferencePlayer } from './referencePlayer.ts';

/** What a fault has to work with in one session. */
export interface FaultySession {
  readonly session: PlayerSession;
  readonly program: Program;
  readonly programs: ReferencePlayer['programs'];
  readonly clock: Clock;
  /** Came from `attach`. */
  readonly isAttached: boolean;
  tellState(state: PlayerState): void;
  tellEnd(end: PlayerEnd): void;
}

/** One sentence of the contract broken, and nothing else. */
export interface PlayerFault {
  /** The clause that is to fail. */
  readonly clause: string;
  readonly fault: string;
  readonly flags?: Partial<PlayerCapabilities>;
  readonly player?: (world: ReferencePlayer, clock: Clock) => Partial<Required<Player>>;
  readonly session?: (faulty: FaultySession) => Partial<PlayerSession>;
  /** Makes the state that is told; `undefined`: none is. Called once a session, for what it remembers. */
  readonly states?: (
    faulty: Omit<FaultySession, 'tellState' | 'tellEnd'>,
  ) => (state: PlayerState) => PlayerState | undefined;
  readonly ends?: (
    faulty: Omit<FaultySession, 'tellState' | 'tellEnd'>,
  ) => (end: PlayerEnd) => PlayerEnd | undefined;
  readonly subject?: (subject: PlayerSubject) => Partial<PlayerSubject>;
}

/** The reference player with the fault built in. */
export function faultyPlayer(world: ReferencePlayer, clock: Clock, fault: PlayerFault): Required<Player> {
  const wrap = (session: PlayerSession, endpoint: JsonObject, isAttached: boolean): PlayerSession =>
    faultySession(world, clock, fault, { session, program: world.program(endpoint), isAttached });
  const base = overlay<Required<Player>>(world.player, fault.player?.(world, clock) ?? {});
  return overlay(base, {
    open: async (media, options) => {
      const session = await base.open(media, options);
      return wrap(session, session.endpoint, false);
    },
    attach: async (endpoint, options) => {
      const session = await base.attach(endpoint, options);
      return wrap(session, endpoint, true);
    },
  });
}

function faultySession(
  world: ReferencePlayer,
  clock: Clock,
  fault: PlayerFault,
  own: Pick<FaultySession, 'session' | 'program' | 'isAttached'>,
): PlayerSession {
  const { session } = own;
  const states = new Emitter<PlayerState>();
  const ends = new Emitter<PlayerEnd>();
  const faulty = { ...own, programs: world.programs, clock };
  const mapState = fault.states?.(faulty) ?? ((state: PlayerState) => state);
  const mapEnd = fault.ends?.(faulty) ?? ((end: PlayerEnd) => end);
  let current = mapState(session.state) ?? session.state;
  const tellState = (state: PlayerState): void => {
    current = state;
    states.fire(state);
  };
  session.onDidChangeState((state) => {
    const told = mapState(state);
    if (told) tellState(told);
  });
  session.onDidEnd((end) => {
    const told = mapEnd(end);
    if (told) ends.fire(told);
  });
  const faultless = overlay(session, {
    get state() {
      return current;
    },
    onDidChangeState: states.event,
    onDidEnd: ends.event,
  });
  const changes = fault.session?.({ ...faulty, tellState, tellEnd: (end) => ends.fire(end) }) ?? {};
  return overlay(faultless, changes);
}

/** A copy of an object, getters as getters, with some members replaced. */
export function overlay<T extends object>(object: T, changes: Partial<T>): T {
  const descriptors = {
    ...Object.getOwnPropertyDescriptors(object),
    ...Object.getOwnPropertyDescriptors(changes),
  };
  return Object.defineProperties({}, descriptors) as T;
}
