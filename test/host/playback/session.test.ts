import {
  Emitter,
  type Item,
  KinoportError,
  type PlayerEnd,
  type PlayerState,
  toDisposable,
} from '@kinoport/core';
import { VirtualClock } from '@kinoport/core/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import type { PlaybackEvent } from '../../../host/src/api/protocol.ts';
import { createLogger } from '../../../host/src/log/logger.ts';
import type { SessionServices } from '../../../host/src/playback/currentItem.ts';
import { ProgressOwners } from '../../../host/src/playback/progressTracker.ts';
import type { QueueEntry } from '../../../host/src/playback/queue.ts';
import { PlaybackService } from '../../../host/src/playback/service.ts';
import { PlaybackSession } from '../../../host/src/playback/session.ts';
import { openDatabase } from '../../../host/src/storage/database.ts';
import { SqliteSessionJournal } from '../../../host/src/storage/sqliteJournal.ts';
import { SqliteProgressStore } from '../../../host/src/storage/sqliteProgress.ts';
import { scratchFolder } from '../storage/scratch.ts';

const item = (title: string): Item => ({
  key: `test:${title}`,
  uri: `/${title}.mkv`,
  title,
  kind: 'video',
  duration: 1400,
});
const queue: QueueEntry[] = ['one', 'two'].map((title) => ({
  item: item(title),
  source: 's',
  origin: 'argument',
}));

/** A player's session as the host sees it, in the hand of the test. */
class FakeSession {
  readonly endpoint = { socket: '/x' };
  readonly states = new Emitter<PlayerState>();
  readonly ends = new Emitter<PlayerEnd>();
  readonly onDidChangeState = this.states.event;
  readonly onDidEnd = this.ends.event;
  readonly onDidRequest = () => toDisposable(() => undefined);
  readonly calls: string[] = [];
  itemToken = '';
  isDisposed = false;
  state: PlayerState;
  onCall: (method: string) => Promise<void> = async () => undefined;

  constructor(at: number) {
    this.state = {
      itemToken: '',
      status: 'opening',
      position: 0,
      at,
      rate: 1,
      volume: 100,
      muted: false,
      seekable: true,
      epoch: 1,
      cause: 'user',
      tracks: [],
    };
  }

  async call(method: string): Promise<void> {
    this.calls.push(method);
    await this.onCall(method);
  }

  say(change: Partial<PlayerState>): void {
    this.state = { ...this.state, itemToken: this.itemToken, ...change };
    this.states.fire(this.state);
  }

  dispose(): void {
    this.isDisposed = true;
  }
}

let clock: VirtualClock;
let player: FakeSession;
let progress: SqliteProgressStore;
let journal: SqliteSessionJournal;
let services: SessionServices;
/** Titles of the streams that are open. */
let streams: string[];
let events: PlaybackEvent[];
let log: string[];
let openPlayer: (signal: AbortSignal) => Promise<FakeSession>;
let openStream: (item: Item, signal?: AbortSignal) => Promise<void>;
let reopenStream: () => Promise<void>;

beforeEach(() => {
  clock = new VirtualClock();
  const { database } = openDatabase(`${scratchFolder()}/test.db`, { clock });
  progress = new SqliteProgressStore(database);
  journal = new SqliteSessionJournal(database);
  player = new FakeSession(clock.now());
  streams = [];
  events = [];
  log = [];
  openPlayer = async () => player;
  openStream = async () => undefined;
  reopenStream = async () => undefined;
  const stream = ({ title }: Item, failure?: KinoportError) => {
    streams.push(title);
    const dispose = async (): Promise<void> => {
      streams = streams.filter((open) => open !== title);
    };
    return { info: {}, record: undefined, location: { path: '/x' }, failure, dispose };
  };
  const source = {
    open: async (wanted: Item, { signal }: { readonly signal?: AbortSignal } = {}) => {
      await openStream(wanted, signal);
      return stream(wanted);
    },
    reopen: async (record: { readonly item: Item }) => {
      await reopenStream();
      return stream(record.item);
    },
    beyond: stream,
  };
  const found = {
    id: 'p',
    plugin: { current: async () => undefined },
    open: (_media: unknown, { signal }: { readonly signal: AbortSignal }) => openPlayer(signal),
    attach: async () => player,
    remembered: async () => undefined,
    recover: async () => undefined,
  };
  services = {
    clock,
    log: createLogger((line) => log.push(line)),
    plugins: { source: () => source, player: () => found },
    progress,
    journal,
    config: { current: { progress: { watchedAt: 0.9, beginAfter: 30 }, autoplayNext: 'episodes' } },
    owners: new ProgressOwners(),
    endProcess: async () => undefined,
  } as unknown as SessionServices;
  return () => database.dispose();
});

function make(): PlaybackSession {
  const session = new PlaybackSession(services, 'pone', services.plugins.player('p'), queue, {});
  session.onDidEmit((event) => events.push(event));
  return session;
}

const types = (): string[] => events.map(({ type }) => type).filter((type) => type !== 'state');
const position = (title: string): number | undefined => progress.find([`test:${title}`])?.position;

describe('a session that is stopped while it opens', () => {
  it('opens no player, gives the stream back and tells who opened it', async () => {
    const asked = Promise.withResolvers<AbortSignal>();
    openPlayer = (signal) => {
      asked.resolve(signal);
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    };
    const session = make();
    const opening = session.open(0);
    const refused = expect(opening).rejects.toMatchObject({ code: 'ABORTED' });
    await asked.promise;
    await session.stop();
    await refused;
    expect(streams).toEqual([]);
    expect(journal.listOpen()).toEqual([]);
    expect(types()).toEqual(['opening', 'closed']);
  });

  it('starts no player that nobody waits for any more', async () => {
    const abort = new AbortController();
    let players = 0;
    openPlayer = async () => {
      players += 1;
      return player;
    };
    openStream = async () => abort.abort();
    await expect(make().open(0, abort.signal)).rejects.toMatchObject({ code: 'ABORTED' });
    expect([players, streams]).toEqual([0, []]);
  });
});

describe('a session whose player goes while the next item is loaded', () => {
  it('writes nothing of the item before to the new one', async () => {
    const session = make();
    await session.open(0);
    player.say({ status: 'playing', position: 1234, duration: 1400 });
    await session.go(1);
    player.say({ status: 'gone' });
    await session.stop();
    expect([position('one'), position('two')]).toEqual([1234, undefined]);
    expect(types()).toEqual(['opening', 'started', 'ended', 'started', 'ended', 'closed']);
  });

  it('gives back the stream that was still being opened', async () => {
    const session = make();
    await session.open(0);
    const slow = Promise.withResolvers<void>();
    openStream = () => slow.promise;
    const next = expect(session.go(1)).rejects.toMatchObject({ code: 'PLAYER_GONE' });
    await session.stop();
    slow.resolve();
    await next;
    expect(streams).toEqual([]);
    expect(types()).toEqual(['opening', 'started', 'ended', 'closed']);
  });
});

it('a session that ends calls off what it was opening next', async () => {
  const session = make();
  await session.open(0);
  const asked = Promise.withResolvers<void>();
  openStream = (_item, signal) => {
    asked.resolve();
    return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
  };
  const next = expect(session.go(1)).rejects.toMatchObject({ code: 'ABORTED' });
  await asked.promise;
  player.say({ status: 'gone' });
  await next;
  expect(streams).toEqual([]);
});

it('a session whose progress cannot be written says so once and ends all the same', async () => {
  const session = make();
  await session.open(0);
  progress.update = () => {
    throw new KinoportError('HOME_NOT_WRITABLE', 'The disk is full.');
  };
  player.say({ status: 'playing', position: 10 });
  await clock.advance(1000);
  player.say({ position: 11 });
  player.say({ status: 'gone' });
  await session.stop();
  expect(types()).toEqual(['opening', 'started', 'notice', 'ended', 'closed']);
});

describe('what an earlier host left behind', () => {
  const entry = {
    id: 'pone',
    startedAt: 1,
    player: 'p',
    source: 's',
    endpoint: { socket: '/x' },
    epoch: 1,
    item: item('one'),
    itemToken: 'pone-1',
    index: 0,
    queue: [item('one')],
    options: {},
  };
  const restored = (): PlaybackService =>
    new PlaybackService({
      ...services,
      broker: { isSameProcess: async () => true },
      front: { expect: () => undefined },
    } as unknown as ConstructorParameters<typeof PlaybackService>[0]);

  it('is followed on when its player lives and its stream cannot be had again', async () => {
    journal.put({ ...entry, stream: { streamId: 'x', item: item('one'), record: {} } });
    reopenStream = async () => {
      throw new KinoportError('SOURCE_UNREACHABLE', 'The server is away.');
    };
    player.state = { ...player.state, status: 'playing', position: 500 };
    const playback = restored();
    await playback.restore();
    expect(playback.size).toBe(1);
    player.say({ position: 501 });
    await clock.advance(1000);
    player.say({ position: 502 });
    expect(position('one')).toBe(502);
    expect(journal.listOpen()).toHaveLength(1);
    await playback.stopAll();
    expect([playback.size, journal.listOpen(), streams]).toEqual([0, [], []]);
  });

  it('is followed on when its file is gone: the player has it open', async () => {
    journal.put(entry);
    openStream = async () => {
      throw new KinoportError('SOURCE_NOT_FOUND', 'The file is gone.');
    };
    const playback = restored();
    await playback.restore();
    player.say({ status: 'paused', position: 700 });
    expect(position('one')).toBe(700);
  });
});
