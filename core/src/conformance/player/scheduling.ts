import type { PositionSample } from '../../player.ts';
import type { Clause } from '../clause.ts';
import type { Trial } from '../trial.ts';
import { needs, open, PATIENCE, type Stage } from './stage.ts';
import type { PlayerSubject } from './subject.ts';

/** Milliseconds that a first frame may take after the instant, beside the precision that is declared. */
const START_UP = 200;

/** Play and pause at an instant (capability `scheduled`). */
export const schedulingClauses: readonly Clause<PlayerSubject>[] = [
  {
    id: 'player.scheduled.play',
    title: 'play with an instant begins at that instant',
    why: 'A room of viewers starts at the same moment.',
    async run(subject, t: Trial) {
      const precision = declared(subject, t);
      const stage = await open(subject, t, { paused: true });
      await stage.paused();
      const from = await rest(t, stage);
      const at = t.clock.now() + 900;
      await stage.session.play({ at });
      await t.sleep(700);
      const later = await stage.session.samplePosition();
      const began = later.at - ((later.position - from.position) / stage.state.rate) * 1000;
      t.near('the instant at which it began (ms)', began - at, 0, precision + START_UP + allowance(subject));
    },
  },
  {
    id: 'player.scheduled.pause',
    title: 'pause with an instant stands still from that instant',
    why: 'All stop at the same frame.',
    async run(subject, t: Trial) {
      const precision = declared(subject, t);
      const stage = await open(subject, t);
      await stage.playing();
      await t.sleep(300);
      const before = await stage.session.samplePosition();
      const at = t.clock.now() + 900;
      await stage.session.pause({ at });
      const after = await rest(t, stage);
      const stopped = before.at + ((after.position - before.position) / stage.state.rate) * 1000;
      t.near(
        'the instant at which it stopped (ms)',
        stopped - at,
        0,
        precision + START_UP + allowance(subject),
      );
    },
  },
  {
    id: 'player.scheduled.past',
    title: 'an instant that is over means now',
    why: 'Messages arrive late.',
    async run(subject, t: Trial) {
      declared(subject, t);
      const stage = await open(subject, t, { paused: true });
      await stage.paused();
      await t.within('play', PATIENCE, stage.session.play({ at: t.clock.now() - 5_000 }));
      await stage.reach('to play', ({ status }) => status === 'playing', 3_000);
    },
  },
  {
    id: 'player.scheduled.replaced',
    title: 'a later play or pause replaces one that still waits for its instant',
    why: 'Who pauses in the last moment does not want the film to start all the same.',
    async run(subject, t: Trial) {
      declared(subject, t);
      const stage = await open(subject, t, { paused: true });
      await stage.paused();
      const waiting = stage.session.play({ at: t.clock.now() + 900 });
      waiting.catch(() => undefined);
      await t.sleep(100);
      stage.session.play({ at: t.clock.now() + 60_000 }).catch(() => undefined);
      await t.allow(t.within('the play that was replaced', PATIENCE, waiting), 'ABORTED');
      await t.sleep(1_300);
      t.ok(stage.state.status !== 'playing', 'it plays all the same');
    },
  },
];

/** Milliseconds. */
function declared({ player }: PlayerSubject, t: Trial): number {
  needs(t, player.capabilities.scheduled, 'it takes no instants (scheduled)');
  return player.capabilities.scheduled.precision;
}

function allowance({ player }: PlayerSubject): number {
  return player.capabilities.positionPrecision * 1000;
}

/** A sample of what stands still. */
async function rest(t: Trial, stage: Stage): Promise<PositionSample> {
  await stage.reach('to stand still', ({ status }) => status === 'paused', 5_000);
  await t.sleep(200);
  return stage.session.samplePosition();
}
