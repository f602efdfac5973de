import type { Clause } from '../clause.ts';
import type { Trial } from '../trial.ts';
import { needs, open, PATIENCE, type Stage } from './stage.ts';
import type { PlayerSubject } from './subject.ts';

export const trackClauses: readonly Clause<PlayerSubject>[] = [
  {
    id: 'player.tracks.listed',
    title: 'the tracks of the item are told, each with a number of its own within its type',
    why: 'They are chosen by number.',
    async run(subject, t: Trial) {
      const stage = await withTracks(subject, t);
      const names = stage.state.tracks.map(({ type, id }) => `${type} ${id}`);
      t.equal('the count of different tracks', new Set(names).size, names.length);
      for (const { id, type, selected } of stage.state.tracks) {
        t.ok(Number.isInteger(id), `a track has the number ${id}`);
        t.ok(['video', 'audio', 'subtitle'].includes(type), `a track is of the type ${type}`);
        t.equal('the type of selected', typeof selected, 'boolean');
      }
    },
  },
  {
    id: 'player.tracks.select',
    title: 'selectTrack switches a track off with null, and on with its id',
    why: 'The language is changed in the middle of a film.',
    async run(subject, t: Trial) {
      const stage = await withTracks(subject, t);
      const audio = stage.state.tracks.find(({ type }) => type === 'audio');
      needs(t, audio, 'the film has no audio track');
      const isOn = (): boolean =>
        stage.state.tracks.some(({ type, id, selected }) => type === 'audio' && id === audio.id && selected);
      await stage.session.selectTrack('audio', null);
      await t.until('the track to be off', 3_000, () => !isOn());
      await stage.session.selectTrack('audio', audio.id);
      await t.until('the track to be on', 3_000, isOn);
    },
  },
  {
    id: 'player.tracks.unknown',
    title: 'a track that is not there is refused with a code',
    why: 'A number from an old list must not silence the film.',
    async run(subject, t: Trial) {
      const stage = await withTracks(subject, t);
      await t.rejects('selectTrack', () => stage.session.selectTrack('audio', 9_999));
    },
  },
  {
    id: 'player.subtitle.added',
    title: 'addSubtitle adds a subtitle track from a file',
    why: 'Subtitles are looked for while the film runs.',
    async run(subject, t: Trial) {
      needs(t, subject.player.capabilities.externalSubtitles, 'it takes no subtitle files');
      const { subtitle } = subject.media;
      needs(t, subtitle, 'no subtitle file was given');
      const stage = await open(subject, t, { paused: true });
      await stage.paused();
      const count = (): number => stage.state.tracks.filter(({ type }) => type === 'subtitle').length;
      const before = count();
      await stage.session.addSubtitle(subtitle);
      await t.until('another subtitle track', 3_000, () => count() > before);
    },
  },
];

async function withTracks(subject: PlayerSubject, t: Trial): Promise<Stage> {
  needs(t, subject.player.capabilities.tracks, 'tracks cannot be selected');
  const stage = await open(subject, t, { paused: true });
  await stage.paused();
  await t.until('tracks', PATIENCE, () => stage.state.tracks.length > 0);
  return stage;
}
