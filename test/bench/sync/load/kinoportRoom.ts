import {
  type ClientMessage,
  PROTOCOL_VERSIONS,
  type ServerMessages,
  SOCKET_PATH,
} from '../../../../plugins/watch-together/src/protocol/index.ts';
import { Frames } from './frames.ts';
import type { OpenRoom, SimulatedMember } from './room.ts';

const SALT = 'c2ltdWxhdGVkLXJvb20';
const MEDIA = { duration: 6000, tokens: ['file:0f1e2d3c4b5a69788796a5b4c3d2e1f0'] };

/** A room of the relay, each member with what a real one sends: its film, ready, then time and status. */
export const openKinoportRoom: OpenRoom = async ({ first, size, port, propagation, lost }) => {
  let since = 0;
  let actor = 0;
  let playing = true;
  const heard = (index: number): void => {
    if (index !== actor && since > 0) propagation.heard(since);
  };
  const enter = async (index: number, code?: string): Promise<Member> => {
    const member = await Member.connect({ index: first + index, port, heard: () => heard(index), lost });
    const queue = [{ id: 'i1', title: 'Film', media: MEDIA }];
    const joined = await (code === undefined
      ? member.ask('joined', { type: 'create', id: 1, name: 'Ann', salt: SALT, queue, media: MEDIA })
      : member.ask('joined', { type: 'join', id: 1, name: `Bob ${index}`, code }));
    member.code = joined.room.code;
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

class Member implements SimulatedMember {
  code = '';
  readonly messages = { read: 0, written: 0 };
  #frames: Frames | undefined;
  readonly #heard: () => void;
  #waiting: { readonly start: string; readonly done: (text: string) => void } | undefined;
  #over = false;

  private constructor(heard: () => void) {
    this.#heard = heard;
  }

  static async connect(options: {
    readonly index: number;
    readonly port: number;
    readonly heard: () => void;
    readonly lost: () => void;
  }): Promise<Member> {
    const member = new Member(options.heard);
    member.#frames = await Frames.connect(
      { index: options.index, port: options.port, path: SOCKET_PATH },
      (text) => member.#receive(text),
      () => {
        if (!member.#over) options.lost();
      },
    );
    const features = ['chat', 'queue', 'status'];
    await member.ask('welcome', { type: 'hello', versions: [...PROTOCOL_VERSIONS], features });
    return member;
  }

  get wire() {
    return this.#frames?.wire ?? { read: 0, written: 0 };
  }

  send(message: ClientMessage): void {
    this.messages.written += 1;
    this.#frames?.send(JSON.stringify(message));
  }

  /** Sends, and waits for the next message of a type; a refusal is thrown. */
  async ask<T extends 'welcome' | 'joined' | 'ok'>(
    type: T,
    message: ClientMessage,
  ): Promise<ServerMessages[T]> {
    const answer = new Promise<string>((done) => {
      this.#waiting = { start: `{"type":"${type}"`, done };
    });
    this.send(message);
    const parsed = JSON.parse(await answer) as ServerMessages[T] | ServerMessages['error'];
    if (parsed.type === 'error') throw new Error(`${parsed.code}: ${parsed.message}`);
    return parsed as ServerMessages[T];
  }

  time(): void {
    this.send({ type: 'time', t1: performance.now() });
  }

  status(): void {
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
    } else if (text.startsWith('{"type":"timeline"')) this.#heard();
  }
}
