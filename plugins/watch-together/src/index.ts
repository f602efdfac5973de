import { definePlugin } from '@kinoport/core';
import { RoomService } from './client/roomService.ts';
import { openWebSocketLink } from './client/webSocketLink.ts';
import { registerCommands } from './commands/index.ts';
import { readSettings } from './settings.ts';

export default definePlugin({
  activate(ctx) {
    let settings = readSettings(ctx.config.value);
    ctx.subscriptions.add(
      ctx.config.onDidChange((config) => {
        settings = readSettings(config);
      }),
    );
    const rooms = ctx.subscriptions.add(new RoomService(ctx, () => settings, openWebSocketLink));
    ctx.syncs.register('room', rooms);
    registerCommands(ctx, rooms);
  },
});
