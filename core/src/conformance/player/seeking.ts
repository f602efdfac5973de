import type { Clause } from '../clause.ts';
import type { Trial } from '../trial.ts';
import { needs, open, PATIENCE, SLACK, type Stage } from './stage.ts';
import type { PlayerSubject } from './subject.ts';

/** Seeks and measured positions. */
export const seekingClauses: readonly Clause<PlayerSubject>[] = [
  {
    id: 'player.seek.exact',
    title: 'an exact seek lands within a frame',
    why: 'Two viewers who seek to the same second see the same picture.',
    async run(subject, t: Trial) {
      needs(t, subject.player.capabilities.exactSeek, 'its seeks are not exact (exactSeek)');
      const stage = await open(subject, t, { paused: true });
      await stage.paused();
      for (const part of [0.7, 0.33]) {
        const target = subject.media.film.duration * part + 0.3;
        const { epoch } = stage.state;
        await stage.session.seek(target, { exact: true });
        await settled(t, stage, epoch);
        t.near(
          'the position',
          stage.state.position,
          target,
          0.06 + subject.player.capabilities.positionPrecision,
        );
      }
    },
  },
  {
    id: 'player.seek.near',
    title: 'a seek that need not be exact lands nearby',
    why: 'Arrow keys jump to key frames, not to somewhere.',
    async run(subject, t: Trial) {
      const stage = await open(subject, t, { paused: true });
      const { epoch } = await stage.paused();
      const target = subject.media.film.duration * 0.6;
      await stage.session.seek(target, { exact: false });
      await settled(t, stage, epoch);
      t.near('the position', stage.state.position, target, Math.min(12, subject.media.film.duration / 3));
    },
  },
  {
    id: 'player.seek.confirmed',
    title: 'when a seek resolves it has landed',
    why: 'The host stores the position after a seek, not before it.',
    async run(subject, t: Trial) {
      const stage = await open(subject, t, { paused: true });
      await stage.paused();
      const target = subject.media.film.duration * 0.55;
      await stage.session.seek(target, { exact: true });
      await t.sleep(250);
      const tolerance = Math.min(12, subject.media.film.duration / 3);
      t.near('the position right after', stage.state.position, target, tolerance);
    },
  },
  {
    id: 'player.seek.paused',
    title: 'a seek while it is paused leaves it paused',
    why: 'Nobody wants to miss what comes next while looking for a scene.',
    async run(subject, t: Trial) {
      const stage = await open(subject, t, { paused: true });
      await stage.paused();
      await stage.session.seek(subject.media.film.duration * 0.4);
      await t.sleep(500);
      t.equal('the status', stage.state.status, 'paused');
    },
  },
  {
    id: 'player.seek.playing',
    title: 'a seek while it plays goes on playing',
    why: 'A jump over the credits needs no second key.',
    async run(subject, t: Trial) {
      const stage = await open(subject, t);
      const { epoch } = await stage.playing();
      await stage.session.seek(subject.media.film.duration * 0.4);
      await t.until('a new epoch', 3_000, () => stage.state.epoch > epoch).catch(() => undefined);
      await stage.reach('to play on', ({ status }) => status === 'playing', 5_000);
      await t.sleep(300);
      t.equal('the status', stage.state.status, 'playing');
    },
  },
  {
    id: 'player.seek.before',
    title: 'a seek before the beginning goes to the beginning',
    why: 'The arrow key at second three goes back ten.',
    async run(subject, t: Trial) {
      const stage = await open(subject, t, { start: 3, paused: true });
      await stage.paused();
      await stage.session.seek(-5);
      await t.until('the beginning', 3_000, () => Math.abs(stage.state.position) <= 0.1);
    },
  },
  {
    id: 'player.seek.beyond',
    title: 'a seek beyond the end stays within the film',
    why: 'A position behind the end is nowhere, and would be stored.',
    async run(subject, t: Trial) {
      const { duration } = subject.media.film;
      const stage = await open(subject, t, { paused: true });
      await stage.paused();
      await t.allow(stage.session.seek(duration * 3), 'PLAYER_COMMAND_FAILED', 'PLAYER_GONE');
      await t.sleep(400);
      for (const { state } of stage.heard)
        t.ok(state.position <= duration + 0.5, `a position of ${state.position} was told`);
    },
  },
  {
    id: 'player.seek.invalid',
    title: 'a position that is no number is refused with PLAYER_COMMAND_FAILED or INVALID_ARGUMENT',
    why: 'What is not a time must not become second zero.',
    async run(subject, t: Trial) {
      const stage = await open(subject, t, { start: 5, paused: true });
      const { position } = await stage.paused();
      const codes = ['PLAYER_COMMAND_FAILED', 'INVALID_ARGUMENT'] as const;
      await t.rejects('seek(NaN)', () => stage.session.seek(Number.NaN), ...codes);
      await t.sleep(200);
      t.near('the position', stage.state.position, position, 0.1);
    },
  },
  {
    id: 'player.sample.honest',
    title: 'measured positions agree with each other within the uncertainty that they claim',
    why: 'Drift of a few milliseconds is told from noise by it.',
    async run(subject, t: Trial) {
      const stage = await open(subject, t);
      await stage.playing();
      await t.sleep(300);
      const excess: number[] = [];
      let last = await stage.session.samplePosition();
      for (let count = 0; count < 8; count += 1) {
        await t.sleep(90);
        const next = await stage.session.samplePosition();
        t.ok(
          next.uncertainty >= 0 && Number.isFinite(next.uncertainty),
          `an uncertainty of ${next.uncertainty}`,
        );
        const moved = next.position - last.position - (stage.state.rate * (next.at - last.at)) / 1000;
        excess.push(Math.abs(moved) - next.uncertainty - last.uncertainty);
        last = next;
      }
      excess.sort((a, b) => a - b);
      const usual = excess[Math.floor(excess.length / 2)] ?? 0;
      t.ok(
        usual <= 0.03,
        `two measurements are ${Math.round(usual * 1000)} ms further apart than they claim`,
      );
    },
  },
  {
    id: 'player.sample.instant',
    title: 'a sample was taken between the call and its answer',
    why: 'A position without the right instant is off by the time that the answer took.',
    async run(subject, t: Trial) {
      const stage = await open(subject, t);
      await stage.playing();
      for (let count = 0; count < 3; count += 1) {
        const before = t.clock.now();
        const { at } = await stage.session.samplePosition();
        t.ok(at <= t.clock.now() + 2, `a sample is ${at - t.clock.now()} ms ahead of the clock`);
        t.ok(at >= before - 150, `a sample is from ${before - at} ms before it was asked for`);
        await t.sleep(60);
      }
    },
  },
  {
    id: 'player.sample.agrees',
    title: 'a sample is where the states say that it is',
    why: 'There is one timeline.',
    async run(subject, t: Trial) {
      const stage = await open(subject, t);
      await stage.playing();
      await t.sleep(600);
      const sample = await stage.session.samplePosition();
      const { state } = stage;
      const told = state.position + (state.rate * (sample.at - state.at)) / 1000;
      const { positionPrecision } = subject.player.capabilities;
      t.near('the sample', sample.position, told, positionPrecision + sample.uncertainty + SLACK);
    },
  },
  {
    id: 'player.sample.still',
    title: 'while it is paused, samples stand still',
    why: 'A paused room must not seem to drift.',
    async run(subject, t: Trial) {
      const stage = await open(subject, t, { start: 4, paused: true });
      await stage.paused();
      await t.sleep(200);
      const first = await stage.session.samplePosition();
      await t.sleep(500);
      const second = await stage.session.samplePosition();
      t.near('the second sample', second.position, first.position, 0.02 + second.uncertainty);
    },
  },
];

/** After the state of a new epoch has come to rest. */
async function settled(t: Trial, stage: Stage, epoch: number): Promise<void> {
  // One that does not tell its seeks fails the clause about that; here it is given time to land.
  await t.until('a new epoch', 2_000, () => stage.state.epoch > epoch).catch(() => undefined);
  await t.sleep(100);
  await stage.reach('to land', ({ status }) => status !== 'seeking' && status !== 'buffering', PATIENCE);
  await t.sleep(200);
}
