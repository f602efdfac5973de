import {
  abortedError,
  type Clock,
  DisposableStore,
  Emitter,
  type JsonObject,
  KinoportError,
  type Player,
  type PlayerCapabilities,
  type PlayerEnd,
  type PlayerMedia,
  type PlayerRequest,
  type PlayerSession,
  type PlayerState,
  type ScheduledOptions,
  sleep,
} from '@kinoport/core';
import type { PlayerSubject } from '@kinoport/core/conformance';
import { Program } from './program.ts';

const ALL: PlayerCapabilities = {
  positionPrecision: 0.02,
  exactSeek: true,
  exactStart: true,
  rate: { min: 0.25, max: 4, fine: true },
  volume: true,
  tracks: true,
  externalSubtitles: true,
  messages: true,
  attach: true,
  survivesHost: true,
  load: true,
  scheduled: { precision: 5 },
  multiple: true,
};

const STATES_EVERY = 200;

/** A world of virtual programs, a player that drives them as the contract says, and the subject of both. */
export interface ReferencePlayer {
  readonly player: Required<Player>;
  readonly programs: Map<string, Program>;
  /** The program behind an endpoint. */
  program(endpoint: JsonObject): Program;
  subject(player?: Player): PlayerSubject;
}

export function referencePlayer(clock: Clock, flags: Partial<PlayerCapabilities> = {}): ReferencePlayer {
  const programs = new Map<string, Program>();
  const capabilities = { ...ALL, ...flags };
  const find = (endpoint: JsonObject): Program | undefined => programs.get(String(endpoint.program));
  const program = (endpoint: JsonObject): Program => {
    const found = find(endpoint);
    if (!found) throw new Error('no such program');
    return found;
  };
  let started = 0;
  const player: Required<Player> = {
    capabilities,
    probe: async () => [{ path: '/usr/bin/reference', argv: [], kind: 'native', version: '1.0' }],
    async open(media, options) {
      if (options.signal?.aborted) throw abortedError();
      started += 1;
      const opened = new Program(`program-${started}`, clock);
      programs.set(opened.id, opened);
      await sleep(clock, 5);
      const session = drive(opened, clock, capabilities, 0);
      await session.load(media, options);
      return session;
    },
    async attach(endpoint, { epoch }) {
      const running = find(endpoint);
      if (!running?.isAlive) throw gone();
      await sleep(clock, 5);
      return drive(running, clock, capabilities, epoch);
    },
    async recover(endpoint) {
      const known = find(endpoint);
      if (!known) return undefined;
      return { itemToken: known.itemToken, position: known.position, updatedAt: clock.wall() };
    },
    remembered: async () => undefined,
  };
  return {
    player,
    programs,
    program,
    subject: (judged = player) => ({
      player: judged,
      media: {
        film: { title: 'Film', path: '/films/film.mkv', duration: 60 },
        missing: { title: 'Missing', path: '/films/missing.mkv' },
        garbage: { title: 'Garbage', path: '/films/garbage.mkv' },
        cut: { title: 'Cut', path: '/films/cut.mkv', duration: 60 },
        subtitle: { path: '/films/film.srt', language: 'en' },
      },
      isAlive: async ({ endpoint }) => find(endpoint)?.isAlive ?? false,
      kill: async ({ endpoint }) => program(endpoint).exit('killed'),
      pressPause: async ({ endpoint }) => program(endpoint).setPaused(true, 'user'),
    }),
  };
}

function gone(): KinoportError {
  return new KinoportError('PLAYER_GONE', 'The program is not there any more.');
}

function drive(program: Program, clock: Clock, flags: PlayerCapabilities, epochSeen: number): PlayerSession {
  const changed = new Emitter<PlayerState>();
  const ended = new Emitter<PlayerEnd>();
  const requested = new Emitter<PlayerRequest>();
  const owned = new DisposableStore();
  const endedTokens = new Set<string>();
  let waiting: AbortController | undefined;
  let epoch = epochSeen;
  let cause = 'user';
  let isDetached = false;
  let state = snapshot();

  function snapshot(): PlayerState {
    const { itemToken, status, position, duration, rate, volume, muted, tracks } = program;
    const more = duration === undefined ? {} : { duration };
    const place = { itemToken, status, position, at: clock.now(), ...more };
    return { ...place, rate, volume, muted, seekable: true, epoch, cause, tracks };
  }
  function tell(): void {
    state = snapshot();
    changed.fire(state);
  }
  function end(reason: PlayerEnd['reason']): void {
    const { itemToken, position, duration, media } = program;
    if (itemToken === '' || endedTokens.has(itemToken)) return;
    endedTokens.add(itemToken);
    const error =
      reason === 'failed'
        ? { code: 'SOURCE_NOT_FOUND', message: `${media?.title ?? ''} cannot be played.` }
        : undefined;
    ended.fire({
      reason,
      itemToken,
      position,
      ...(duration === undefined ? {} : { duration }),
      ...(error ? { error } : {}),
    });
  }
  owned.add(
    program.onDidChange.event((change) => {
      ({ cause } = change);
      if (change.isNewPlace) epoch += 1;
      tell();
    }),
  );
  owned.add(program.onDidEnd.event(end));
  owned.add(
    clock.every(STATES_EVERY, () => {
      if (program.status === 'playing') tell();
    }),
  );

  async function ready(signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) throw abortedError();
    if (isDetached || !program.isAlive) throw gone();
    await sleep(clock, 3);
  }
  function refuse(message: string): KinoportError {
    return new KinoportError('PLAYER_COMMAND_FAILED', message);
  }
  function promised(holds: unknown): void {
    if (!holds) throw new KinoportError('PLAYER_UNSUPPORTED', 'The reference player cannot do this.');
  }
  async function setPaused(paused: boolean, options: ScheduledOptions = {}): Promise<void> {
    await ready(options.signal);
    waiting?.abort();
    if (options.at !== undefined && options.at > clock.now()) {
      waiting = new AbortController();
      await sleep(clock, options.at - clock.now(), waiting.signal);
    }
    program.setPaused(paused, options.id ?? 'command');
  }

  return {
    endpoint: { program: program.id },
    get state() {
      return state;
    },
    onDidChangeState: changed.event,
    onDidEnd: ended.event,
    onDidRequest: requested.event,
    play: (options) => setPaused(false, options),
    pause: (options) => setPaused(true, options),
    async seek(position, options = {}) {
      await ready(options.signal);
      if (!Number.isFinite(position)) throw refuse('That is no position.');
      const target = Math.max(0, Math.min(position, program.duration ?? position));
      await program.seek(target, options.exact !== false, options.id ?? 'command');
    },
    async setRate(rate, options = {}) {
      promised(flags.rate);
      await ready(options.signal);
      if (!flags.rate || !(rate >= flags.rate.min && rate <= flags.rate.max)) throw refuse('No such rate.');
      program.setRate(rate, options.id ?? 'command');
    },
    async setVolume(volume, options = {}) {
      promised(flags.volume);
      await ready(options.signal);
      program.set(volume);
    },
    async selectTrack(type, id, options = {}) {
      promised(flags.tracks);
      await ready(options.signal);
      if (id !== null && !program.tracks.some((track) => track.type === type && track.id === id))
        throw refuse('There is no such track.');
      const tracks = program.tracks.map((track) =>
        track.type === type ? { ...track, selected: track.id === id } : track,
      );
      program.set({ tracks });
    },
    async addSubtitle(subtitle, options = {}) {
      promised(flags.externalSubtitles);
      await ready(options.signal);
      const { language = 'und' } = subtitle;
      const track = { id: 1, type: 'subtitle', selected: true, external: true, language } as const;
      program.set({ tracks: [...program.tracks, track] });
    },
    async showMessage() {
      promised(flags.messages);
      await ready();
    },
    async load(media: PlayerMedia, { itemToken, start, paused, rate = 1 }) {
      if (program.itemToken !== '') promised(flags.load);
      await ready();
      end('stopped');
      program.load(media, itemToken, start, paused, rate);
    },
    async samplePosition() {
      await ready();
      return { position: program.position, at: clock.now(), uncertainty: 0.002 };
    },
    async finish() {
      program.exit('stopped');
    },
    async stop() {
      if (isDetached) return;
      waiting?.abort();
      program.exit('stopped');
      await owned.dispose();
    },
    async detach() {
      isDetached = true;
      waiting?.abort();
      await owned.dispose();
    },
  };
}
