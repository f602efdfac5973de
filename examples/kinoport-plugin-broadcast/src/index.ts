import { definePlugin } from '@kinoport/core';
import { createPlayer } from './player.ts';

export default definePlugin({
  activate(ctx) {
    ctx.players.register('broadcast', createPlayer(ctx));
  },
});
