import { userInfo } from 'node:os';
import {
  type CommandArguments,
  type CommandIo,
  isKinoportError,
  type PluginContext,
  PRODUCT,
  type SyncEndReason,
  type SyncSettings,
} from '@kinoport/core';
import type { Room } from '../client/room.ts';
import { invitationOf, type RoomService } from '../client/roomService.ts';
import { cleanName } from '../protocol/index.ts';
import { Film } from './film.ts';
import { askPassword, passwordOfFile } from './password.ts';
import { RoomSession } from './roomSession.ts';
import { ROOM_SETTINGS, settingOf } from './settings.ts';

const NAME = 'name';
/** Ends that nobody here has wanted: a film in the middle of them is not the room's to close. */
const ROOM_LOST: readonly SyncEndReason[] = ['lost', 'closed', 'expired'];

type Options = CommandArguments['options'];
const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

/** What there is after the door: a room, and what is still to be done. */
interface Entered {
  readonly room: Room;
  readonly find?: () => Promise<void>;
  readonly open?: () => Promise<void>;
}

/** `room create` and `room join`: from the first word to the end of the room. */
export class Entrance {
  readonly #ctx: PluginContext;
  readonly #rooms: RoomService;

  constructor(ctx: PluginContext, rooms: RoomService) {
    this.#ctx = ctx;
    this.#rooms = rooms;
  }

  async create({ args, options }: CommandArguments, io: CommandIo): Promise<number> {
    const film = this.#film(filesOf(args.file), options, io);
    const { control, buffering, mismatch } = settingsOf(options);
    const relay = textOf(options.relay);
    const reach = options.lan === true ? 'network' : 'machine';
    const password = await passwordOf(options, io);
    const name = await this.#name(options, io);
    const { lines } = await this.#rooms.relayFor({ ...(relay === undefined ? {} : { relay }), reach });
    return this.#within(
      film,
      async () => {
        const room = await this.#rooms.create({
          name,
          playbackId: await film.open('resume'),
          reach,
          signal: io.signal,
          share: options.share === true,
          ...(relay === undefined ? {} : { relay }),
          ...(password === undefined ? {} : { password }),
          ...(control === undefined ? {} : { control }),
          ...(buffering === undefined ? {} : { buffering }),
          ...(mismatch === undefined ? {} : { mismatch }),
          ...(textOf(options.title) === undefined ? {} : { title: String(options.title) }),
        });
        if (!io.wantsJson) {
          for (const line of lines) io.line(line);
          io.line(invitationLine(room));
        }
        return { room };
      },
      io,
    );
  }

  async join({ args, options }: CommandArguments, io: CommandIo): Promise<number> {
    const invitation = String(args.room);
    // A wrong code is told before anything is asked.
    invitationOf(invitation);
    const film = this.#film(filesOf(args.file), options, io);
    const relay = textOf(options.relay);
    const password = await passwordOf(options, io);
    const name = await this.#name(options, io);
    const acceptShared = options.shared === true;
    return this.#within(
      film,
      async () => {
        const room = await this.#rooms.join(invitation, {
          name,
          acceptShared,
          signal: io.signal,
          ...(relay === undefined ? {} : { relay }),
          ...(password === undefined ? {} : { password }),
        });
        if (!io.wantsJson)
          io.line(`In the room ${room.code}${room.title === undefined ? '' : ` for "${room.title}"`}.`);
        return {
          room,
          // Asks, so it comes before anything that is typed.
          find: async () => {
            const { playbackId } = room;
            if (playbackId !== undefined) film.take(playbackId);
            else if (!film.isGiven) await film.find(room, acceptShared);
          },
          open: async () => {
            if (room.playbackId === undefined && film.isGiven) await room.bind(await film.openOnce(room));
          },
        };
      },
      io,
    );
  }

  /**
   * In the end the seat is given up and the player closed. Where the room has ended by itself the film goes on, and
   * where nobody asked for an end, as when a terminal is closed, the room does.
   */
  async #within(film: Film, enter: () => Promise<Entered>, io: CommandIo): Promise<number> {
    let room: Room | undefined;
    let goesOn = false;
    try {
      const entered = await enter();
      const { open, find } = entered;
      room = entered.room;
      const { timeline } = room;
      let hasStarted = timeline.phase !== 'idle';
      room.onDidChangeTimeline((change) => {
        hasStarted = change.timeline.phase !== 'idle';
      });
      room.onDidClose(({ reason }) => {
        goesOn = reason === 'left' || (hasStarted && ROOM_LOST.includes(reason));
      });
      const session = new RoomSession(room, io, film, this.#ctx.clock);
      session.greet();
      await find?.();
      const run = session.run();
      const opened = open?.().catch((error: unknown) => {
        // Why it is closed, the run knows.
        if (isKinoportError(error, 'ROOM_CLOSED')) return run;
        throw error;
      });
      await Promise.all([run, Promise.race([run, opened])]);
      return 0;
    } catch (error) {
      if (isKinoportError(error, 'ABORTED') && io.signal.aborted) return 0;
      throw error;
    } finally {
      const stays = io.isClientGone && room !== undefined && this.#rooms.desert(room);
      if (!stays) {
        const stops = !goesOn || io.signal.aborted;
        await room?.dispose();
        // "room leave", and the end of a room, leave the film alone; the end of this command ends what it has opened.
        if (stops) await film.stop();
        else if (film.isOpen && !io.wantsJson) io.line('The film goes on for you alone.');
      }
    }
  }

  #film(files: readonly string[], options: Options, io: CommandIo): Film {
    const player = textOf(options.player);
    return new Film(this.#ctx, io, files, {
      signal: io.signal,
      fullscreen: options.fullscreen === true,
      isDriven: (id) => this.#rooms.drives(id),
      ...(player === undefined ? {} : { player }),
    });
  }

  /** The given name, which is remembered; the remembered one; what the person answers; the login name. */
  async #name(options: Options, io: CommandIo): Promise<string> {
    const given = cleanName(textOf(options.name) ?? '');
    const remembered = await this.#ctx.storage.get(NAME);
    if (given === '' && typeof remembered === 'string' && remembered !== '') return remembered;
    const name = given || (await askName(io)) || loginName() || 'Guest';
    if (name !== remembered) await this.#ctx.storage.set(NAME, name);
    return name;
  }
}

async function askName(io: CommandIo): Promise<string> {
  if (io.wantsJson || !io.isTTY) return '';
  return cleanName(await io.prompt('How shall the others see you? '));
}

function loginName(): string {
  try {
    return cleanName(userInfo().username);
  } catch {
    return '';
  }
}

const filesOf = (value: CommandArguments['args'][string]): readonly string[] =>
  Array.isArray(value) ? value : typeof value === 'string' ? [value] : [];

/** Never in an argument, which everybody on the machine can read. */
async function passwordOf(options: Options, io: CommandIo): Promise<string | undefined> {
  return passwordOfFile(options) ?? (options.password === true ? askPassword(io) : undefined);
}

/** @throws KinoportError `USAGE` */
function settingsOf(options: Options): Partial<SyncSettings> {
  const settings = ROOM_SETTINGS.map((name) => settingOf(name, textOf(options[name]), `--${name}`));
  return Object.assign({}, ...settings);
}

/** The one line to paste into a chat. */
function invitationLine({ title, invitation }: Room): string {
  const what = title === undefined ? '' : ` for "${title}"`;
  return `Join my room${what}: ${invitation}   (or: ${PRODUCT.command} room join ${invitation} FILE)`;
}
