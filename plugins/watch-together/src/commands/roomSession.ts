import {
  type Clock,
  type CommandIo,
  isKinoportError,
  KinoportError,
  PRODUCT,
  type SyncEndReason,
  toKinoportError,
} from '@kinoport/core';
import type { Room } from '../client/room.ts';
import type { Film } from './film.ts';
import { RoomReport, roomEvent } from './report.ts';
import { steer } from './steer.ts';
import { HELP, parseSent, parseTyped, type Typed } from './typed.ts';
import { offsetLine, participantLine } from './words.ts';

/** What ends a room for a person, where it was not the person. */
const ENDS: Readonly<Partial<Record<SyncEndReason, KinoportError>>> = {
  kicked: new KinoportError('ROOM_KICKED', 'The host has sent you out of the room.'),
  closed: new KinoportError('ROOM_CLOSED', 'The room is over.'),
  expired: new KinoportError('ROOM_CLOSED', 'The room is over: nothing has happened in it for too long.'),
  replaced: new KinoportError('ROOM_CLOSED', 'The seat was taken over by another connection.'),
  lost: new KinoportError('ROOM_NOT_FOUND', 'The relay no longer knows the room, or your seat in it.', {
    hint: `Join again by the link; if the room is gone, "${PRODUCT.command} room create FILE" opens another.`,
  }),
};

/** A person, or a program, in a room until it is over. */
export class RoomSession {
  readonly #room: Room;
  readonly #io: CommandIo;
  readonly #film: Film;
  readonly #clock: Clock;
  readonly #over: Promise<SyncEndReason>;

  constructor(room: Room, io: CommandIo, film: Film, clock: Clock) {
    this.#room = room;
    this.#io = io;
    this.#film = film;
    this.#clock = clock;
    // From the beginning: it may be over before it is run.
    this.#over = new Promise((resolve) => {
      room.onDidClose(({ reason }) => resolve(reason));
    });
  }

  /** @returns when the room is left. @throws KinoportError what ended it otherwise */
  async run(): Promise<void> {
    const io = this.#io;
    const report = new RoomReport(this.#room, io, this.#clock);
    const refused = Promise.withResolvers<never>();
    const watch = this.#room.onDidWarn(({ code }) => {
      if (code === 'ROOM_MEDIA_MISMATCH' && this.#room.settings.mismatch === 'refuse')
        refused.reject(
          new KinoportError(code, 'The room is for its own film alone.', {
            hint: 'Join again with a copy of it.',
          }),
        );
    });
    const reading = new AbortController();
    const read = this.#read(reading.signal);
    try {
      const reason = await Promise.race([this.#over, refused.promise, aborted(io.signal), failure(read)]);
      if (io.wantsJson) io.json({ event: 'closed', reason });
      const end = ENDS[reason];
      if (end) throw end;
    } finally {
      reading.abort();
      await watch.dispose();
      await report.dispose();
    }
  }

  /** What one sees at first. */
  greet(): void {
    const io = this.#io;
    if (io.wantsJson) {
      io.json(roomEvent(this.#room));
      return;
    }
    for (const one of this.#room.participants) io.line(`  ${participantLine(one)}`);
    const what =
      this.#room.timeline.phase === 'idle'
        ? 'Type t when you are ready, h for help'
        : 'The film is under way, and yours joins it. Type h for help';
    io.line(`${what}; anything else is said to the others.`);
  }

  async #read(signal: AbortSignal): Promise<void> {
    for await (const line of this.#io.lines()) {
      if (signal.aborted) return;
      const typed = this.#io.wantsJson ? parseSent(line) : parseTyped(line);
      if (typed) await this.#do(typed);
      else if (line.trim() !== '')
        this.#tell(
          new KinoportError(
            'USAGE',
            'That is not understood; h is for help. What begins with a blank is said to the others.',
          ),
        );
    }
  }

  async #do(typed: Typed): Promise<void> {
    const io = this.#io;
    try {
      switch (typed.command) {
        case 'help':
          for (const line of HELP) io.line(line);
          return;
        case 'list':
          if (io.wantsJson) io.json(roomEvent(this.#room));
          else for (const one of this.#room.participants) io.line(`  ${participantLine(one)}`);
          return;
        case 'watch':
          await this.#watch();
          return;
        case 'leave':
          await this.#room.leave();
          return;
        default:
          await steer(this.#room, typed, this.#clock.now());
          if (typed.command === 'offset' && !io.wantsJson) io.line(offsetLine(typed.seconds));
      }
    } catch (error) {
      if (isKinoportError(error, 'ROOM_CLOSED')) return;
      this.#tell(toKinoportError(error));
    }
  }

  async #watch(): Promise<void> {
    if (this.#room.playbackId !== undefined)
      throw new KinoportError('ROOM_STATE', 'Your player is open already.');
    this.#film.forget();
    if (!this.#film.isGiven) await this.#film.find(this.#room, false);
    await this.#room.bind(await this.#film.openOnce(this.#room));
  }

  #tell({ code, message, hint }: KinoportError): void {
    const text = hint === undefined ? message : `${message} ${hint}`;
    if (this.#io.wantsJson) this.#io.json({ event: 'warning', code, message: text });
    else this.#io.error(`${text} (${code})`);
  }
}

function aborted(signal: AbortSignal): Promise<'left'> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve('left');
    else signal.addEventListener('abort', () => resolve('left'), { once: true });
  });
}

/** Never resolves: the end of the input is not the end of the room. */
async function failure(read: Promise<void>): Promise<never> {
  await read;
  return new Promise(() => undefined);
}
