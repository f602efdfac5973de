import { type Clock, type CommandArguments, type CommandIo, KinoportError } from '@kinoport/core';
import type { Room } from '../client/room.ts';
import type { RoomService } from '../client/roomService.ts';
import { cleanLine, parseRoomCode } from '../protocol/index.ts';
import { askPassword, passwordOfFile } from './password.ts';
import { roomEvent, syncEvent } from './report.ts';
import { roomPosition, steer } from './steer.ts';
import { parseTyped, type Typed } from './typed.ts';
import { participantLine, statusLine } from './words.ts';

/** `room status` and its like: the rooms of this machine, from another terminal. */
export class RemoteRoom {
  readonly #rooms: RoomService;
  readonly #clock: Clock;

  constructor(rooms: RoomService, clock: Clock) {
    this.#rooms = rooms;
    this.#clock = clock;
  }

  status = async ({ options }: CommandArguments, io: CommandIo): Promise<number> => {
    const code = options.room === undefined ? undefined : this.#the(options).code;
    const rooms = this.#rooms.rooms.filter((room) => code === undefined || room.code === code);
    if (rooms.length === 0) this.#the(options);
    for (const room of rooms) {
      const now = this.#clock.now();
      if (io.wantsJson) {
        io.json({ ...roomEvent(room), ...syncEvent(room, room.status, now), event: 'status' });
        continue;
      }
      io.line(statusLine(room, room.status, roomPosition(room, now)));
      for (const one of room.participants) io.line(`  ${participantLine(one)}`);
      io.line(`  ${room.invitation}`);
    }
    return 0;
  };

  say(typed: (input: CommandArguments) => Typed): (input: CommandArguments) => Promise<number> {
    return async (input) => {
      const said = typed(input);
      const room = this.#the(input.options);
      if (said.command === 'leave') await room.leave();
      else if (said.command !== 'list' && said.command !== 'help' && said.command !== 'watch')
        await steer(room, said, this.#clock.now());
      return 0;
    };
  }

  /** `room set control host`, `room set password`. */
  set = async (input: CommandArguments, io: CommandIo): Promise<number> => {
    const room = this.#the(input.options);
    await steer(room, await settingTyped(input, io), this.#clock.now());
    return 0;
  };

  /** @throws KinoportError `ROOM_NOT_FOUND`, `USAGE` */
  #the(options: CommandArguments['options']): Room {
    const { rooms } = this.#rooms;
    const named = typeof options.room === 'string' ? parseRoomCode(options.room) : undefined;
    const [room, ...others] = options.room === undefined ? rooms : rooms.filter(({ code }) => code === named);
    if (!room)
      throw new KinoportError('ROOM_NOT_FOUND', noRoom(options.room), {
        hint: 'Open one with "room create FILE", or join one with "room join LINK".',
      });
    if (others.length > 0)
      throw new KinoportError('USAGE', 'This machine is in more than one room.', {
        hint: `Say which: ${rooms.map(({ code }) => `--room ${code}`).join(', ')}`,
      });
    return room;
  }
}

const noRoom = (named: unknown): string =>
  named === undefined
    ? 'This machine is in no room.'
    : `This machine is not in the room ${cleanLine(String(named), 80)}.`;

async function settingTyped(
  { args, options }: CommandArguments,
  io: CommandIo,
): Promise<Extract<Typed, { command: 'set' }>> {
  const value = [args.value ?? []].flat().join(' ');
  if (args.what === 'password') {
    if (value !== '')
      throw new KinoportError('USAGE', 'Everybody on the machine can read a command line.', {
        hint: 'Leave the password out, or give --password-file.',
      });
    const password = options.none === true ? null : (passwordOfFile(options) ?? (await askPassword(io)));
    return { command: 'set', password };
  }
  const typed = parseTyped(`set ${args.what} ${value}`);
  if (typed?.command === 'set') return typed;
  throw new KinoportError('USAGE', `"${`${args.what} ${value}`.slice(0, 60)}" is nothing to be set.`, {
    hint: 'control host|everyone, buffering off|grace|everyone, mismatch warn|refuse, title TEXT, password.',
  });
}

/** `seek 12:30`, `seek +10`. @throws KinoportError `USAGE` */
export function seekOf({ args }: CommandArguments): Typed {
  const typed = parseTyped(`s ${args.position}`);
  if (typed?.command === 'seek' || typed?.command === 'skip') return typed;
  throw new KinoportError('USAGE', `"${String(args.position).slice(0, 40)}" is no position.`, {
    hint: 'It looks like 750, 12:30, 1:02:03, or +10 and -10 from here.',
  });
}
