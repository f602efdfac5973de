import type { Disposable } from '@kinoport/core';
import type { PluginSet } from '../plugins/pluginSet.ts';
import { SETTINGS_FAULTS } from '../plugins/settings.ts';
import type { PlaybackService } from './service.ts';

/** After these nobody starts it again by himself. */
const FINAL: ReadonlySet<string> = new Set(['PLUGIN_FAILED', ...SETTINGS_FAULTS]);

/** Tells those who watch a film, once, that a plugin it needs is not started any more, and what can be done. */
export function tellOfPluginFailures(
  plugins: Pick<PluginSet, 'onDidChange'>,
  playback: Pick<PlaybackService, 'sessionsOn'>,
): Disposable {
  const told = new Set<string>();
  return plugins.onDidChange(({ id, state, error }) => {
    if (state === 'active') told.delete(id);
    if (state !== 'failed' || !error || !FINAL.has(error.code) || told.has(id)) return;
    told.add(id);
    const hint = error.hint === undefined ? '' : ` ${error.hint}`;
    for (const session of playback.sessionsOn(id))
      session.tell(error.code, `${error.message} The film goes on as long as it can without.${hint}`);
  });
}
