import { type Clock, type Disposable, Emitter, type PlayerMedia, type Track } from '@kinoport/core';

/** What lies at an address of the virtual world. */
export interface VirtualFilm {
  readonly duration: number;
  /** Seconds after which no more bytes come. */
  readonly cutAt?: number;
  /** No picture and no sound. */
  readonly garbage?: boolean;
}

export const FILMS: Readonly<Record<string, VirtualFilm>> = {
  '/films/film.mkv': { duration: 60 },
  '/films/cut.mkv': { duration: 60, cutAt: 6 },
  '/films/garbage.mkv': { duration: 0, garbage: true },
};

const FIRST_FRAME = 40;
const SEEK_TIME = 30;
const KEY_FRAMES = 2;

const TRACKS: readonly Track[] = [
  { id: 1, type: 'video', selected: true },
  { id: 1, type: 'audio', selected: true, language: 'en' },
  { id: 2, type: 'audio', selected: false, language: 'de' },
];

export type ProgramStatus = 'opening' | 'playing' | 'paused' | 'seeking' | 'ended' | 'failed' | 'gone';

/** Why something changed: the cause that a command named, or the viewer. */
export interface Change {
  readonly cause: string;
  readonly isNewPlace?: boolean;
}

/** A player program with a virtual film: what a driver drives, and what outlives the driver. */
export class Program {
  readonly id: string;
  readonly onDidChange = new Emitter<Change>();
  readonly onDidEnd = new Emitter<'finished' | 'interrupted' | 'failed' | 'stopped' | 'killed'>();
  status: ProgramStatus = 'opening';
  itemToken = '';
  media: PlayerMedia | undefined;
  rate = 1;
  volume = 100;
  muted = false;
  /** It was told to end. */
  isStopping = false;
  tracks: readonly Track[] = [];
  readonly #clock: Clock;
  #film: VirtualFilm | undefined;
  #position = 0;
  #at: number;
  #paused = false;
  #timer: Disposable | undefined;

  constructor(id: string, clock: Clock) {
    this.id = id;
    this.#clock = clock;
    this.#at = clock.now();
  }

  get isAlive(): boolean {
    return this.status !== 'gone';
  }

  get duration(): number | undefined {
    return this.status === 'opening' || this.status === 'failed' ? undefined : this.#film?.duration;
  }

  get position(): number {
    const moved = this.status === 'playing' ? (this.rate * (this.#clock.now() - this.#at)) / 1000 : 0;
    return Math.min(this.#position + moved, this.#limit);
  }

  load(media: PlayerMedia, token: string, start: number, paused: boolean, rate: number): void {
    this.media = media;
    this.itemToken = token;
    this.#film = FILMS['path' in media ? media.path : media.url];
    this.rate = rate;
    this.#paused = paused;
    this.#place(start);
    this.#become('opening', { cause: 'command', isNewPlace: true });
    this.#after(FIRST_FRAME, () => {
      if (!this.#film || this.#film.garbage) {
        this.#become('failed', { cause: 'command' });
        this.onDidEnd.fire('failed');
        return;
      }
      this.tracks = TRACKS;
      this.#rest('command');
    });
  }

  setPaused(paused: boolean, cause: string): void {
    if (this.#paused === paused) return;
    this.#place(this.position);
    this.#paused = paused;
    if (this.status === 'playing' || this.status === 'paused') this.#rest(cause);
  }

  /** Resolves when it has landed. */
  async seek(target: number, exact: boolean, cause: string): Promise<void> {
    const place = exact ? target : Math.floor(target / KEY_FRAMES) * KEY_FRAMES;
    this.#become('seeking', { cause, isNewPlace: true });
    await new Promise<void>((resolve) => {
      this.#after(SEEK_TIME, () => {
        this.#place(place);
        this.#rest(cause);
        resolve();
      });
    });
  }

  setRate(rate: number, cause: string): void {
    this.#place(this.position);
    this.rate = rate;
    if (this.status === 'playing') this.#rest(cause);
    else this.onDidChange.fire({ cause });
  }

  set(change: { volume?: number; muted?: boolean; tracks?: readonly Track[] }): void {
    Object.assign(this, change);
    this.onDidChange.fire({ cause: 'command' });
  }

  exit(reason: 'stopped' | 'killed'): void {
    if (!this.isAlive) return;
    this.isStopping = true;
    this.#place(this.position);
    void this.#timer?.dispose();
    this.onDidEnd.fire(reason);
    this.#become('gone', { cause: 'command' });
  }

  get #limit(): number {
    return this.#film?.cutAt ?? this.#film?.duration ?? 0;
  }

  #place(position: number): void {
    this.#position = position;
    this.#at = this.#clock.now();
  }

  /** Playing or paused, whichever is wanted. */
  #rest(cause: string): void {
    this.#place(Math.min(this.#position, this.#limit));
    this.#become(this.#paused ? 'paused' : 'playing', { cause });
    void this.#timer?.dispose();
    if (this.#paused) return;
    const left = ((this.#limit - this.#position) / this.rate) * 1000;
    this.#after(left, () => {
      this.#place(this.#limit);
      this.#become('ended', { cause });
      this.onDidEnd.fire(this.#film?.cutAt === undefined ? 'finished' : 'interrupted');
    });
  }

  #become(status: ProgramStatus, change: Change): void {
    this.status = status;
    this.onDidChange.fire(change);
  }

  #after(ms: number, run: () => void): void {
    void this.#timer?.dispose();
    this.#timer = this.#clock.after(ms, run);
  }
}
