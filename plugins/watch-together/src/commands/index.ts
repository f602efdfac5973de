import type { PluginContext } from '@kinoport/core';
import type { RoomService } from '../client/roomService.ts';
import { Entrance } from './enter.ts';
import { RemoteRoom, seekOf } from './remote.ts';

export function registerCommands(ctx: PluginContext, rooms: RoomService): void {
  const { commands, clock } = ctx;
  const entrance = new Entrance(ctx, rooms);
  const remote = new RemoteRoom(rooms, clock);
  commands.register('room create', (input, io) => entrance.create(input, io));
  commands.register('room join', (input, io) => entrance.join(input, io));
  commands.register('room status', remote.status);
  commands.register(
    'room ready',
    remote.say(({ options }) => ({ command: 'ready', ready: options.not !== true })),
  );
  commands.register(
    'room start',
    remote.say(({ options }) => ({ command: 'start', ...(options.now === true ? { force: true } : {}) })),
  );
  commands.register(
    'room pause',
    remote.say(() => ({ command: 'pause' })),
  );
  commands.register(
    'room play',
    remote.say(() => ({ command: 'play' })),
  );
  commands.register('room seek', remote.say(seekOf));
  commands.register(
    'room chat',
    remote.say(({ args }) => ({ command: 'chat', text: [args.text].flat().join(' ') })),
  );
  commands.register(
    'room kick',
    remote.say(({ args }) => ({ command: 'kick', who: String(args.who) })),
  );
  commands.register(
    'room transfer',
    remote.say(({ args }) => ({ command: 'transfer', who: String(args.who) })),
  );
  commands.register('room set', remote.set);
  commands.register(
    'room leave',
    remote.say(() => ({ command: 'leave' })),
  );
}
