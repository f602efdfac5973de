import {
  abortedError,
  type Clock,
  type Disposable,
  DisposableStore,
  isKinoportError,
  KinoportError,
  type SyncEndReason,
} from '@kinoport/core';
import {
  CLOSE,
  type ClientMessages,
  FEATURES,
  mayComeBack,
  PROTOCOL_VERSIONS,
  type ServerMessage,
  type ServerMessages,
} from '../protocol/index.ts';
import { Backoff } from './backoff.ts';
import { Heartbeat } from './heartbeat.ts';
import type { LinkOpener, RelayLink } from './link.ts';
import type { Entry, MemberListener, MemberRequest, RoomMember } from './member.ts';
import { Requests, refusalOf } from './requests.ts';

export interface RelaySeatOptions {
  readonly clock: Clock;
  readonly open: LinkOpener;
  /** Address of the relay. */
  readonly relay: string;
  /** Program and version. */
  readonly agent: string;
  readonly random?: () => number;
}

type Joined = ServerMessages['joined'];

/** Refusals after which the seat is gone. */
const GONE = ['ROOM_NOT_FOUND', 'ROOM_SEAT_INVALID', 'ROOM_KICKED', 'ROOM_CLOSED', 'RELAY_VERSION'];
/** Messages that are kept until somebody listens. */
const MOST_EARLY = 1000;
/** Milliseconds after which it is tried again, whatever the relay has asked for. */
const LATEST = 60_000;

/** A seat in a room at a relay: comes back into it by itself when the connection is lost. */
export class RelaySeat implements RoomMember {
  readonly #options: RelaySeatOptions;
  readonly #clock: Clock;
  readonly #backoff: Backoff;
  readonly #requests: Requests;
  readonly #over = new AbortController();
  #relay: string;
  #link: RelayLink | undefined;
  #linkOwned: DisposableStore | undefined;
  #heartbeat: Heartbeat | undefined;
  #joined: Joined | undefined;
  #connected = false;
  #heardAt: number;
  #listener: MemberListener | undefined;
  #early: ServerMessage[] = [];
  #goodbye: ServerMessages['goodbye'] | undefined;
  #ended: SyncEndReason | undefined;
  #retry: Disposable | undefined;

  private constructor(options: RelaySeatOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#relay = options.relay;
    this.#heardAt = options.clock.now();
    this.#backoff = new Backoff(options.random);
    this.#requests = new Requests(options.clock);
  }

  /**
   * Opens, joins or resumes.
   * @throws KinoportError `RELAY_UNREACHABLE`, `RELAY_VERSION`, `ABORTED`; the relay's refusals
   */
  static async enter(options: RelaySeatOptions, entry: Entry, signal: AbortSignal): Promise<RelaySeat> {
    const seat = new RelaySeat(options);
    try {
      await seat.#connect(entry, signal);
      return seat;
    } catch (error) {
      await seat.dispose();
      throw error;
    }
  }

  get id(): string {
    return this.#entered.participant;
  }

  get room(): Joined['room'] {
    return this.#entered.room;
  }

  /** Secret; takes the seat again. */
  get token(): string {
    return this.#entered.token;
  }

  get relay(): string {
    return this.#relay;
  }

  get connected(): boolean {
    return this.#connected;
  }

  get heardAt(): number {
    return this.#heardAt;
  }

  listen(listener: MemberListener): void {
    this.#listener = listener;
    for (const message of this.#early.splice(0)) listener.received(message);
    if (this.#ended !== undefined) listener.ended(this.#ended);
    else if (!this.#connected) listener.lost();
  }

  async request(request: MemberRequest): Promise<void> {
    if (this.#ended !== undefined) throw new KinoportError('ROOM_CLOSED', 'The room is over.');
    const link = this.#link;
    if (!link || !this.#connected)
      throw new KinoportError('RELAY_UNREACHABLE', 'The connection to the room is lost.', {
        hint: 'It is tried again by itself.',
      });
    await this.#requests.ask('ok', (id) => link.send({ ...request, id }));
  }

  tell(message: ClientMessages['status' | 'time']): void {
    if (this.#connected) this.#link?.send(message);
  }

  check(): void {
    if (this.#connected) this.#heartbeat?.check();
    else if (this.#ended === undefined && this.#joined) this.#again(0);
  }

  async leave(): Promise<void> {
    if (this.#ended !== undefined) return;
    try {
      if (this.#connected) await this.request({ type: 'leave' });
    } catch {
      // Lost or refused: the seat is given up after its time.
    } finally {
      this.#end('left');
    }
  }

  async dispose(): Promise<void> {
    this.#listener = undefined;
    this.#end('left');
    await this.#linkOwned?.dispose();
  }

  get #entered(): Joined {
    if (!this.#joined) throw new KinoportError('INTERNAL', 'The seat has not been taken yet.');
    return this.#joined;
  }

  async #connect(entry: Entry, signal: AbortSignal): Promise<void> {
    const over = AbortSignal.any([signal, this.#over.signal]);
    const link = await this.#options.open(this.#relay, over);
    const owned = new DisposableStore();
    owned.add(link);
    this.#link = link;
    this.#linkOwned = owned;
    this.#goodbye = undefined;
    const heartbeat = owned.add(new Heartbeat(this.#clock, link));
    this.#heartbeat = heartbeat;
    owned.add(
      link.onDidHear(() => {
        this.#heardAt = this.#clock.now();
        heartbeat.heard();
      }),
    );
    owned.add(link.onDidReceive((message) => this.#received(message)));
    owned.add(link.onDidClose(({ code }) => this.#closed(link, code)));
    const abort = (): void => this.#requests.fail(abortedError());
    over.addEventListener('abort', abort, { once: true });
    try {
      over.throwIfAborted();
      link.send({
        type: 'hello',
        versions: [...PROTOCOL_VERSIONS],
        features: [...FEATURES],
        agent: this.#options.agent,
      });
      await this.#requests.ask('joined', (id) => link.send({ ...entry, id }));
    } catch (error) {
      await this.#drop(link);
      throw over.aborted ? abortedError() : error;
    } finally {
      over.removeEventListener('abort', abort);
    }
  }

  #received(message: ServerMessage): void {
    switch (message.type) {
      case 'welcome':
        return;
      case 'joined':
        // At once: what follows in the same moment is of the room already.
        this.#enteredAs(message);
        this.#requests.settle(message);
        return;
      case 'ok':
        this.#requests.settle(message);
        return;
      case 'error':
        // Without a number it is of the first message that could not be read, or of all.
        if (!this.#requests.settle(message) && !this.#connected) this.#requests.fail(refusalOf(message));
        return;
      case 'goodbye':
        this.#goodbye = message;
        return;
      default:
        if (this.#listener) this.#listener.received(message);
        else if (this.#early.length < MOST_EARLY) this.#early.push(message);
    }
  }

  #enteredAs(joined: Joined): void {
    const again = this.#joined !== undefined;
    this.#joined = joined;
    this.#connected = true;
    this.#backoff.reset();
    if (!again) return;
    this.#early = [];
    this.#listener?.resumed(joined.room);
  }

  #closed(link: RelayLink, code: number): void {
    if (this.#link !== link) return;
    const was = this.#connected;
    this.#connected = false;
    this.#link = undefined;
    this.#heartbeat = undefined;
    void this.#linkOwned?.dispose();
    this.#linkOwned = undefined;
    this.#requests.fail(unanswered(code));
    if (!was) return;
    const reason = endOf(code, this.#goodbye);
    if (reason !== undefined) {
      this.#end(reason);
      return;
    }
    this.#relay = this.#goodbye?.relay ?? this.#relay;
    this.#listener?.lost();
    this.#again(this.#goodbye?.retryAfter ?? 0);
  }

  /** Tries to come back in `ms`, or later by the backoff. */
  #again(ms: number): void {
    if (this.#over.signal.aborted) return;
    void this.#retry?.dispose();
    this.#retry = this.#clock.after(Math.min(ms, LATEST) + this.#backoff.next(), () => void this.#comeBack());
  }

  async #comeBack(): Promise<void> {
    this.#retry = undefined;
    const { participant, token, room } = this.#entered;
    if (this.#link || this.#over.signal.aborted) return;
    try {
      await this.#connect({ type: 'resume', code: room.code, participant, token }, this.#over.signal);
    } catch (error) {
      if (this.#over.signal.aborted) return;
      if (isKinoportError(error, ...GONE)) this.#end(error.code === 'ROOM_KICKED' ? 'kicked' : 'lost');
      // Lost again already: then it is being tried already.
      else if (!this.#connected && !this.#retry) this.#again(0);
    }
  }

  async #drop(link: RelayLink): Promise<void> {
    if (this.#link !== link) return;
    const owned = this.#linkOwned;
    this.#link = undefined;
    this.#linkOwned = undefined;
    this.#heartbeat = undefined;
    this.#connected = false;
    await owned?.dispose();
  }

  #end(reason: SyncEndReason): void {
    if (this.#ended !== undefined) return;
    this.#ended = reason;
    this.#connected = false;
    this.#over.abort();
    void this.#retry?.dispose();
    this.#requests.fail(new KinoportError('ROOM_CLOSED', 'The room is over.'));
    void this.#linkOwned?.dispose();
    this.#listener?.ended(reason);
  }
}

function unanswered(code: number): KinoportError {
  if (code === CLOSE.VERSION)
    return new KinoportError('RELAY_VERSION', 'The relay speaks no version that this program speaks.', {
      hint: 'Update whichever of the two is older.',
    });
  return new KinoportError('RELAY_UNREACHABLE', `The relay has closed the connection (${code}).`);
}

/** Why it is over for good; undefined: the seat is taken again. */
function endOf(code: number, goodbye: ServerMessages['goodbye'] | undefined): SyncEndReason | undefined {
  if (mayComeBack(code)) return undefined;
  if (code === CLOSE.KICKED) return 'kicked';
  if (code === CLOSE.REPLACED) return 'replaced';
  const reason = goodbye?.reason;
  return reason === 'left' || reason === 'closed' || reason === 'expired' ? reason : 'closed';
}
