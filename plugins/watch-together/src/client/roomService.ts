import { randomBytes } from 'node:crypto';
import {
  abortedError,
  type Disposable,
  isKinoportError,
  KinoportError,
  type PlaybackSnapshot,
  type PluginContext,
  PRODUCT,
  type Sync,
  type SyncCreateOptions,
  type SyncJoinOptions,
  sleep,
} from '@kinoport/core';
import { type Copy, claimOf } from '../media/claim.ts';
import { findPlayed, Shelf, shareable } from '../media/shelf.ts';
import {
  cleanLine,
  cleanName,
  LIMITS,
  parseInvitation,
  type QueueItem,
  type Settings,
  socketAddress,
} from '../protocol/index.ts';
import type { PluginSettings } from '../settings.ts';
import type { LinkOpener } from './link.ts';
import { LocalRelay, type Reach } from './localRelay.ts';
import type { Entry } from './member.ts';
import { PlayersInUse } from './playersInUse.ts';
import { RelaySeat } from './relaySeat.ts';
import { Room } from './room.ts';
import { KeptSeats } from './seats.ts';

export interface CreateDetails extends SyncCreateOptions {
  readonly relay?: string;
  /** Of a relay of this machine, where none is named. */
  readonly reach?: Reach;
  /** Tell the others the addresses of what is watched, where these are magnet links or plain http(s). */
  readonly share?: boolean;
}

export interface JoinDetails extends SyncJoinOptions {
  readonly relay?: string;
  /** What the others share may be opened here. */
  readonly acceptShared?: boolean;
}

/** Milliseconds for a player to say how long its film is. */
const OPENING = 10_000;
/** Bytes of a queue: it has to go into one message with the rest. */
const QUEUE_BYTES = 56 * 1024;

/** The rooms of this machine. */
export class RoomService implements Sync, Disposable {
  readonly #ctx: PluginContext;
  readonly #settings: () => PluginSettings;
  readonly #open: LinkOpener;
  readonly #seats: KeptSeats;
  readonly #local: LocalRelay;
  readonly #players = new PlayersInUse();
  readonly #rooms = new Set<Room>();
  /** Whose terminals are gone. */
  readonly #deserted = new Set<Room>();
  #ending = false;

  constructor(ctx: PluginContext, settings: () => PluginSettings, open: LinkOpener) {
    this.#ctx = ctx;
    this.#settings = settings;
    this.#open = open;
    this.#seats = new KeptSeats(ctx.secrets);
    const { clock, processes, folders } = ctx;
    this.#local = new LocalRelay({ clock, processes, folder: folders.data });
  }

  /** Those that this machine is in now. */
  get rooms(): readonly Room[] {
    return [...this.#rooms];
  }

  /** Whether a room drives that session. */
  drives(playbackId: string): boolean {
    return this.#players.has(playbackId);
  }

  /**
   * Whoever was at the terminal is gone: the film goes on in the room, which is left when its player is closed.
   * @returns false where there is no film
   */
  desert(room: Room): boolean {
    if (room.playbackId === undefined || !this.#rooms.has(room)) return false;
    this.#deserted.add(room);
    room.onDidLosePlayer(() => {
      if (!this.#deserted.has(room)) return;
      room.dispose().catch((error: unknown) => {
        this.#ctx.log.warn('A room could not be left.', { error: String(error) });
      });
    });
    return true;
  }

  /** The relay for a new room, and who can reach it where that has to be said. */
  async relayFor({ relay, reach = 'machine' }: Pick<CreateDetails, 'relay' | 'reach'>): Promise<{
    readonly address: string;
    readonly lines: readonly string[];
  }> {
    const named = this.#named(relay);
    return named === undefined ? this.#local.get(reach) : { address: named, lines: [] };
  }

  async create(options: CreateDetails): Promise<Room> {
    const { address } = await this.relayFor(options);
    const settings = this.#settings();
    const salt = randomBytes(18).toString('base64url');
    const by = { privacy: settings.matchPrivacy, salt };
    const played = await this.#played(options.playbackId, options.signal);
    const queue = played ? queueOf(played, by, options.share ?? false) : [];
    const [first] = queue;
    const title = options.title ?? first?.title;
    const { control, buffering, mismatch } = options;
    return this.#enter(address, options, {
      type: 'create',
      name: nameOf(options.name),
      ...(title === undefined ? {} : { title: cleanLine(title, LIMITS.title) }),
      settings: {
        ...(control === undefined ? {} : { control }),
        ...(buffering === undefined ? {} : { buffering }),
        ...(mismatch === undefined ? {} : { mismatch }),
        matchPrivacy: settings.matchPrivacy,
      },
      ...(options.password === undefined ? {} : { password: options.password }),
      ...(settings.createToken === undefined ? {} : { createToken: settings.createToken }),
      salt,
      queue: [...queue],
      ...(first ? { media: first.media } : {}),
    });
  }

  /** Whoever comes again to a room that is deserted here is in it, with its player. */
  async join(invitation: string, options: JoinDetails): Promise<Room> {
    const { code, relay: linked } = invitationOf(invitation);
    const address = linked ?? this.#named(options.relay) ?? (await this.#local.running())[0];
    if (address === undefined)
      throw new KinoportError('RELAY_NONE', `At which relay is the room ${code}?`, {
        hint: 'Give the whole link in place of the code, or --relay URL.',
      });
    const kept = await this.#seats.of(code, address);
    const here = this.rooms.filter((room) => room.code === code && room.relay === address);
    const deserted = here.find((room) => this.#deserted.has(room));
    if (deserted) {
      if (options.playbackId !== undefined) await deserted.bind(options.playbackId);
      this.#deserted.delete(deserted);
      return deserted;
    }
    if (kept && here.length === 0) {
      const { participant, token } = kept;
      try {
        return await this.#enter(address, options, { type: 'resume', code, participant, token });
      } catch (error) {
        if (!isKinoportError(error, 'ROOM_SEAT_INVALID', 'ROOM_NOT_FOUND')) throw error;
        await this.#seats.forget(kept);
      }
    }
    return this.#enter(address, options, {
      type: 'join',
      code,
      name: nameOf(options.name),
      ...(options.password === undefined ? {} : { password: options.password }),
    });
  }

  /** Seats are kept, at their relays and here: the next process of the plugin takes them again. */
  async dispose(): Promise<void> {
    this.#ending = true;
    for (const room of this.rooms) await room.forsake();
  }

  #named(given: string | undefined): string | undefined {
    const named = given ?? this.#settings().relay;
    if (named === undefined) return undefined;
    if (socketAddress(named) === undefined)
      throw new KinoportError('INVALID_ARGUMENT', `"${named.slice(0, 200)}" is no address of a relay.`, {
        hint: 'It looks like https://relay.example.',
      });
    return named.trim().replace(/^ws/i, 'http').replace(/\/+$/, '');
  }

  async #enter(relay: string, options: CreateDetails | JoinDetails, entry: Entry): Promise<Room> {
    const { clock, playback, log } = this.#ctx;
    const signal = options.signal ?? new AbortController().signal;
    const agent = `${PRODUCT.command}/${this.#ctx.plugin.version}`;
    const seat = await RelaySeat.enter({ clock, open: this.#open, relay, agent }, entry, signal);
    const shelf = new Shelf();
    const room = new Room({
      ...{ clock, playback, relay, shelf, policy: this.#settings().policy, players: this.#players },
      member: seat,
      find: async (item, by): Promise<Copy | undefined> => {
        const known = await findPlayed(playback, item, by);
        if (known || item.share === undefined || !('acceptShared' in options && options.acceptShared))
          return known;
        const title = cleanLine(item.title ?? '', LIMITS.title) || 'Shared film';
        return { key: `shared:${item.id}`, uri: item.share, title };
      },
    });
    this.#rooms.add(room);
    room.onDidClose(({ reason }) => {
      this.#rooms.delete(room);
      this.#deserted.delete(room);
      if (reason === 'replaced' || this.#ending) return;
      this.#seats.forget({ code: room.code, relay }).catch((error: unknown) => {
        log.warn('A seat could not be forgotten.', { error: String(error) });
      });
    });
    try {
      await this.#seats.keep({ code: room.code, relay, participant: seat.id, token: seat.token });
    } catch (error) {
      // Without it the room works but for one thing: after a crash another seat is taken.
      log.warn('The seat could not be kept.', { error: String(error) });
    }
    try {
      if (options.playbackId !== undefined) await room.bind(options.playbackId);
      return room;
    } catch (error) {
      await room.dispose();
      throw error;
    }
  }

  /** What plays, as soon as its player knows how long it is. */
  async #played(
    id: string | undefined,
    signal = new AbortController().signal,
  ): Promise<PlaybackSnapshot | undefined> {
    if (id === undefined) return undefined;
    const handle = this.#ctx.playback.get(id);
    const { clock } = this.#ctx;
    const until = clock.now() + OPENING;
    for (;;) {
      const snapshot = await handle.snapshot();
      const { status, duration } = snapshot.state;
      const isThere = status === 'paused' || status === 'playing';
      if ((isThere && duration !== undefined) || snapshot.item.live || clock.now() > until) return snapshot;
      if (signal.aborted) throw abortedError();
      await sleep(clock, 50, signal);
    }
  }
}

/** @throws KinoportError `ROOM_CODE_INVALID` */
export function invitationOf(text: string): NonNullable<ReturnType<typeof parseInvitation>> {
  const invitation = parseInvitation(text);
  if (!invitation)
    throw new KinoportError(
      'ROOM_CODE_INVALID',
      `"${cleanLine(text, 80)}" is no code of a room and no link to one.`,
      {
        hint: 'A code is six letters and digits; a link ends with /r/ and the code.',
      },
    );
  return invitation;
}

const nameOf = (name: string): string => cleanName(name) || 'Guest';

function queueOf(
  { queue, item: current, state, index }: PlaybackSnapshot,
  by: { readonly privacy: Settings['matchPrivacy']; readonly salt: string },
  share: boolean,
): readonly QueueItem[] {
  // What is behind the item that plays is over.
  const items = (queue.length > 0 ? queue.slice(index) : [current]).slice(0, LIMITS.queueItems);
  const all = items.map((item, at): QueueItem => {
    const title = by.privacy === 'none' ? '' : cleanLine(item.title, LIMITS.title);
    const address = share ? shareable(item.uri) : undefined;
    return {
      id: `i${at + 1}`,
      ...(title === '' ? {} : { title }),
      media: claimOf(item, by.privacy, by.salt, at === 0 ? (state.duration ?? item.duration) : item.duration),
      ...(address === undefined ? {} : { share: address }),
    };
  });
  while (Buffer.byteLength(JSON.stringify(all)) > QUEUE_BYTES) all.pop();
  return all;
}
