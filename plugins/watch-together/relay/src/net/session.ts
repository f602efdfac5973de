import type { Duplex } from 'node:stream';
import { type Clock, type Disposable, DisposableStore, KinoportError, toKinoportError } from '@kinoport/core';
import type { WebSocket } from 'ws';
import {
  CLOSE,
  type ClientMessage,
  type ClientMessages,
  commonFeatures,
  commonVersion,
  type Decoded,
  decodeClientMessage,
  LIMITS,
  type ServerMessage,
  type ServerMessages,
} from '../../../src/protocol/index.ts';
import type { MemberRequest } from '../room/room.ts';
import { Outgoing, type RoomConnection, type RoomMember } from '../rooms/connection.ts';
import { refusal } from '../rooms/refusal.ts';
import type { Door } from './door.ts';
import { Pulse } from './pulse.ts';
import { textFrame } from './textFrame.ts';
import { TokenBucket } from './tokenBucket.ts';

/** Messages that one connection may send at once, and then every second. */
const MESSAGES = { burst: 100, perSecond: 30 };
/** Of these, lines of chat: whoever says more is not read. */
const CHAT = { burst: 10, perSecond: 1 };
/** What is dropped beyond that before the connection is. */
const MOST_DROPPED = 300;
/** Frames that are no messages: at once, and then every second. */
const STRIKES = { burst: 20, perSecond: 0.1 };
/** Milliseconds for `hello`, and for a room. */
const GREETING = 10_000;
const ENTERING = 60_000;
/** Bytes of what may come while a room is being entered. */
const MOST_HELD = 2 * LIMITS.frameBytes;
/** Bytes that may wait for a peer that does not take them. */
const MOST_WAITING = 1024 * 1024;

type Entry = ClientMessages['create' | 'join' | 'resume'];
const isEntry = (message: ClientMessage): message is Entry =>
  message.type === 'create' || message.type === 'join' || message.type === 'resume';

/** One WebSocket: the transport of one member. */
export class Session implements RoomConnection {
  readonly address: string;
  readonly #socket: WebSocket;
  readonly #wire: Duplex;
  readonly #door: Door;
  readonly #clock: Clock;
  readonly #messages: TokenBucket;
  readonly #strikes: TokenBucket;
  readonly #chat: TokenBucket;
  readonly #owned = new DisposableStore();
  readonly #pulse: Pulse;
  #deadline: Disposable | undefined;
  #dropped = 0;
  #greeted = false;
  #member: RoomMember | undefined;
  /** What came while a room is being entered. */
  #waiting: ClientMessage[] | undefined;
  #held = 0;
  #over = false;

  constructor(options: {
    readonly socket: WebSocket;
    /** What the WebSocket goes over. */
    readonly wire: Duplex;
    /** Key of the address. */
    readonly address: string;
    readonly door: Door;
    readonly clock: Clock;
    readonly closed: () => void;
  }) {
    this.#socket = options.socket;
    this.#wire = options.wire;
    this.address = options.address;
    this.#door = options.door;
    this.#clock = options.clock;
    const now = this.#clock.now();
    this.#messages = new TokenBucket({ ...MESSAGES, now });
    this.#strikes = new TokenBucket({ ...STRIKES, now });
    this.#chat = new TokenBucket({ ...CHAT, now });
    this.#pulse = this.#owned.add(
      new Pulse({
        socket: this.#socket,
        clock: this.#clock,
        measured: (ms) => this.#member?.roundTrip(ms),
      }),
    );
    this.#within(GREETING);
    this.#socket.on('message', (data: Buffer, isBinary) => this.#received(data, isBinary));
    // What is wrong with the connection is told by its end.
    this.#socket.on('error', () => undefined);
    this.#socket.once('close', () => {
      this.#over = true;
      void this.#deadline?.dispose();
      void this.#owned.dispose();
      this.#member?.lost();
      options.closed();
    });
  }

  receive(outgoing: Outgoing): void {
    if (this.#over || this.#socket.readyState !== this.#socket.OPEN) return;
    if (this.#wire.writableLength > MOST_WAITING) {
      this.#end(CLOSE.SLOW, 'too slow');
      this.#socket.terminate();
      return;
    }
    this.#door.metrics.count('messages_sent_total');
    const frame = outgoing.encoded(textFrame);
    this.#door.metrics.count('bytes_sent_total', frame.length);
    // Whole frames may be written beside the library's own, which writes each at once too, as nothing is compressed.
    this.#wire.write(frame);
  }

  close(code: number, goodbye: ServerMessages['goodbye']): void {
    this.#send(goodbye);
    this.#end(code, goodbye.reason);
  }

  /** Without a goodbye. */
  destroy(): void {
    this.#socket.terminate();
  }

  #send(message: ServerMessage): void {
    this.receive(new Outgoing(message));
  }

  #end(code: number, reason: string): void {
    this.#over = true;
    this.#socket.close(code, reason);
  }

  /** Ends the connection unless it has got further by then. */
  #within(ms: number): void {
    void this.#deadline?.dispose();
    this.#deadline = this.#clock.after(ms, () => this.#end(CLOSE.SILENT, 'silent'));
  }

  #received(data: Buffer, isBinary: boolean): void {
    if (this.#over) return;
    const came = this.#door.now();
    const { metrics } = this.#door;
    metrics.count('messages_received_total');
    metrics.count('bytes_received_total', data.length);
    if (this.#messages.take(this.#clock.now())) this.#read(data, isBinary, came);
    else this.#drop();
  }

  #read(data: Buffer, isBinary: boolean, came: number): void {
    const decoded: Decoded<ClientMessage> = isBinary
      ? { ok: false, why: 'json', problem: 'is binary' }
      : decodeClientMessage(data.toString());
    if (!decoded.ok) this.#strike(decoded);
    else if (decoded.message.type === 'time') this.#time(decoded.message, came);
    else if (this.#waiting) this.#hold(this.#waiting, decoded.message, data.length);
    else this.#handle(decoded.message);
  }

  #hold(waiting: ClientMessage[], message: ClientMessage, bytes: number): void {
    this.#held += bytes;
    if (this.#held > MOST_HELD) this.#drop();
    else waiting.push(message);
  }

  #handle(message: ClientMessage): void {
    if (message.type === 'hello') this.#hello(message);
    else if (!this.#greeted) this.#refuse(message, misplaced('The first message has to be "hello".'));
    else if (isEntry(message)) this.#knock(message);
    else if (!this.#member) this.#refuse(message, misplaced('You are in no room.'));
    else if (message.type === 'status') this.#member.status(message.status);
    else if (message.type === 'chat' && !this.#chat.take(this.#clock.now()))
      this.#refuse(message, tooMuchChat(this.#chat.wait(this.#clock.now())));
    else if (message.type !== 'time') void this.#request(this.#member, message);
  }

  #drop(): void {
    this.#door.metrics.count('limited_total');
    this.#dropped += 1;
    if (this.#dropped === 1) {
      const message = 'More messages than allowed; some were dropped.';
      this.#send({ type: 'error', code: 'RELAY_RATE_LIMITED', message, retryAfter: 1000 });
    }
    if (this.#dropped >= MOST_DROPPED) this.#end(CLOSE.RATE, 'too many messages');
  }

  #strike({ type, id, problem }: Exclude<Decoded<ClientMessage>, { ok: true }>): void {
    this.#door.metrics.count('invalid_total');
    const message = `The ${type === undefined ? 'frame' : `message "${type}"`} is not valid: ${problem}`;
    this.#send(refusal(new KinoportError('RELAY_PROTOCOL', message), id));
    if (!this.#strikes.take(this.#clock.now())) this.#end(CLOSE.PROTOCOL, 'not the protocol');
  }

  #time({ t1 }: ClientMessages['time'], t2: number): void {
    const seq = this.#member ? { seq: this.#member.timelineSeq } : {};
    this.#send({ type: 'time', t1, t2, t3: this.#door.now(), ...seq });
  }

  #hello({ versions, features }: ClientMessages['hello']): void {
    const version = commonVersion(versions);
    if (version === undefined) {
      this.#send(
        refusal(new KinoportError('RELAY_VERSION', 'There is no version of the protocol in common.')),
      );
      this.#end(CLOSE.VERSION, 'no version in common');
      return;
    }
    if (!this.#greeted) this.#within(ENTERING);
    this.#greeted = true;
    const { agent, members, seatKept } = this.#door.welcome;
    this.#send({
      type: 'welcome',
      version,
      features: commonFeatures(features),
      agent,
      limits: { frameBytes: LIMITS.frameBytes, members },
      seatKept,
    });
  }

  #knock(message: Entry): void {
    if (this.#member) this.#refuse(message, misplaced('You are in a room already.'));
    else void this.#enter(message);
  }

  async #enter(message: Entry): Promise<void> {
    this.#waiting = [];
    this.#held = 0;
    try {
      const member = await this.#door.enter(this, message);
      this.#member = member;
      void this.#deadline?.dispose();
      if (!this.#over) this.#pulse.beat();
      else if (message.type === 'resume') member.lost();
      // Nobody has been given the token of this seat, and could come back into it.
      else void member.request({ type: 'leave', id: message.id });
    } catch (error) {
      this.#refuse(message, toKinoportError(error));
    }
    const waiting = this.#waiting;
    this.#waiting = undefined;
    for (const next of waiting) {
      // One of them may be another try to enter.
      const later = this.#waiting as ClientMessage[] | undefined;
      if (later) later.push(next);
      else this.#handle(next);
    }
  }

  async #request(member: RoomMember, message: MemberRequest): Promise<void> {
    const answer = await member.request(message);
    this.#send(answer);
    if (message.type === 'leave' && answer.type === 'ok')
      this.close(CLOSE.NORMAL, { type: 'goodbye', reason: 'left' });
  }

  #refuse(message: ClientMessage, error: KinoportError): void {
    this.#send(refusal(error, 'id' in message ? message.id : undefined));
  }
}

const misplaced = (message: string): KinoportError => new KinoportError('RELAY_PROTOCOL', message);

const tooMuchChat = (retryAfter: number): KinoportError =>
  new KinoportError('RELAY_RATE_LIMITED', 'That was too much at once; the others did not get it.', {
    data: { retryAfter },
  });
