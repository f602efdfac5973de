import { KinoportError, type PlayerState, type ScheduledOptions, sleep } from '@kinoport/core';
import type { PlayerFault } from './faults.ts';

const isGone = (state: PlayerState): boolean => state.status === 'gone';
const isNow = (options: ScheduledOptions | undefined): boolean =>
  options?.at === undefined && options?.signal?.aborted !== true;

/** How a session begins, and what it tells. */
const telling: readonly PlayerFault[] = [
  {
    clause: 'player.probe.shape',
    fault: 'an installation of a kind that there is not',
    player: () => ({ probe: async () => [{ path: '/bin/x', argv: [], kind: 'binary' as 'native' }] }),
  },
  {
    clause: 'player.probe.order',
    fault: 'an installation that is too old comes first',
    player: ({ player }) => ({
      probe: async () => {
        const problem = { code: 'PLAYER_TOO_OLD', message: 'It is too old.' };
        return [{ path: '/bin/old', argv: [], kind: 'native', problem }, ...(await player.probe({}))];
      },
    }),
  },
  {
    clause: 'player.capabilities.consistent',
    fault: 'a flag is a text',
    player: ({ player }) => ({ capabilities: { ...player.capabilities, messages: 'yes' as never } }),
  },
  {
    clause: 'player.open.endpoint',
    fault: 'an endpoint of 5 KB',
    session: ({ session }) => ({ endpoint: { ...session.endpoint, padding: 'x'.repeat(5_000) } }),
  },
  {
    clause: 'player.open.token',
    fault: 'no token before the first frame',
    states: () => (state) => (state.status === 'opening' ? { ...state, itemToken: '' } : state),
  },
  {
    clause: 'player.open.plays',
    fault: 'opens paused whatever is asked for',
    player: ({ player }) => ({ open: (media, options) => player.open(media, { ...options, paused: true }) }),
  },
  {
    clause: 'player.open.paused',
    fault: 'opens playing whatever is asked for',
    player: ({ player }) => ({ open: (media, options) => player.open(media, { ...options, paused: false }) }),
  },
  {
    clause: 'player.open.start',
    fault: 'begins two seconds before the start',
    player: ({ player }) => ({
      open: (media, options) => {
        const { start } = options;
        return player.open(media, { ...options, start: start > 10 && start < 50 ? start - 2 : start });
      },
    }),
  },
  {
    clause: 'player.open.rate',
    fault: 'begins at normal speed whatever is asked for',
    player: ({ player }) => ({ open: (media, { rate: _, ...options }) => player.open(media, options) }),
  },
  {
    clause: 'player.open.duration',
    fault: 'tells no duration',
    states:
      () =>
      ({ duration: _, ...state }) =>
        state,
  },
  {
    clause: 'player.open.abort',
    fault: 'opens although it was called off',
    player: ({ player }) => ({ open: (media, { signal: _, ...options }) => player.open(media, options) }),
  },
  {
    clause: 'player.open.missing',
    fault: 'does not say why a missing file is not played',
    ends:
      () =>
      ({ error, ...end }) =>
        error?.message.startsWith('Missing') ? end : { ...end, ...(error ? { error } : {}) },
  },
  {
    clause: 'player.open.garbage',
    fault: 'takes a file that is no film for finished',
    ends: () => (end) =>
      end.error?.message.startsWith('Garbage') ? { ...end, reason: 'finished' as const } : end,
  },
  {
    clause: 'player.state.plain',
    fault: 'a date in the state',
    states: () => (state) => Object.assign({ told: new Date(0) }, state),
  },
  {
    clause: 'player.state.values',
    fault: 'a cause of 65 characters',
    states: () => (state) => (state.cause === 'command' ? { ...state, cause: 'c'.repeat(65) } : state),
  },
  {
    clause: 'player.state.instant',
    fault: 'an instant that is still to come',
    states: () => (state) => (state.status === 'paused' ? { ...state, at: state.at + 40 } : state),
  },
  {
    clause: 'player.state.precise',
    fault: 'positions to and fro by 80 ms',
    states: () => {
      let sign = 1;
      return (state) => {
        sign = -sign;
        return state.status === 'playing' ? { ...state, position: state.position + 0.08 * sign } : state;
      };
    },
  },
  {
    clause: 'player.state.frequent',
    fault: 'a state every two seconds',
    states: () => {
      let last: PlayerState | undefined;
      return (state) => {
        const isMoving = state.status === 'playing' && last?.status === 'playing';
        if (isMoving && state.cause === last?.cause && state.at - last.at < 2_000) return undefined;
        last = state;
        return state;
      };
    },
  },
  {
    clause: 'player.state.current',
    fault: 'the member is a moment behind the event',
    session: ({ session, clock }) => {
      let current = session.state;
      session.onDidChangeState((state) => {
        clock.after(5, () => {
          current = state;
        });
      });
      return {
        get state() {
          return current;
        },
      };
    },
  },
  {
    clause: 'player.epoch.seek',
    fault: 'the epoch stays through a seek',
    states: () => {
      const epochs = new Map<string, number>();
      return (state) => {
        const epoch = epochs.get(state.itemToken) ?? state.epoch;
        epochs.set(state.itemToken, epoch);
        return { ...state, epoch };
      };
    },
  },
  {
    clause: 'player.epoch.steady',
    fault: 'the epoch grows with a pause',
    states: () => {
      let pauses = 0;
      let last: PlayerState | undefined;
      return (state) => {
        if (state.status === 'paused' && last?.status === 'playing') pauses += 1;
        last = state;
        return { ...state, epoch: state.epoch + pauses };
      };
    },
  },
  {
    clause: 'player.cause.command',
    fault: 'forgets which command it was',
    states: () => (state) => (state.cause === 'user' ? state : { ...state, cause: 'command' }),
  },
  {
    clause: 'player.cause.user',
    fault: 'takes what the viewer does for a command',
    states: () => (state) => (state.cause === 'user' ? { ...state, cause: 'command' } : state),
  },
];

/** Commands, seeks and samples. */
const commands: readonly PlayerFault[] = [
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

/** Ends, loads, and what outlives the driver. */
const lives: readonly PlayerFault[] = [
  {
    clause: 'player.end.finished',
    fault: 'an item that played to its end is stopped',
    ends: () => (end) => (end.reason === 'finished' ? { ...end, reason: 'stopped' } : end),
  },
  {
    clause: 'player.end.once',
    fault: 'a finished item ends again with stop',
    session: ({ session, tellEnd }) => {
      let finished: Parameters<typeof tellEnd>[0] | undefined;
      session.onDidEnd((end) => {
        finished = end.reason === 'finished' ? end : undefined;
      });
      return {
        async stop() {
          await session.stop();
          if (finished) tellEnd({ ...finished, reason: 'stopped' });
        },
      };
    },
  },
  {
    clause: 'player.end.stopped',
    fault: 'a stopped item is finished',
    ends:
      ({ program }) =>
      (end) =>
        end.reason === 'stopped' && end.itemToken === program.itemToken && program.isStopping
          ? { ...end, reason: 'finished' }
          : end,
  },
  {
    clause: 'player.end.position',
    fault: 'an item that is stopped ends at 0',
    ends: () => (end) => (end.reason === 'stopped' ? { ...end, position: 0 } : end),
  },
  {
    clause: 'player.end.interrupted',
    fault: 'a film that breaks off is finished',
    ends: () => (end) => (end.reason === 'interrupted' ? { ...end, reason: 'finished' } : end),
  },
  {
    clause: 'player.end.killed',
    fault: 'a player that dies was stopped',
    ends: () => (end) => (end.reason === 'killed' ? { ...end, reason: 'stopped' } : end),
  },
  {
    clause: 'player.load.token',
    fault: 'the state names the first item for ever',
    states: () => {
      let first: string | undefined;
      return (state) => {
        first ??= state.itemToken;
        return { ...state, itemToken: first };
      };
    },
  },
  {
    clause: 'player.load.epoch',
    fault: 'the epoch stays through a load',
    states: () => {
      let token: string | undefined;
      let loads = -1;
      return (state) => {
        if (state.itemToken !== token) loads += 1;
        token = state.itemToken;
        return { ...state, epoch: state.epoch - loads };
      };
    },
  },
  {
    clause: 'player.load.start',
    fault: 'the next item begins at its beginning',
    session: ({ session }) => ({ load: (media, options) => session.load(media, { ...options, start: 0 }) }),
  },
  {
    clause: 'player.load.ends',
    fault: 'a load swallows the end of the item before',
    ends:
      ({ program }) =>
      (end) =>
        end.reason === 'stopped' && !program.isStopping ? undefined : end,
  },
  {
    clause: 'player.finish.resolves',
    fault: 'finish fails',
    session: () => ({ finish: () => Promise.reject(new Error('not now')) }),
  },
  {
    clause: 'player.stop.gone',
    fault: 'a helper of the program stays',
    subject: ({ isAlive }) => {
      const seen = new Set<string>();
      return {
        async isAlive(running) {
          if (await isAlive?.(running)) seen.add(running.sessionId);
          return seen.has(running.sessionId);
        },
      };
    },
  },
  {
    clause: 'player.stop.state',
    fault: 'tells an end after it is gone',
    session: ({ session, clock, tellState }) => ({
      async stop() {
        await session.stop();
        clock.after(100, () => tellState({ ...session.state, status: 'ended' }));
      },
    }),
  },
  {
    clause: 'player.stop.idempotent',
    fault: 'a second stop fails',
    session: ({ session }) => ({
      stop: async () => (isGone(session.state) ? Promise.reject(new Error('gone')) : session.stop()),
    }),
  },
  {
    clause: 'player.stop.commands',
    fault: 'takes commands when it is gone',
    session: ({ session }) => ({
      pause: async (options) => (isGone(session.state) ? undefined : session.pause(options)),
    }),
  },
  {
    clause: 'player.detach.undisturbed',
    fault: 'detach pauses',
    session: ({ session, program }) => ({
      async detach() {
        await session.detach();
        program.setPaused(true, 'command');
      },
    }),
  },
  {
    clause: 'player.detach.silent',
    fault: 'goes on telling after detach',
    session: () => ({ detach: async () => undefined }),
  },
  {
    clause: 'player.attach.item',
    fault: 'attach begins the item anew',
    player: ({ player, program }) => ({
      async attach(endpoint, options) {
        const session = await player.attach(endpoint, options);
        const { media, itemToken } = program(endpoint);
        if (media) program(endpoint).load(media, itemToken, 0, false, 1);
        return session;
      },
    }),
  },
  {
    clause: 'player.attach.epoch',
    fault: 'the epoch begins anew with attach',
    player: ({ player }) => ({
      attach: (endpoint, options) => player.attach(endpoint, { ...options, epoch: 0 }),
    }),
  },
  {
    clause: 'player.attach.commands',
    fault: 'an attached session does not pause',
    session: ({ isAttached }) => (isAttached ? { pause: async () => undefined } : {}),
  },
  {
    clause: 'player.attach.gone',
    fault: 'attach to what is gone fails without a code',
    player: ({ player }) => ({
      attach: (endpoint, options) =>
        player.attach(endpoint, options).catch(() => {
          throw new Error('connection refused');
        }),
    }),
  },
  {
    clause: 'player.recover.position',
    fault: 'recover knows the beginning only',
    player: ({ player }) => ({
      async recover(endpoint) {
        const known = await player.recover(endpoint);
        return known && { ...known, position: 0 };
      },
    }),
  },
  {
    clause: 'player.recover.unknown',
    fault: 'recover fails where nothing is known',
    player: ({ player }) => ({
      async recover(endpoint) {
        const known = await player.recover(endpoint);
        if (!known) throw new KinoportError('INTERNAL', 'There is no journal.');
        return known;
      },
    }),
  },
  {
    clause: 'player.scheduled.play',
    fault: 'begins 0.4 s late',
    session: ({ session }) => ({ play: (options) => session.play(later(options)) }),
  },
  {
    clause: 'player.scheduled.pause',
    fault: 'pauses 0.4 s late',
    session: ({ session }) => ({ pause: (options) => session.pause(later(options)) }),
  },
  {
    clause: 'player.scheduled.past',
    fault: 'refuses an instant that is over',
    session: ({ session, clock }) => ({
      async play(options) {
        if ((options?.at ?? clock.now()) < clock.now())
          throw new KinoportError('PLAYER_COMMAND_FAILED', 'That is over.');
        return session.play(options);
      },
    }),
  },
  {
    clause: 'player.scheduled.replaced',
    fault: 'a play that waits for its instant is not replaced',
    session: ({ session, clock }) => ({
      async play(options) {
        const { at, ...rest } = options ?? {};
        if (at !== undefined && at > clock.now()) await sleep(clock, at - clock.now());
        return session.play(rest);
      },
    }),
  },
];

function later(options: ScheduledOptions | undefined): ScheduledOptions {
  return options?.at === undefined ? { ...options } : { ...options, at: options.at + 400 };
}

export const playerFaults: readonly PlayerFault[] = [...telling, ...commands, ...lives];
