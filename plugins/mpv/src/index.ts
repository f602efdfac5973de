import { definePlugin } from '@kinoport/core';
import { MpvPlayer } from './mpvPlayer.ts';

export default definePlugin({
  activate(ctx) {
    const player = ctx.subscriptions.add(new MpvPlayer(ctx));
    ctx.players.register('mpv', player);
  },
});
