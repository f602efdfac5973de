// @ts-check
/** @import { JsonObject, PluginContext } from '@kinoport/core' */
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Notes what was played in `played.jsonl` in the plugin's data folder, whatever player and source it had.
 * @param {PluginContext} ctx
 */
export function followPlayback(ctx) {
  const file = join(ctx.folders.data, 'played.jsonl');
  // One line after another, in the order in which things happened.
  let written = Promise.resolve();
  /** @param {JsonObject} entry */
  const note = (entry) => {
    written = written
      .then(() => appendFile(file, `${JSON.stringify(entry)}\n`))
      .catch((error) => ctx.log.error('could not note what was played', { message: String(error) }));
  };
  ctx.subscriptions.add({ dispose: () => written });
  ctx.subscriptions.add(
    ctx.playback.onDidStart(({ item, player }) => {
      note({ event: 'started', title: item.title, key: item.key, player });
    }),
  );
  ctx.subscriptions.add(
    ctx.playback.onDidEnd(({ item, reason, position, watched }) => {
      note({ event: 'ended', title: item.title, key: item.key, reason, position, watched });
    }),
  );
}
