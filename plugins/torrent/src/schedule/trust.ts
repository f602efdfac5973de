import type { SwarmView } from './swarmView.ts';
import type { BlockRequest, WireState } from './wireState.ts';

/** Milliseconds in which a request counts as lost: three times what was expected, within these. */
const LOST_MIN = 2000;
const LOST_MAX = 8000;
/** The same for whole pieces, and when nobody else could be asked. */
const LOST_ALONE = 30_000;
/** Milliseconds of rest after the first failure, doubled with each one that follows. */
const REST = 100;
const REST_MAX = 10_000;
/** Milliseconds in which a piece that was refused is not asked for again. */
const REFUSED = 5000;

/** Whether a request will not be answered any more, judged by how long it should have taken. */
export function isLost(state: WireState, request: BlockRequest, view: SwarmView, now: number): boolean {
  const waited = now - request.sentAt;
  if (waited < LOST_MIN) return false;
  const expected = 3 * (request.expectedAt - request.sentAt);
  if (state.wire.wholePieces) return waited > Math.min(Math.max(expected, LOST_MAX), 2 * LOST_ALONE);
  if (waited < (state.estimate.isProven ? Math.min(expected, LOST_MAX) : LOST_MAX)) return false;
  return waited > LOST_ALONE || view.hasOther(state, request.piece);
}

/** Leaves a wire alone for a while, longer each time, and the piece that it did not give for longer. */
export function rest(state: WireState, piece: number | undefined, now: number): void {
  if (state.restUntil <= now) {
    state.restUntil = now + Math.min(REST_MAX, REST * 2 ** Math.min(state.strikes, 10));
    state.strikes++;
  }
  if (piece !== undefined) state.refused.set(piece, now + REFUSED);
}
