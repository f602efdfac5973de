import { connectFrom, Lines } from './lines.ts';
import type { OpenRoom, SimulatedMember } from './room.ts';

const FEATURES = {
  sharedPlaylists: true,
  chat: true,
  uiMode: 'CLI',
  featureList: true,
  readiness: true,
  managedRooms: true,
  persistentRooms: true,
};
const FILE = { name: 'Film.2020.1080p.mkv', duration: 6000, size: 4_000_000_000 };

/** A message of a Syncplay server, as far as it is read here. */
interface FromServer {
  readonly Hello?: object;
  readonly Error?: { readonly message: string };
  readonly State?: {
    readonly ping?: { readonly latencyCalculation?: number };
    readonly playstate?: { readonly position: number; readonly paused: boolean };
    readonly ignoringOnTheFly?: { readonly server?: number; readonly client?: number };
  };
}

/** A room of a Syncplay server. Every member answers each `State`, as a real client does. */
export const openSyncplayRoom: OpenRoom = async ({ first, size, port, propagation, lost }) => {
  let since = 0;
  let actor = 0;
  let paused = true;
  const waiting = new Set<number>();
  const enter = async (index: number): Promise<Member> => {
    const member = new Member((told) => {
      if (told === paused && waiting.delete(index)) propagation.heard(since);
    });
    await member.enter({ index: first + index, port, room: `room ${first}`, lost });
    return member;
  };
  const host = await enter(0);
  const members = [host, ...(await Promise.all(Array.from({ length: size - 1 }, (_, i) => enter(i + 1))))];
  const toggle = (): void => {
    paused = !paused;
    members[actor]?.pause(paused);
  };
  return {
    members,
    begin() {
      for (const member of members) member.ready();
      toggle();
      return Promise.resolve();
    },
    toggle() {
      actor = (actor + 1) % size;
      propagation.begun(size - 1 - waiting.size);
      for (let index = 0; index < size; index += 1) if (index !== actor) waiting.add(index);
      since = performance.now();
      toggle();
    },
  };
};

class Member implements SimulatedMember {
  readonly messages = { read: 0, written: 0 };
  readonly #heard: (paused: boolean) => void;
  #lines: Lines | undefined;
  #entered: (() => void) | undefined;
  #position = 0;
  #paused = true;
  #at = 0;
  /** Own changes that the server has not confirmed. */
  #own = 0;
  #over = false;

  constructor(heard: (paused: boolean) => void) {
    this.#heard = heard;
  }

  async enter(options: {
    readonly index: number;
    readonly port: number;
    readonly room: string;
    readonly lost: () => void;
  }): Promise<void> {
    const entered = new Promise<void>((resolve) => {
      this.#entered = resolve;
    });
    const socket = await connectFrom(options.index, options.port);
    this.#lines = new Lines(
      socket,
      (text) => this.#receive(text),
      () => {
        if (!this.#over) options.lost();
      },
    );
    this.#send({
      Hello: {
        username: `user${options.index}`,
        room: { name: options.room },
        version: '1.2.255',
        realversion: '1.6.9',
        features: FEATURES,
      },
    });
    await entered;
    this.#send({ Set: { file: FILE } });
  }

  get wire() {
    return this.#lines?.wire ?? { read: 0, written: 0 };
  }

  ready(): void {
    this.#send({ Set: { ready: { isReady: true, manuallyInitiated: true } } });
  }

  pause(paused: boolean): void {
    this.#position = this.#now();
    this.#at = performance.now();
    this.#paused = paused;
    this.#own += 1;
    this.#send({
      State: {
        playstate: { position: this.#position, paused, doSeek: false },
        ping: { clientLatencyCalculation: seconds(), clientRtt: 0 },
        ignoringOnTheFly: { client: this.#own },
      },
    });
  }

  /** Asked by the server every second. */
  time(): void {}
  status(): void {}

  end(): void {
    this.#over = true;
    this.#lines?.end();
  }

  #now(): number {
    return this.#position + (this.#paused ? 0 : (performance.now() - this.#at) / 1000);
  }

  #send(message: object): void {
    this.messages.written += 1;
    this.#lines?.send(JSON.stringify(message));
  }

  #receive(text: string): void {
    this.messages.read += 1;
    const { Hello, Error: refused, State } = JSON.parse(text) as FromServer;
    if (refused) throw new Error(refused.message);
    if (Hello) this.#entered?.();
    if (State) this.#answer(State);
  }

  #answer({ ping, playstate, ignoringOnTheFly }: NonNullable<FromServer['State']>): void {
    const { server, client } = ignoringOnTheFly ?? {};
    if (server !== undefined || client === this.#own) this.#own = 0;
    if (playstate && this.#own === 0) {
      this.#position = playstate.position;
      this.#paused = playstate.paused;
      this.#at = performance.now();
      this.#heard(playstate.paused);
    }
    this.#send({
      State: {
        ...(this.#own === 0 ? { playstate: { position: this.#now(), paused: this.#paused } } : {}),
        ping: {
          latencyCalculation: ping?.latencyCalculation,
          clientLatencyCalculation: seconds(),
          clientRtt: 0,
        },
        ...(server === undefined ? {} : { ignoringOnTheFly: { server } }),
      },
    });
  }
}

const seconds = (): number => Date.now() / 1000;
