import { type PlayerState, positionAt } from '../../player.ts';
import type { Clause } from '../clause.ts';
import { plain } from '../plain.ts';
import { shown, type Trial } from '../trial.ts';
import { type Heard, needs, open, PATIENCE, type Stage } from './stage.ts';
import type { PlayerSubject } from './subject.ts';

const STATUSES = ['opening', 'playing', 'paused', 'buffering', 'seeking', 'ended', 'failed', 'gone'];

/** What every snapshot says, and what a row of them says together. */
export const stateClauses: readonly Clause<PlayerSubject>[] = [
  {
    id: 'player.state.plain',
    title: 'a state is plain JSON',
    why: 'It crosses from process to process many times a second.',
    async run(subject, t: Trial) {
      for (const { state } of (await journey(subject, t)).heard) plain(t, 'the state', state);
    },
  },
  {
    id: 'player.state.values',
    title: 'each value of a state is of its type and within its range',
    why: 'The host drops a state that is not of the contract, and with it a position.',
    async run(subject, t: Trial) {
      for (const { state } of (await journey(subject, t)).heard) {
        const { status, position, rate, volume, epoch, cause, duration } = state;
        t.ok(STATUSES.includes(status), `the status is "${status}"`);
        t.ok(position >= 0 && Number.isFinite(position), `the position is ${position}`);
        t.ok(duration === undefined || duration > 0, `the duration is ${duration}`);
        t.ok(rate > 0 && Number.isFinite(rate), `the rate is ${rate}`);
        t.ok(volume >= 0 && Number.isFinite(volume), `the volume is ${volume}`);
        t.ok(Number.isSafeInteger(epoch) && epoch >= 0, `the epoch is ${epoch}`);
        t.ok(typeof cause === 'string' && cause !== '' && cause.length <= 64, `the cause is ${shown(cause)}`);
        t.equal('the type of muted', typeof state.muted, 'boolean');
        t.equal('the type of seekable', typeof state.seekable, 'boolean');
      }
    },
  },
  {
    id: 'player.state.instant',
    title: 'at is an instant of the monotonic clock, in the past and never before the one told last',
    why: 'A position is worth as much as the instant that it was true at.',
    async run(subject, t: Trial) {
      const { heard } = await journey(subject, t);
      for (const [index, { state, at }] of heard.entries()) {
        t.ok(state.at <= at + 2, `a state is ${shown(state.at - at)} ms ahead of the clock`);
        const before = heard[index - 1]?.state;
        if (before) t.ok(state.at >= before.at - 2, `at went back by ${shown(before.at - state.at)} ms`);
        const isMoving = state.status === 'playing' && before?.status === 'playing';
        if (isMoving) t.ok(at - state.at < 3_000, `at is ${shown(at - state.at)} ms old while it plays`);
      }
    },
  },
  {
    id: 'player.state.precise',
    title: 'while it plays, the position told goes with the clock, within positionPrecision',
    why: 'People who watch together are kept together by it.',
    async run(subject, t: Trial) {
      const stage = await open(subject, t, { start: 1 });
      await stage.playing();
      await t.sleep(1_500);
      const errors = steps(stage.heard)
        .map(([a, b]) => Math.abs(positionAt({ ...a, duration: undefined }, b.at) - b.position))
        .sort((a, b) => a - b);
      needs(t, errors.length >= 2, 'too few states came to compare them');
      // The machine may be busy for a moment; a player that is wrong is so all the time.
      const usual = errors[Math.floor(errors.length * 0.75)] ?? 0;
      const allowed = 2 * subject.player.capabilities.positionPrecision + 0.02;
      t.ok(usual <= allowed, `positions are off by ${shown(usual)} s, allowed are ${shown(allowed)}`);
    },
  },
  {
    id: 'player.state.frequent',
    title: 'while it plays, a state comes at least once a second',
    why: 'The host writes progress from them: what is lost at a power cut is the time since the last.',
    async run(subject, t: Trial) {
      const stage = await open(subject, t);
      await stage.playing();
      const from = stage.heard.length;
      await t.sleep(2_600);
      const came = stage.heard.slice(from).filter(({ state }) => state.status === 'playing').length;
      t.ok(came >= 2, `${came} states came in 2.6 s`);
    },
  },
  {
    id: 'player.state.current',
    title: 'the member state is the snapshot that was told last',
    why: 'Whoever comes later reads the member, whoever is there hears the event.',
    async run(subject, t: Trial) {
      const stage = await open(subject, t, { paused: true });
      await stage.paused();
      let differs: string | undefined;
      const subscription = stage.session.onDidChangeState((told) => {
        const { at, status, position } = stage.session.state;
        if (told.at === at && told.status === status && told.position === position) return;
        differs ??= `told ${told.status} at ${shown(told.position)}, state is ${status} at ${shown(position)}`;
      });
      t.defer(() => subscription.dispose());
      const heard = stage.heard.length;
      await stage.session.seek(subject.media.film.duration * 0.3);
      await stage.session.play();
      await t.until('news of it', PATIENCE, () => stage.heard.length > heard);
      await t.sleep(300);
      if (differs !== undefined) t.fail(differs);
    },
  },
  {
    id: 'player.epoch.seek',
    title: 'the epoch grows with a seek, and never goes back',
    why: 'A state from before the seek that arrives after it is known for what it is.',
    async run(subject, t: Trial) {
      const stage = await open(subject, t, { paused: true });
      const before = (await stage.paused()).epoch;
      await stage.session.seek(subject.media.film.duration * 0.5);
      await stage.reach('a higher epoch', ({ epoch }) => epoch > before);
      monotone(t, stage.heard);
    },
  },
  {
    id: 'player.epoch.steady',
    title: 'play, pause and a change of volume leave the epoch as it is',
    why: 'Each new epoch throws away what was measured of the timeline before.',
    async run(subject, t: Trial) {
      const stage = await open(subject, t, { paused: true });
      const { epoch } = await stage.paused();
      await stage.session.play();
      await t.sleep(300);
      await stage.session.pause();
      if (subject.player.capabilities.volume) await stage.session.setVolume({ volume: 60 });
      await t.sleep(300);
      t.equal('the epoch', stage.state.epoch, epoch);
    },
  },
  {
    id: 'player.cause.command',
    title: 'the id of a command comes back as the cause of what it changed',
    why: 'A command that returns as news must not be sent on as if the viewer had done it.',
    async run(subject, t: Trial) {
      const stage = await open(subject, t);
      await stage.playing();
      await stage.session.pause({ id: 'cause-of-pause' });
      await stage.reach('the cause of the pause', ({ cause }) => cause === 'cause-of-pause', 3_000);
      await stage.session.seek(subject.media.film.duration * 0.4, { id: 'cause-of-seek' });
      await stage.reach('the cause of the seek', ({ cause }) => cause === 'cause-of-seek', 3_000);
    },
  },
  {
    id: 'player.cause.user',
    title: 'what the viewer does in the window of the player has the cause "user"',
    why: 'Only so a watch party follows the one who pressed pause.',
    async run(subject, t: Trial) {
      needs(t, subject.pressPause, 'nobody presses pause (pressPause)');
      const stage = await open(subject, t);
      await stage.playing();
      await subject.pressPause(stage);
      const state = await stage.reach('to be paused', ({ status }) => status === 'paused');
      t.equal('the cause', state.cause, 'user');
    },
  },
];

/** Opens, plays, seeks, pauses: what most states come from. */
async function journey(subject: PlayerSubject, t: Trial): Promise<Stage> {
  const stage = await open(subject, t, { start: 1 });
  await stage.playing();
  await t.sleep(500);
  await stage.session.seek(subject.media.film.duration * 0.6);
  await t.sleep(400);
  await stage.session.pause();
  await t.sleep(200);
  t.ok(stage.heard.length > 0, 'no state was told');
  return stage;
}

/** States that follow each other while the film plays on undisturbed. */
function steps(heard: readonly Heard[]): (readonly [PlayerState, PlayerState])[] {
  return heard.flatMap(({ state: a }, index) => {
    const b = heard[index + 1]?.state;
    const isStep = b && a.status === 'playing' && b.status === 'playing' && a.epoch === b.epoch;
    return isStep && b.at - a.at > 5 ? [[a, b] as const] : [];
  });
}

function monotone(t: Trial, heard: readonly Heard[]): void {
  let last = 0;
  for (const { state } of heard) {
    t.ok(state.epoch >= last, `the epoch went from ${last} back to ${state.epoch}`);
    last = state.epoch;
  }
}
