// @ts-check
/** @import { PluginContext } from '@kinoport/core' */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { definePlugin } from '@kinoport/core';
import { exportCommand, listCommand } from './commands.js';
import { Journal } from './journal.js';
import { Scrobbler } from './scrobbler.js';

export default definePlugin({
  async activate(ctx) {
    let journal = new Journal(fileOf(ctx));
    const scrobbler = ctx.subscriptions.add(new Scrobbler(ctx, await homeOf(ctx), journal));
    ctx.subscriptions.add(
      ctx.config.onDidChange(() => {
        journal = new Journal(fileOf(ctx));
        scrobbler.use(journal);
      }),
    );

    // Heard from now on; what plays already is told first.
    const { playback } = ctx;
    ctx.subscriptions.add(playback.onDidStart((snapshot) => scrobbler.started(snapshot)));
    ctx.subscriptions.add(playback.onDidChangeState(({ id, state }) => scrobbler.changed(id, state)));
    ctx.subscriptions.add(playback.onDidEnd((end) => scrobbler.ended(end)));
    ctx.subscriptions.add(playback.onDidClose(({ id }) => scrobbler.closed(id)));
    scrobbler.settle(await playback.list());

    ctx.commands.register(
      'scrobble list',
      listCommand(() => journal),
    );
    ctx.commands.register(
      'scrobble export',
      exportCommand(() => journal),
    );
  },
});

/** @param {PluginContext} ctx */
function fileOf(ctx) {
  const folder = String(ctx.config.value.folder ?? '');
  const place = folder === '' ? ctx.folders.data : folder.replace(/^~(?=\/|$)/, homedir());
  return join(place, 'scrobbles.jsonl');
}

/**
 * A name of this Kinoport in a file that others may write as well.
 * @param {PluginContext} ctx
 * @returns {Promise<string>}
 */
async function homeOf(ctx) {
  const known = await ctx.storage.get('home');
  if (typeof known === 'string') return known;
  const home = crypto.randomUUID().slice(0, 8);
  await ctx.storage.set('home', home);
  return home;
}
