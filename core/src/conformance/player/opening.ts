import { ERROR_CODES } from '../../errors.ts';
import type { PlayerMedia } from '../../player.ts';
import type { Clause } from '../clause.ts';
import { plain } from '../plain.ts';
import type { Trial } from '../trial.ts';
import { isShown, needs, newId, open, SLACK } from './stage.ts';
import type { PlayerSubject } from './subject.ts';

const KINDS = ['native', 'flatpak', 'snap', 'app', 'browser'];

/** What is there before a film is: installations, flags, and how a session begins. */
export const openingClauses: readonly Clause<PlayerSubject>[] = [
  {
    id: 'player.probe.shape',
    title: 'probe lists installations with path, argv, kind, and a coded problem where there is one',
    why: 'doctor shows them, and the host offers to install what is missing.',
    async run({ player }, t: Trial) {
      const found = await player.probe({});
      t.ok(Array.isArray(found), 'probe gives no list');
      for (const installation of found) {
        const { path, argv, kind, problem } = installation;
        t.ok(typeof path === 'string' && path !== '', 'an installation has no path');
        t.ok(
          Array.isArray(argv) && argv.every((arg) => typeof arg === 'string'),
          `argv of ${path} is no list`,
        );
        t.ok(KINDS.includes(kind), `the kind of ${path} is "${kind}", expected one of ${KINDS.join(', ')}`);
        if (problem === undefined) continue;
        t.ok(/^[A-Z][A-Z0-9_]+$/.test(problem.code), `the problem of ${path} has no code`);
        t.ok(problem.message !== '', `the problem of ${path} says nothing`);
      }
    },
  },
  {
    id: 'player.probe.order',
    title: 'an installation that can be used stands before one that cannot',
    why: 'The first one is what a film is opened with.',
    async run({ player }, t: Trial) {
      const found = await player.probe({});
      const bad = found.findIndex(({ problem }) => problem !== undefined);
      const lastGood = found.findLastIndex(({ problem }) => problem === undefined);
      t.ok(bad < 0 || bad > lastGood, 'one with a problem stands before one that can be used');
    },
  },
  {
    id: 'player.capabilities.consistent',
    title: 'the flags are of their types and within sense, and what they promise is there',
    why: 'The host asks for flags, never for a name, and calls what they promise.',
    async run({ player }, t: Trial) {
      const flags = player.capabilities;
      plain(t, 'capabilities', flags);
      const booleans = ['exactSeek', 'exactStart', 'volume', 'tracks', 'externalSubtitles'] as const;
      const more = ['messages', 'attach', 'survivesHost', 'load', 'multiple'] as const;
      for (const name of [...booleans, ...more])
        t.equal(`the type of capabilities.${name}`, typeof flags[name], 'boolean');
      const { positionPrecision, rate, scheduled } = flags;
      t.ok(
        positionPrecision > 0 && Number.isFinite(positionPrecision),
        'positionPrecision is no length of time',
      );
      if (rate) t.ok(rate.min > 0 && rate.min <= 1 && rate.max >= 1, 'the limits of the rate leave out 1');
      if (scheduled) t.ok(scheduled.precision >= 0, 'scheduled.precision is no length of time');
      if (flags.attach) t.equal('the type of attach', typeof player.attach, 'function');
    },
  },
  {
    id: 'player.open.endpoint',
    title: 'the endpoint is plain JSON of at most 4 KiB',
    why: 'The host stores it, to find the player again after a crash of everything else.',
    async run(subject, t: Trial) {
      const { endpoint } = await open(subject, t, { paused: true });
      plain(t, 'the endpoint', endpoint);
      const size = JSON.stringify(endpoint).length;
      t.ok(size <= 4096, `the endpoint has ${size} bytes`);
    },
  },
  {
    id: 'player.open.token',
    title: 'from the moment that open resolves, the state speaks of the item that was opened',
    why: 'Progress is written to the item that the state names.',
    async run(subject, t: Trial) {
      const stage = await open(subject, t, { paused: true });
      t.equal('itemToken', stage.state.itemToken, stage.token);
      t.ok(stage.state.status !== 'gone', 'the state is "gone" at once');
    },
  },
  {
    id: 'player.open.plays',
    title: 'not asked to be paused, it plays by itself',
    why: 'A viewer waits for a film that stands still.',
    async run(subject, t: Trial) {
      const stage = await open(subject, t);
      const first = await stage.reach('to play by itself', ({ status }) => status === 'playing');
      await stage.reach('to move on', ({ position }) => position > first.position + 0.3);
    },
  },
  {
    id: 'player.open.paused',
    title: 'asked to be paused, it shows the first frame and stands still',
    why: 'A watch party starts together, and play --paused waits for its viewer.',
    async run(subject, t: Trial) {
      const stage = await open(subject, t, { paused: true });
      const first = await stage.reach('to be paused', ({ status }) => status === 'paused');
      await t.sleep(400);
      t.equal('the status later', stage.state.status, 'paused');
      t.near('the position later', stage.state.position, first.position, 0.05);
    },
  },
  {
    id: 'player.open.start',
    title: 'start is where it begins: to the frame with exactStart, else nearby',
    why: 'Resuming to the second is what the program is for.',
    async run(subject, t: Trial) {
      const start = subject.media.film.duration * 0.45;
      const stage = await open(subject, t, { start, paused: true });
      const state = await stage.reach('the first frame', ({ status }) => isShown(status));
      t.near('the first position', state.position, start, nearby(subject));
    },
  },
  {
    id: 'player.open.rate',
    title: 'rate is the speed that it begins with',
    why: 'A viewer who listens at 1.5 does so with every episode.',
    async run(subject, t: Trial) {
      needs(t, subject.player.capabilities.rate, 'the rate cannot be changed');
      const rate = Math.min(1.5, subject.player.capabilities.rate.max);
      const stage = await open(subject, t, { rate });
      await stage.reach(`a rate of ${rate}`, (state) => Math.abs(state.rate - rate) < 0.01);
    },
  },
  {
    id: 'player.open.duration',
    title: 'the duration is told once the item is open',
    why: 'Percent, the end of the film and "watched" are computed from it.',
    async run(subject, t: Trial) {
      const { duration, ...media } = subject.media.film;
      const stage = await open(subject, t, { media, paused: true });
      const state = await stage.reach('a duration', (each) => each.duration !== undefined);
      t.near('duration', state.duration ?? Number.NaN, duration, 0.5);
    },
  },
  {
    id: 'player.open.abort',
    title: 'open with a signal that has fired rejects with ABORTED and leaves no player',
    why: 'Ctrl-C while a film opens must not leave a window behind.',
    async run(subject, t: Trial) {
      const sessionId = newId('session');
      await subject.prepare?.(sessionId);
      const options = { start: 0, paused: true, itemToken: newId('item'), ...subject.options };
      const opened: { stop(): Promise<void> }[] = [];
      t.defer(async () => {
        for (const session of opened) await session.stop();
      });
      await t.rejects(
        'open',
        async () => {
          const signal = AbortSignal.abort();
          opened.push(await subject.player.open(subject.media.film, { ...options, sessionId, signal }));
        },
        'ABORTED',
      );
      const isAlive = await subject.isAlive?.({ sessionId, endpoint: {} });
      t.ok(isAlive !== true, 'the player is there all the same');
    },
  },
  {
    id: 'player.open.missing',
    title: 'a medium that is not there ends as failed, with a code that says so, or fails to open',
    why: 'The viewer is told what to do instead of looking at a black window.',
    run: (subject, t) => cannotPlay(subject, t, subject.media.missing),
  },
  {
    id: 'player.open.garbage',
    title: 'a file that is no film ends as failed, with a code that says so, or fails to open',
    why: 'The queue goes on with the next item and says why.',
    run: (subject, t) => cannotPlay(subject, t, subject.media.garbage),
  },
];

/** Seconds that a start or seek may be off. */
export function nearby({ player, media }: PlayerSubject): number {
  const { exactStart, positionPrecision } = player.capabilities;
  return exactStart ? 0.06 + positionPrecision + SLACK : Math.min(12, media.film.duration / 4);
}

async function cannotPlay(subject: PlayerSubject, t: Trial, media: PlayerMedia | undefined): Promise<void> {
  needs(t, media, 'no such medium was given');
  const known = (code: string): boolean => Object.hasOwn(ERROR_CODES, code) && code !== 'INTERNAL';
  const opened = open(subject, t, { media });
  const failure: unknown = await opened.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (failure !== undefined) {
    const { code } = failure as { readonly code?: unknown };
    t.ok(
      typeof code === 'string' && known(code),
      `open failed with ${String(code)}, which is no code of the table`,
    );
    return;
  }
  const stage = await opened;
  const { reason, error } = await stage.end();
  t.equal('the reason', reason, 'failed');
  t.ok(error !== undefined && known(error.code), `the error is ${error?.code ?? 'missing'}`);
  t.ok(error.message !== '', 'the error says nothing');
}
