import { expect, it } from 'vitest';
import type { Peer } from '../../../host/src/rpc/peer.ts';
import { createPlayback } from '../../../host/src/runtime/playback.ts';

it('a command of ctx.playback can be given up, and takes as long as the instant it waits for', async () => {
  const calls: unknown[][] = [];
  const peer = {
    onNotification: () => undefined,
    call: async (...call: unknown[]) => void calls.push(call),
  } as unknown as Peer;
  const { signal } = new AbortController();
  await createPlayback(peer, () => undefined)
    .get('one')
    .play({ at: 5, id: 'room', signal });
  expect(calls).toEqual([
    [
      'playback/call',
      { id: 'one', method: 'play', args: [{ at: 5, id: 'room' }] },
      { signal, timeout: Number.POSITIVE_INFINITY },
    ],
  ]);
});
