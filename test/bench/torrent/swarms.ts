import type { Seeder } from '../../support/lab/swarm/protocol.ts';

const KB = 1000;

function peers(count: number, seeder: Seeder): readonly Seeder[] {
  return Array.from({ length: count }, () => seeder);
}

/** Swarms of the scenarios; 20 to 40 ms away in each direction unless said. */
export const SWARMS = {
  /** 4 MB/s in all. */
  mix4: () => peers(4, { rate: 1000 * KB }),
  /** 3.5 MB/s, and one that is all but standing still. */
  strag8: () => [...peers(7, { rate: 500 * KB }), { rate: 10 * KB }],
  /** 1.2 times the bitrate in all, and a straggler. */
  slow8: (bitrate: number) => [...peers(7, { rate: (1.2 * bitrate) / 8 / 7 }), { rate: 10 * KB }],
  /** One seeder with 1.2 times the bitrate. */
  tight1: (bitrate: number) => [{ rate: (1.2 * bitrate) / 8 }],
  /** Two of these go silent in mid-film. */
  stall8: () => peers(8, { rate: 500 * KB }),
  /** One in a hundred pieces is wrong, and one peer it is who gives them. */
  corrupt: () => [...peers(7, { rate: 250 * KB }), { rate: 250 * KB, corrupt: 0.08 }],
  dropping: () => peers(8, { rate: 250 * KB, dropAfter: 3_000 * KB }),
  /** Leechers that have parts, get more and choke in turns; and one seeder. */
  leechers: () => [
    { rate: 300 * KB },
    ...[0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.5].map((has, n) => ({
      rate: 300 * KB,
      has,
      gains: 1,
      chokes: { every: 6_000 + 700 * n, length: 2_500 },
    })),
  ],
  /** As fast as the machine, and no distance: what is measured is the client. */
  un4: () => peers(4, { delay: 0 }),
} satisfies Record<string, (bitrate: number) => readonly Seeder[]>;

export type SwarmName = keyof typeof SWARMS;
