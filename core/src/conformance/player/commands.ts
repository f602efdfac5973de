import type { PlayerSession } from '../../player.ts';
import type { Clause } from '../clause.ts';
import type { Trial } from '../trial.ts';
import { needs, open, PATIENCE, SLACK, type Stage } from './stage.ts';
import type { PlayerSubject } from './subject.ts';

/** Play, pause, rate and volume. */
export const commandClauses: readonly Clause<PlayerSubject>[] = [
  {
    id: 'player.pause.confirmed',
    title: 'when pause resolves, the picture stands still',
    why: 'The host stores the position that it reads next.',
    async run(subject, t: Trial) {
      const stage = await open(subject, t);
      await stage.playing();
      await stage.session.pause();
      // The news may be a moment behind the answer.
      await t.sleep(250);
      t.equal('the status', stage.state.status, 'paused');
      const { position } = stage.state;
      await t.sleep(500);
      t.near('the position half a second later', stage.position, position, 0.05);
    },
  },
  {
    id: 'player.pause.idempotent',
    title: 'pause twice is paused',
    why: 'A command is sent again when a plugin is replaced in the middle of it.',
    async run(subject, t: Trial) {
      const stage = await open(subject, t);
      await stage.playing();
      await stage.paused();
      await stage.session.pause();
      await t.sleep(300);
      t.ok(stage.state.status !== 'playing', 'the second pause made it play');
    },
  },
  {
    id: 'player.play.confirmed',
    title: 'when play resolves, the film moves',
    why: 'A button that has no effect is pressed again.',
    async run(subject, t: Trial) {
      const stage = await open(subject, t, { paused: true });
      await stage.paused();
      const { position } = stage.state;
      await stage.session.play();
      await t.sleep(700);
      t.ok(
        stage.position > position + 0.2,
        `0.7 s later the position is ${stage.position - position} s further`,
      );
    },
  },
  {
    id: 'player.play.idempotent',
    title: 'play while it plays changes nothing',
    why: 'Commands are never toggles.',
    async run(subject, t: Trial) {
      const stage = await open(subject, t);
      await stage.playing();
      await stage.session.play();
      await t.sleep(300);
      t.ok(stage.state.status !== 'paused', 'the second play paused it');
    },
  },
  {
    id: 'player.command.abort',
    title: 'a command with a signal that has fired rejects with ABORTED and does nothing',
    why: 'What was called off must not happen later.',
    async run(subject, t: Trial) {
      const stage = await open(subject, t, { paused: true });
      const { position } = await stage.paused();
      const signal = AbortSignal.abort();
      await t.rejects('play', () => stage.session.play({ signal }), 'ABORTED');
      await t.rejects('seek', () => stage.session.seek(position + 5, { signal }), 'ABORTED');
      await t.sleep(300);
      t.equal('the status', stage.state.status, 'paused');
      t.near('the position', stage.state.position, position, 0.1);
    },
  },
  {
    id: 'player.rate.told',
    title: 'setRate shows in the state',
    why: 'The position between two states is computed with it.',
    async run(subject, t: Trial) {
      const rate = slower(subject, t);
      const stage = await open(subject, t);
      await stage.playing();
      await stage.session.setRate(rate);
      await t.until(`a rate of ${rate}`, 3_000, () => Math.abs(stage.state.rate - rate) < 0.01);
    },
  },
  {
    id: 'player.rate.moves',
    title: 'at another rate the film moves at that rate',
    why: 'Drift is corrected by small changes of the rate.',
    async run(subject, t: Trial) {
      const rate = slower(subject, t);
      const stage = await open(subject, t);
      await stage.playing();
      await stage.session.setRate(rate);
      await t.sleep(400);
      const a = await stage.session.samplePosition();
      await t.sleep(1_500);
      const b = await stage.session.samplePosition();
      const measured = (b.position - a.position) / ((b.at - a.at) / 1000);
      t.near('the measured rate', measured, rate, SLACK + a.uncertainty + b.uncertainty);
    },
  },
  {
    id: 'player.rate.limits',
    title: 'a rate outside of the declared limits is refused with a code, or brought within them',
    why: 'The state must never tell a rate that the player does not have.',
    async run(subject, t: Trial) {
      needs(t, subject.player.capabilities.rate, 'the rate cannot be changed');
      const { min, max } = subject.player.capabilities.rate;
      const stage = await open(subject, t, { paused: true });
      await stage.paused();
      for (const rate of [max * 2, 0, -1]) {
        await t.allow(stage.session.setRate(rate), 'PLAYER_COMMAND_FAILED', 'PLAYER_UNSUPPORTED');
        await t.sleep(50);
        const told = stage.state.rate;
        t.ok(told >= min - 1e-6 && told <= max + 1e-6, `after setRate(${rate}) the rate is ${told}`);
      }
    },
  },
  {
    id: 'player.volume.level',
    title: 'setVolume shows in the state',
    why: 'The volume is shown wherever it can be changed.',
    async run(subject, t: Trial) {
      needs(t, subject.player.capabilities.volume, 'the volume cannot be changed');
      const stage = await open(subject, t, { paused: true });
      await stage.paused();
      await stage.session.setVolume({ volume: 40 });
      await t.until('a volume of 40', 3_000, () => Math.abs(stage.state.volume - 40) < 1);
    },
  },
  {
    id: 'player.volume.mute',
    title: 'muted goes on and off and leaves the volume as it was',
    why: 'Whoever switches the sound on again wants it as loud as before.',
    async run(subject, t: Trial) {
      needs(t, subject.player.capabilities.volume, 'the volume cannot be changed');
      const stage = await open(subject, t, { paused: true });
      const { volume } = await stage.paused();
      await stage.session.setVolume({ muted: true });
      await t.until('to be muted', 3_000, () => stage.state.muted);
      t.near('the volume while muted', stage.state.volume, volume, 1);
      await stage.session.setVolume({ muted: false });
      await t.until('not to be muted', 3_000, () => !stage.state.muted);
    },
  },
  {
    id: 'player.message.shown',
    title: 'showMessage resolves and disturbs nothing',
    why: 'Messages come in the middle of a film.',
    async run(subject, t: Trial) {
      needs(t, subject.player.capabilities.messages, 'it shows no messages');
      const stage = await open(subject, t);
      await stage.playing();
      await stage.session.showMessage('A line with "quotes", {braces} and ünïcödé', 1);
      await t.sleep(200);
      t.equal('the status', stage.state.status, 'playing');
    },
  },
  {
    id: 'player.unsupported.coded',
    title: 'what its flags do not promise is refused with PLAYER_UNSUPPORTED',
    why: 'The host shows what a player cannot do instead of pretending.',
    async run(subject, t: Trial) {
      const stage = await open(subject, t, { paused: true });
      await stage.paused();
      const missing = unsupported(subject, stage);
      needs(t, missing.length > 0, 'its flags promise everything');
      for (const [name, call] of missing) await t.rejects(name, call, 'PLAYER_UNSUPPORTED');
    },
  },
  {
    id: 'player.multiple.apart',
    title: 'with multiple, a command to one session leaves the other alone',
    why: 'Two rooms of a house watch two films.',
    async run(subject, t: Trial) {
      needs(t, subject.player.capabilities.multiple, 'one session at a time');
      const first = await open(subject, t);
      const second = await open(subject, t);
      await first.playing();
      await second.playing();
      await first.session.pause();
      await t.until('the first to be paused', PATIENCE, () => first.state.status === 'paused');
      await t.sleep(300);
      t.ok(second.state.status !== 'paused', 'the second session is paused as well');
    },
  },
];

/** A rate that is clearly not 1. */
function slower({ player }: PlayerSubject, t: Trial): number {
  const { rate } = player.capabilities;
  needs(t, rate && rate.min < 1, 'the rate cannot be changed');
  return Math.max(0.5, rate.min);
}

function unsupported(
  { player, media }: PlayerSubject,
  { session }: Stage,
): (readonly [keyof PlayerSession, () => Promise<unknown>])[] {
  const flags = player.capabilities;
  const options = { start: 0, paused: true, itemToken: 'unsupported' };
  return [
    ...(flags.rate ? [] : [['setRate', () => session.setRate(0.9)] as const]),
    ...(flags.volume ? [] : [['setVolume', () => session.setVolume({ volume: 50 })] as const]),
    ...(flags.tracks ? [] : [['selectTrack', () => session.selectTrack('audio', null)] as const]),
    ...(flags.externalSubtitles
      ? []
      : [['addSubtitle', () => session.addSubtitle({ path: '/subtitle.srt' })] as const]),
    ...(flags.messages ? [] : [['showMessage', () => session.showMessage('A message', 1)] as const]),
    ...(flags.load ? [] : [['load', () => session.load(media.film, options)] as const]),
  ];
}
