import type { PlayerState, ScheduledOptions } from '@kinoport/core';
import type { PlayerFault } from '../faults.ts';

const isGone = (state: PlayerState): boolean => state.status === 'gone';
const isNow = (options: ScheduledOptions | undefined): boolean =>
  options?.at === undefined && options?.signal?.aborted !== true;

/** Commands, seeks and samples. */
export const commandFaults: readonly PlayerFault[] = [
  {
    clause: 'player.pause.confirmed',
    fault: 'resolves 0.6 s before it pauses',
    session: ({ session, clock }) => ({
      async pause(options) {
        if (!isNow(options) || isGone(session.state)) return session.pause(options);
        clock.after(600, () => void session.pause(options).catch(() => undefined));
      },
    }),
  },
  {
    clause: 'player.pause.idempotent',
    fault: 'pause is a toggle',
    session: ({ session }) => ({
      pause: (options) =>
        session.state.status === 'paused' ? session.play(options) : session.pause(options),
    }),
  },
  {
    clause: 'player.play.confirmed',
    fault: 'resolves 0.6 s before it plays',
    session: ({ session, clock }) => ({
      async play(options) {
        if (!isNow(options) || isGone(session.state)) return session.play(options);
        clock.after(600, () => void session.play(options).catch(() => undefined));
      },
    }),
  },
  {
    clause: 'player.play.idempotent',
    fault: 'play is a toggle',
    session: ({ session }) => ({
      play: (options) =>
        session.state.status === 'playing' ? session.pause(options) : session.play(options),
    }),
  },
  {
    clause: 'player.command.abort',
    fault: 'seeks although it was called off',
    session: ({ session }) => ({
      seek: (position, { signal: _, ...options } = {}) => session.seek(position, options),
    }),
  },
  {
    clause: 'player.rate.told',
    fault: 'tells the old rate after a change',
    states: ({ program }) => {
      let first: { readonly token: string; readonly rate: number } | undefined;
      return (state) => {
        if (first?.token !== state.itemToken) first = { token: state.itemToken, rate: program.rate };
        return { ...state, rate: first.rate };
      };
    },
  },
  {
    clause: 'player.rate.moves',
    fault: 'tells the new rate and plays at the old one',
    session: ({ session, tellState }) => ({
      async setRate(rate, options) {
        if (rate < 0.25 || rate > 4) return session.setRate(rate, options);
        tellState({ ...session.state, rate });
        session.onDidChangeState((state) => tellState({ ...state, rate }));
      },
    }),
  },
  {
    clause: 'player.rate.limits',
    fault: 'takes any rate',
    session: ({ session, tellState }) => ({
      async setRate(rate, options) {
        if (rate >= 0.25 && rate <= 4) return session.setRate(rate, options);
        tellState({ ...session.state, rate });
      },
    }),
  },
  {
    clause: 'player.volume.level',
    fault: 'leaves the volume as it is',
    session: ({ session }) => ({
      setVolume: ({ volume: _, ...rest }, options) => session.setVolume(rest, options),
    }),
  },
  {
    clause: 'player.volume.mute',
    fault: 'a volume of 0 while muted',
    states: () => (state) => (state.muted ? { ...state, volume: 0 } : state),
  },
  {
    clause: 'player.message.shown',
    fault: 'fails at every message',
    session: () => ({ showMessage: () => Promise.reject(new Error('no messages')) }),
  },
  {
    clause: 'player.unsupported.coded',
    fault: 'takes a volume that it cannot change',
    flags: { volume: false },
    session: () => ({ setVolume: async () => undefined }),
  },
  {
    clause: 'player.multiple.apart',
    fault: 'pause pauses all sessions',
    session: ({ session, programs }) => ({
      async pause(options) {
        await session.pause(options);
        for (const program of programs.values()) program.setPaused(true, 'command');
      },
    }),
  },
  {
    clause: 'player.seek.exact',
    fault: 'lands half a second behind',
    session: ({ session }) => ({ seek: (position, options) => session.seek(position + 0.5, options) }),
  },
  {
    clause: 'player.seek.near',
    fault: 'goes to the beginning when it need not be exact',
    session: ({ session }) => ({
      seek: (position, options) => session.seek(options?.exact === false ? 0 : position, options),
    }),
  },
  {
    clause: 'player.seek.confirmed',
    fault: 'resolves 0.6 s before it seeks',
    session: ({ session, clock }) => ({
      async seek(position, options) {
        const isOdd = options?.signal?.aborted || !Number.isFinite(position) || isGone(session.state);
        if (isOdd) return session.seek(position, options);
        clock.after(600, () => void session.seek(position, options).catch(() => undefined));
      },
    }),
  },
  {
    clause: 'player.seek.paused',
    fault: 'plays after a seek',
    session: ({ session }) => ({
      async seek(position, options) {
        const wasPaused = session.state.status === 'paused';
        await session.seek(position, options);
        if (wasPaused && options?.exact === undefined) await session.play(options);
      },
    }),
  },
  {
    clause: 'player.seek.playing',
    fault: 'stands still after a seek',
    session: ({ session }) => ({
      async seek(position, options) {
        const wasPlaying = session.state.status === 'playing';
        await session.seek(position, options);
        if (wasPlaying) await session.pause(options);
      },
    }),
  },
  {
    clause: 'player.seek.before',
    fault: 'does not seek before the beginning',
    session: ({ session }) => ({
      seek: async (position, options) => (position < 0 ? undefined : session.seek(position, options)),
    }),
  },
  {
    clause: 'player.seek.beyond',
    fault: 'tells the position that was asked for',
    session: ({ session, tellState }) => ({
      async seek(position, options) {
        await session.seek(position, options);
        if (position > 60) tellState({ ...session.state, position });
      },
    }),
  },
  {
    clause: 'player.seek.invalid',
    fault: 'takes what is no number for 0',
    session: ({ session }) => ({ seek: (position, options) => session.seek(position || 0, options) }),
  },
  {
    clause: 'player.sample.honest',
    fault: 'claims 2 ms and is off by 60',
    session: ({ session }) => {
      let sign = 1;
      return {
        async samplePosition() {
          const sample = await session.samplePosition();
          sign = -sign;
          return session.state.status === 'playing'
            ? { ...sample, position: sample.position + 0.06 * sign }
            : sample;
        },
      };
    },
  },
  {
    clause: 'player.sample.instant',
    fault: 'gives a sample of half a second ago',
    session: ({ session }) => ({
      async samplePosition() {
        const sample = await session.samplePosition();
        const { status, rate } = session.state;
        if (status !== 'playing') return sample;
        return { ...sample, position: sample.position - 0.5 * rate, at: sample.at - 500 };
      },
    }),
  },
  {
    clause: 'player.sample.agrees',
    fault: 'is 0.2 s ahead of the states',
    session: ({ session }) => ({
      async samplePosition() {
        const sample = await session.samplePosition();
        return session.state.status === 'playing' ? { ...sample, position: sample.position + 0.2 } : sample;
      },
    }),
  },
  {
    clause: 'player.sample.still',
    fault: 'goes on while it is paused',
    session: ({ session, clock }) => {
      let since: number | undefined;
      return {
        async samplePosition() {
          const sample = await session.samplePosition();
          if (session.state.status !== 'paused') return sample;
          since ??= clock.now();
          return { ...sample, position: sample.position + (clock.now() - since) / 1000 };
        },
      };
    },
  },
  {
    clause: 'player.tracks.listed',
    fault: 'two tracks of one number',
    states: () => (state) => {
      const [, audio] = state.tracks;
      return audio ? { ...state, tracks: [...state.tracks, audio] } : state;
    },
  },
  {
    clause: 'player.tracks.select',
    fault: 'does not switch off the sound',
    session: ({ session }) => ({
      selectTrack: async (type, id, options) =>
        id === null ? undefined : session.selectTrack(type, id, options),
    }),
  },
  {
    clause: 'player.tracks.unknown',
    fault: 'takes any number of a track',
    session: ({ session }) => ({
      selectTrack: (type, id, options) => session.selectTrack(type, id === 9_999 ? 1 : id, options),
    }),
  },
  {
    clause: 'player.subtitle.added',
    fault: 'forgets the subtitle file',
    session: () => ({ addSubtitle: async () => undefined }),
  },
];
