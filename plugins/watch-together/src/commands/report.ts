import {
  type Clock,
  type CommandIo,
  type Disposable,
  DisposableStore,
  type JsonObject,
  type SyncParticipant,
  type SyncStatus,
} from '@kinoport/core';
import type { Room } from '../client/room.ts';
import { roomPosition } from './steer.ts';
import { type RoomTerms, termsChanges, termsOf } from './terms.ts';
import { peopleChanges, statusLine, timelineLine } from './words.ts';

/** Tells a terminal, or a program that reads JSON, what happens in a room. */
export class RoomReport implements Disposable {
  readonly #room: Room;
  readonly #io: CommandIo;
  readonly #clock: Clock;
  readonly #owned = new DisposableStore();
  #people: readonly SyncParticipant[];
  #connection: SyncStatus['connection'];
  #terms: RoomTerms;

  constructor(room: Room, io: CommandIo, clock: Clock) {
    this.#room = room;
    this.#io = io;
    this.#clock = clock;
    this.#people = room.participants;
    this.#terms = termsOf(room);
    this.#connection = room.status.connection;
    this.#owned.add(
      room.onDidChangeRoom(() => {
        this.#event(roomEvent(room));
        const before = this.#terms;
        this.#terms = termsOf(room);
        for (const line of termsChanges(before, this.#terms)) this.#say(line);
      }),
    );
    this.#owned.add(room.onDidChangeParticipants((people) => this.#changed(people)));
    this.#owned.add(
      room.onDidChangeTimeline((change) => {
        const { timeline, cause } = change;
        const { phase, position, at, rate, media, waitingFor } = timeline;
        const more = waitingFor === undefined ? {} : { waitingFor: [...waitingFor] };
        const event: JsonObject = {
          ...{ event: 'state', phase, position, at, rate, media, ...more },
          ...{ cause: cause.kind, by: cause.by },
        };
        if (cause.kind === 'start') this.#event({ event: 'started', position, at, by: cause.by });
        this.#event(event);
        const line = timelineLine(
          change,
          (id) => this.#nameOf(id),
          (id) => room.queue.find((item) => item.id === id)?.title,
        );
        if (line !== undefined) this.#say(line);
      }),
    );
    this.#owned.add(room.onDidChangeStatus((status) => this.#status(status)));
    this.#owned.add(
      room.onDidReceiveMessage(({ from, name, text }) => {
        this.#event({ event: 'chat', from, name, text });
        this.#line(`${name}: ${text}`);
        void room.show(`${name}: ${text}`);
      }),
    );
    this.#owned.add(
      room.onDidWarn(({ code, message }) => {
        this.#event({ event: 'warning', code, message });
        const way = code === 'PLAYER_GONE' ? ' Type w to watch again.' : '';
        if (!io.wantsJson) io.error(`${message}${way} (${code})`);
        void room.show(message);
      }),
    );
  }

  dispose(): Promise<void> {
    this.#io.status('');
    return this.#owned.dispose();
  }

  #changed(people: readonly SyncParticipant[]): void {
    const before = new Map(this.#people.map((one) => [one.id, one]));
    for (const line of peopleChanges(this.#people, people)) this.#say(line);
    for (const one of people) {
      const was = before.get(one.id);
      before.delete(one.id);
      if (was && told(was) === told(one)) continue;
      const change = was ? 'changed' : 'joined';
      this.#event({ event: 'participant', change, ...participantOf(one) });
      if (was && was.isReady !== one.isReady)
        this.#event({ event: 'ready', id: one.id, name: one.name, ready: one.isReady });
    }
    for (const one of before.values())
      this.#event({ event: 'participant', change: 'left', ...participantOf(one) });
    this.#people = people;
  }

  #status(status: SyncStatus): void {
    const { connection } = status;
    if (connection !== this.#connection) {
      this.#connection = connection;
      if (connection === 'reconnecting') {
        this.#event({ event: 'disconnected' });
        this.#line('The connection is lost. It is tried again; the seat is kept.');
      } else if (connection === 'connected') {
        this.#event({ event: 'reconnected' });
        this.#line('Connected again.');
      }
    }
    if (this.#io.wantsJson) this.#event(syncEvent(this.#room, status, this.#clock.now()));
    else this.#io.status(statusLine(this.#room, status, roomPosition(this.#room, this.#clock.now())));
  }

  #nameOf(id: string): string {
    const one = [...this.#room.participants, ...this.#people].find((other) => other.id === id);
    return one?.name ?? id;
  }

  /** In the terminal and in the player. */
  #say(line: string): void {
    this.#line(line);
    void this.#room.show(line);
  }

  #line(line: string): void {
    if (!this.#io.wantsJson) this.#io.line(line);
  }

  #event(event: JsonObject): void {
    if (this.#io.wantsJson) this.#io.json(event);
  }
}

const participantOf = (one: SyncParticipant): JsonObject => ({ ...one });

/** But for figures, which change all the time. */
const told = ({ drift: _, roundTrip: __, ...rest }: SyncParticipant): string => JSON.stringify(rest);

export function roomEvent(room: Room): JsonObject {
  const { code, invitation, title, settings, locked, participants, queue } = room;
  return {
    ...{ event: 'room', code, invitation, title: title ?? null, settings: { ...settings }, locked },
    participants: participants.map(participantOf),
    queue: queue.map((item) => ({ ...item })),
  };
}

export function syncEvent(room: Room, status: SyncStatus, now: number): JsonObject {
  const { correction, ...figures } = status;
  return {
    event: 'sync',
    phase: room.timeline.phase,
    position: roomPosition(room, now),
    ...figures,
    ...(correction === undefined ? {} : { correction: { ...correction } }),
  };
}
