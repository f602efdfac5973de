import { systemClock } from '@kinoport/core';
import { Backoff } from '../../../../plugins/watch-together/src/client/backoff.ts';
import {
  type ClientMessage,
  PROTOCOL_VERSIONS,
  type ServerMessages,
  SOCKET_PATH,
} from '../../../../plugins/watch-together/src/protocol/index.ts';
import { Frames } from './frames.ts';
import type { OpenRoom, Returns, SimulatedMember } from './room.ts';

const SALT = 'c2ltdWxhdGVkLXJvb20';
const MEDIA = { duration: 6000, tokens: ['file:0f1e2d3c4b5a69788796a5b4c3d2e1f0'] };

/** A room of the relay, each member with what a real one sends: its film, ready, then time and status. */
export const openKinoportRoom: OpenRoom = async ({ first, size, port, propagation, lost, returns }) => {
  let since = 0;
  let actor = 0;
  let playing = true;
  const heard = (index: number): void => {
    if (index !== actor && since > 0) propagation.heard(since);
  };
  const enter = async (index: number, code?: string): Promise<Member> => {
    const member = await Member.connect({
      index: first + index,
      port,
      heard: () => heard(index),
      lost,
      ...(returns ? { returns } : {}),
    });
    const queue = [{ id: 'i1', title: 'Film', media: MEDIA }];
    const joined = await (code === undefined
      ? member.ask('joined', { type: 'create', id: 1, name: 'Ann', salt: SALT, queue, media: MEDIA })
      : member.ask('joined', { type: 'join', id: 1, name: `Bob ${index}`, code }));
    member.enteredAs(joined);
    if (code !== undefined) member.send({ type: 'claim', id: 2, item: 'i1', media: MEDIA });
    return member;
  };
  const host = await enter(0);
  const others = Array.from({ length: size - 1 }, (_, index) => enter(index + 1, host.code));
  const members = [host, ...(await Promise.all(others))];
  return {
    members,
    async begin() {
      await Promise.all(members.map((member) => member.ask('ok', { type: 'ready', id: 3, ready: true })));
      await host.ask('ok', { type: 'start', id: 4 });
    },
    toggle() {
      actor = (actor + 1) % size;
      playing = !playing;
      propagation.begun(size - 1);
      since = performance.now();
      members[actor]?.send({ type: playing ? 'play' : 'pause', id: 10 });
    },
  };
};

interface MemberOptions {
  readonly index: number;
  readonly port: number;
  readonly heard: () => void;
  readonly lost: () => void;
  readonly returns?: Returns;
}

/** Refusals after which there is no way back. */
const GONE: readonly string[] = ['ROOM_NOT_FOUND', 'ROOM_SEAT_INVALID', 'ROOM_CLOSED'];

class Member implements SimulatedMember {
  code = '';
  readonly messages = { read: 0, written: 0 };
  readonly #options: MemberOptions;
  readonly #backoff = new Backoff();
  #frames: Frames | undefined;
  #seat: { readonly code: string; readonly participant: string; readonly token: string } | undefined;
  #waiting:
    | { readonly start: string; readonly done: (text: string) => void; readonly failed: (e: Error) => void }
    | undefined;
  #over = false;
  #returning = false;

  private constructor(options: MemberOptions) {
    this.#options = options;
  }

  static async connect(options: MemberOptions): Promise<Member> {
    const member = new Member(options);
    await member.#connect();
    return member;
  }

  async #connect(): Promise<void> {
    const { index, port } = this.#options;
    const frames: Frames = await Frames.connect(
      { index, port, path: SOCKET_PATH },
      (text) => this.#receive(text),
      () => this.#closed(frames),
    );
    this.#frames = frames;
    const features = ['chat', 'queue', 'status'];
    await this.ask('welcome', { type: 'hello', versions: [...PROTOCOL_VERSIONS], features });
  }

  enteredAs({ room: { code }, participant, token }: ServerMessages['joined']): void {
    this.code = code;
    this.#seat = { code, participant, token };
  }

  get wire() {
    return this.#frames?.wire ?? { read: 0, written: 0 };
  }

  send(message: ClientMessage): void {
    this.messages.written += 1;
    this.#frames?.send(JSON.stringify(message));
  }

  /** Sends, and waits for the next message of a type, an `ok` of the same number; a refusal is thrown. */
  async ask<T extends 'welcome' | 'joined' | 'ok'>(
    type: T,
    message: ClientMessage,
  ): Promise<ServerMessages[T]> {
    const answer = new Promise<string>((done, failed) => {
      const number = type === 'ok' && 'id' in message ? `,"id":${message.id}}` : '';
      this.#waiting = { start: `{"type":"${type}"${number}`, done, failed };
    });
    this.send(message);
    const parsed = JSON.parse(await answer) as ServerMessages[T] | ServerMessages['error'];
    if (parsed.type === 'error') throw new Refused(parsed);
    return parsed as ServerMessages[T];
  }

  time(): void {
    if (this.#returning) return;
    this.send({ type: 'time', t1: performance.now() });
  }

  status(): void {
    if (this.#returning) return;
    const drift = Math.round((Math.random() - 0.5) * 100) / 10;
    const position = Math.round(performance.now()) / 1000;
    this.send({
      type: 'status',
      status: { buffering: false, media: 'i1', position, drift, rate: 1, clockBound: 0.3, seekTime: 40 },
    });
  }

  end(): void {
    this.#over = true;
    this.#frames?.end();
  }

  #receive(text: string): void {
    this.messages.read += 1;
    if (this.#waiting && (text.startsWith(this.#waiting.start) || text.startsWith('{"type":"error"'))) {
      const { done } = this.#waiting;
      this.#waiting = undefined;
      done(text);
    } else if (text.startsWith('{"type":"timeline"')) this.#options.heard();
  }

  #closed(frames: Frames): void {
    if (this.#frames !== frames) return;
    this.#waiting?.failed(new Error('The relay has closed the connection.'));
    this.#waiting = undefined;
    this.#frames = undefined;
    if (this.#over) return;
    const { returns, lost } = this.#options;
    if (!returns || !this.#seat) lost();
    else if (!this.#returning) void this.#comeBack(returns);
  }

  /** As often as it takes, with the pauses that Kinoport's own client makes. */
  async #comeBack(returns: Returns): Promise<void> {
    const seat = this.#seat;
    if (!seat) return;
    this.#returning = true;
    const lost = systemClock.now();
    returns.away += 1;
    while (!this.#over) {
      await new Promise<void>((resolve) => systemClock.after(this.#backoff.next(), resolve));
      try {
        await this.#connect();
        this.enteredAs(await this.ask('joined', { type: 'resume', id: 20, ...seat }));
        this.#backoff.reset();
        returns.away -= 1;
        returns.done.push({ lost, back: systemClock.now() });
        break;
      } catch (error) {
        this.#frames?.end();
        if (!(error instanceof Refused) || !GONE.includes(error.code)) continue;
        returns.refused.push(error.code);
        break;
      }
    }
    this.#returning = false;
  }
}

class Refused extends Error {
  readonly code: string;

  constructor({ code, message }: ServerMessages['error']) {
    super(`${code}: ${message}`);
    this.code = code;
  }
}
