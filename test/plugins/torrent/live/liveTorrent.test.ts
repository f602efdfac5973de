import { Emitter } from '@kinoport/core';
import { VirtualClock } from '@kinoport/core/testing';
import { describe, expect, it } from 'vitest';
import { LiveTorrent } from '../../../../plugins/torrent/src/live/liveTorrent.ts';
import type { Swarm } from '../../../../plugins/torrent/src/swarm/ports.ts';
import { cacheFor, quiet, torrentOf } from '../store/fixture.ts';

/** A swarm of nobody, which fails when it is told to. */
function failingSwarm(infohash: string) {
  const failed = new Emitter<Error>();
  const wants: unknown[] = [];
  const swarm: Swarm = {
    infohash,
    metadata: () => new Promise(() => undefined),
    fetch() {},
    connect() {},
    want: (demands) => wants.push(demands),
    onDidVerify: new Emitter<number>().event,
    onDidFail: failed.event,
    stats: {
      downloadRate: 0,
      uploadRate: 0,
      peers: 0,
      open: 0,
      received: 0,
      uploaded: 0,
      schedule: undefined,
    },
    peers: [],
    dispose: async () => undefined,
  };
  return { swarm, wants, fail: () => failed.fire(new Error('The disk is full.')) };
}

describe('a torrent whose swarm fails', () => {
  it('asks again once, 5 s after the last failure, and not at all when it was left', async () => {
    const clock = new VirtualClock();
    const cache = await cacheFor({ clock });
    const torrent = torrentOf('a', [2]);
    const { swarm, wants, fail } = failingSwarm(torrent.infohash);
    const store = await cache.open(torrent);
    const live = new LiveTorrent({ swarm, cache, clock, log: quiet, readAhead: () => 12, store });
    for (let n = 0; n < 3; n++) {
      fail();
      await clock.advance(1_000);
    }
    await clock.advance(3_999);
    expect(wants).toHaveLength(0);
    await clock.advance(1);
    expect(wants).toHaveLength(1);
    fail();
    await live.dispose();
    await clock.advance(10_000);
    expect(wants).toHaveLength(1);
  });
});
