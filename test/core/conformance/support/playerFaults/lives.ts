import { KinoportError, type PlayerState, type ScheduledOptions, sleep } from '@kinoport/core';
import type { PlayerFault } from '../faults.ts';

const isGone = (state: PlayerState): boolean => state.status === 'gone';
/** Ends, loads, and what outlives the driver. */
export const lifeFaults: readonly PlayerFault[] = [
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
