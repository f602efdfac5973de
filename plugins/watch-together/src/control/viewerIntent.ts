import type { PlayerChange } from './ownCommands.ts';
import type { ViewerIntent } from './ports.ts';

/** Rates that a person sets are whole hundredths, or such a step away from what the player ran at. */
const STEP = 100;

/**
 * What the viewer's doing means for the room. `position`: where the player is now, in room seconds; `rates`: the
 * room's, and the one that the player was told last, which is slightly off it while it is trimmed.
 */
export function intentOf(
  change: PlayerChange,
  position: number,
  rates: { readonly room: number; readonly told: number },
): ViewerIntent {
  if (change.kind === 'rate') return { kind: 'rate', rate: meantRate(change.rate, rates) };
  const at = Math.max(0, position);
  if (change.kind === 'seek') return { kind: 'seek', position: at };
  return { kind: change.paused ? 'pause' : 'play', position: at };
}

function meantRate(rate: number, { room, told }: { readonly room: number; readonly told: number }): number {
  const isWhole = Math.abs(rate * STEP - Math.round(rate * STEP)) < 1e-4;
  // A key that multiplies the rate multiplies the correction with it.
  const meant = isWhole ? rate : (rate / told) * room;
  return Math.round(meant * 1000) / 1000;
}
