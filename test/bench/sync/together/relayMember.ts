import { once } from 'node:events';
import { systemClock } from '@kinoport/core';
import { WebSocket } from 'ws';
import { RoomClock } from '../../../../plugins/watch-together/src/clock/roomClock.ts';
import { TimelineFollower } from '../../../../plugins/watch-together/src/control/timelineFollower.ts';
import {
  type ClientMessage,
  decodeServerMessage,
  PROTOCOL_VERSIONS,
  type ServerMessage,
  type ServerMessages,
} from '../../../../plugins/watch-together/src/protocol/index.ts';
import { createMpv, type MpvFixture } from '../../../plugins/mpv/mpvFixture.ts';
import { SoundClock } from '../soundClock.ts';
import { mpvArguments } from './pair.ts';

const MEDIA = { duration: 600 };
const STATUS_EVERY = 1000;

/** A member of a room of a real relay, with a real mpv, in this process: clock and control as the plugin has them. */
export class RelayMember {
  readonly sound: SoundClock;
  readonly pid: number;
  readonly follower: TimelineFollower;
  code = '';
  readonly #fixture: MpvFixture;
  readonly #socket: WebSocket;
  readonly #clock: RoomClock;
  readonly #answers = new Map<number | 'welcome', (message: ServerMessage) => void>();
  readonly #telling = systemClock.every(STATUS_EVERY, () => this.#tell());
  #nextId = 1;

  private constructor(
    fixture: MpvFixture,
    socket: WebSocket,
    parts: { sound: SoundClock; pid: number; follower: TimelineFollower; clock: RoomClock },
  ) {
    this.#fixture = fixture;
    this.#socket = socket;
    this.#clock = parts.clock;
    this.sound = parts.sound;
    this.pid = parts.pid;
    this.follower = parts.follower;
    socket.on('message', (data) => this.#receive(String(data)));
  }

  static async open(options: {
    readonly film: string;
    readonly name: string;
    readonly port: number;
    readonly ppm?: number;
    /** Room to join; none: a new one. */
    readonly code?: string;
  }): Promise<RelayMember> {
    const { film, name, code } = options;
    const fixture = await createMpv();
    const extraArgs = [...mpvArguments(options.ppm)];
    const session = await fixture.open({ path: film, title: name }, { paused: true, extraArgs });
    const socket = new WebSocket(`ws://127.0.0.1:${options.port}/ws`);
    socket.on('error', () => undefined);
    await once(socket, 'open');
    const clock = new RoomClock({
      clock: systemClock,
      send: (t1) => socket.send(JSON.stringify({ type: 'time', t1 } satisfies ClientMessage)),
    });
    const player = {
      capabilities: fixture.player.capabilities,
      get state() {
        return session.state;
      },
      onDidChangeState: session.onDidChangeState,
      play: session.play.bind(session),
      pause: session.pause.bind(session),
      seek: session.seek.bind(session),
      setRate: session.setRate.bind(session),
      samplePosition: () => session.samplePosition(),
    };
    const follower = new TimelineFollower({ clock: systemClock, time: clock, player, commandPrefix: name });
    const sound = await SoundClock.connect(String(session.endpoint.socket));
    sound.start();
    const pid = Number(await sound.property('pid'));
    const member = new RelayMember(fixture, socket, { sound, pid, follower, clock });
    await member.#enter(name, code);
    return member;
  }

  /** A request that is to be done. */
  async ask(message: Request): Promise<ServerMessage> {
    const id = this.#nextId++;
    const answer = new Promise<ServerMessage>((resolve) => this.#answers.set(id, resolve));
    this.#send({ ...message, id } as ClientMessage);
    return checked(await answer);
  }

  async dispose(): Promise<void> {
    void this.#telling.dispose();
    this.#socket.terminate();
    await this.follower.dispose();
    await this.#clock.dispose();
    this.sound.dispose();
    // Ends the player too.
    await this.#fixture.dispose();
  }

  async #enter(name: string, code: string | undefined): Promise<void> {
    const welcome = new Promise<ServerMessage>((resolve) => this.#answers.set('welcome', resolve));
    this.#send({ type: 'hello', versions: [...PROTOCOL_VERSIONS], features: ['status'] });
    checked(await welcome);
    this.#clock.connected('room');
    const queue = [{ id: 'i1', title: 'Film', media: MEDIA }];
    const joined = (await (code === undefined
      ? this.ask({ type: 'create', name, salt: 'c2ltdWxhdGVkLXJvb20', queue, media: MEDIA })
      : this.ask({ type: 'join', name, code }))) as ServerMessages['joined'];
    this.code = joined.room.code;
    this.follower.follow(joined.room.timeline);
    if (code !== undefined) await this.ask({ type: 'claim', item: 'i1', media: MEDIA });
    await this.ask({ type: 'ready', ready: true });
    this.#tell();
  }

  #tell(): void {
    const { drift, seekLatency } = this.follower.figures;
    const { estimate } = this.#clock;
    if (this.#socket.readyState !== WebSocket.OPEN || this.code === '') return;
    this.#send({
      type: 'status',
      status: {
        buffering: false,
        media: 'i1',
        ...(drift === undefined ? {} : { drift: drift * 1000 }),
        ...(estimate === undefined
          ? {}
          : { roundTrip: estimate.latestRoundTrip, clockBound: estimate.bound }),
        seekTime: Math.max(0, seekLatency * 1000),
      },
    });
  }

  #send(message: ClientMessage): void {
    this.#socket.send(JSON.stringify(message));
  }

  #receive(text: string): void {
    const decoded = decodeServerMessage(text);
    if (!decoded.ok) throw new Error(`The relay sent what is no message: ${decoded.problem}`);
    const { message } = decoded;
    if (message.type === 'time') this.#clock.receive({ c1: message.t1, r2: message.t2, r3: message.t3 });
    else if (message.type === 'timeline') this.follower.follow(message.timeline);
    else if (message.type === 'welcome') this.#answers.get('welcome')?.(message);
    else if ('id' in message && message.id !== undefined) {
      this.#answers.get(message.id)?.(message);
      this.#answers.delete(message.id);
    }
  }
}

type WithoutId<T> = T extends { readonly id: number } ? Omit<T, 'id'> : never;
type Request = WithoutId<ClientMessage>;

function checked(message: ServerMessage): ServerMessage {
  if (message.type === 'error') throw new Error(`${message.code}: ${message.message}`);
  return message;
}
