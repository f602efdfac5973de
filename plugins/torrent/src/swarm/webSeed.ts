import type { Clock, Disposable } from '@kinoport/core';
import type { HttpCaller } from '../net/httpCaller.ts';
import { lengthOfPiece, type Torrent, type TorrentFile } from '../torrent.ts';
import type { BlockSink, SourceWire } from './blockWire.ts';

export interface WebSeedOptions {
  readonly clock: Clock;
  readonly url: string;
  readonly torrent: Torrent;
  readonly caller: HttpCaller;
  readonly sink: BlockSink;
  /** Waits until so many bytes may come: the limit of the download. */
  readonly pass: (bytes: number) => Promise<void>;
}

/** Milliseconds without a byte. */
const SILENCE = 15_000;
const AFTER_FAILURE = [1000, 5000, 20_000, 60_000];

interface Part {
  /** `undefined`: zeros that no server has (BEP 47). */
  readonly url: string | undefined;
  readonly start: number;
  readonly end: number;
}

/** A web server that has the files (BEP 19). Asked for whole pieces, over a few connections. */
export class WebSeedWire implements SourceWire, Disposable {
  readonly id: string;
  readonly wholePieces = true;
  readonly suspected = new Set<number>();
  useful = 0;
  readonly #options: WebSeedOptions;
  readonly #requests = new Map<number, AbortController>();
  #failures = 0;
  #pause: Disposable | undefined;
  #isClosed = false;

  constructor(options: WebSeedOptions) {
    this.#options = options;
    this.id = options.url;
  }

  get isOpen(): boolean {
    return !this.#isClosed && !this.#pause;
  }

  get maxRequests(): number {
    return this.#options.sink.hasRoom ? 4 : 0;
  }

  has(piece: number): boolean {
    return !this.suspected.has(piece);
  }

  request(piece: number, offset: number, length: number): void {
    if (this.#requests.has(piece)) return;
    const controller = new AbortController();
    this.#requests.set(piece, controller);
    this.#fetch(piece, offset, length, controller.signal).then(
      (bytes) => {
        if (controller.signal.aborted) return;
        this.#requests.delete(piece);
        this.#failures = 0;
        this.#options.sink.received(this, piece, offset, bytes);
      },
      () => {
        if (controller.signal.aborted) return;
        this.#requests.delete(piece);
        this.#rest();
        this.#options.sink.failed(this, piece, offset);
      },
    );
  }

  cancel(piece: number): void {
    this.#requests.get(piece)?.abort();
    this.#requests.delete(piece);
  }

  dispose(): void {
    this.#isClosed = true;
    void this.#pause?.dispose();
    for (const controller of this.#requests.values()) controller.abort();
    this.#requests.clear();
  }

  /** Several pieces may fail at once for one reason. */
  #rest(): void {
    if (this.#pause || this.#isClosed) return;
    const wait = AFTER_FAILURE[Math.min(this.#failures, AFTER_FAILURE.length - 1)] ?? 0;
    this.#failures += 1;
    this.#pause = this.#options.clock.after(wait, () => {
      this.#pause = undefined;
      this.#options.sink.changed(this);
    });
    this.#options.sink.changed(this);
  }

  async #fetch(piece: number, offset: number, length: number, signal: AbortSignal): Promise<Uint8Array> {
    const { torrent, url } = this.#options;
    if (offset + length > lengthOfPiece(torrent, piece)) throw new Error('beyond the piece');
    const bytes = Buffer.allocUnsafe(length);
    let at = 0;
    for (const part of partsOf(url, torrent, piece * torrent.pieceLength + offset, length)) {
      const into = bytes.subarray(at, at + part.end - part.start);
      if (part.url === undefined) into.fill(0);
      else await this.#fetchPart(part.url, part, into, signal);
      at += part.end - part.start;
    }
    return bytes;
  }

  async #fetchPart(url: string, { start, end }: Part, into: Uint8Array, signal: AbortSignal): Promise<void> {
    const silent = new AbortController();
    let timer = this.#options.clock.after(SILENCE, () => silent.abort());
    try {
      const { status, body } = await this.#options.caller.get(new URL(url), {
        headers: { range: `bytes=${start}-${end - 1}`, 'accept-encoding': 'identity' },
        signal: AbortSignal.any([signal, silent.signal]),
      });
      // A whole file in answer to a range from 0 is right as far as it goes.
      if (status !== 206 && !(status === 200 && start === 0)) {
        body.destroy();
        throw new Error(`status ${status}`);
      }
      let at = 0;
      for await (const chunk of body as AsyncIterable<Uint8Array>) {
        if (at === into.length) break;
        void timer.dispose();
        timer = this.#options.clock.after(SILENCE, () => silent.abort());
        const kept = chunk.subarray(0, into.length - at);
        into.set(kept, at);
        at += kept.length;
        await this.#options.pass(kept.length);
      }
      if (at < into.length) throw new Error('ended early');
    } finally {
      void timer.dispose();
    }
  }
}

/** The ranges of files that a range of the torrent is made of. */
export function partsOf(url: string, torrent: Torrent, start: number, length: number): readonly Part[] {
  const end = start + length;
  const [first] = torrent.files;
  const isSingle = torrent.files.length === 1 && first?.path === torrent.name;
  return torrent.files
    .filter((file) => file.length > 0 && file.offset < end && file.offset + file.length > start)
    .map((file) => ({
      url: file.isPadding ? undefined : isSingle ? urlOfSingle(url, torrent) : urlOfFile(url, torrent, file),
      start: Math.max(start - file.offset, 0),
      end: Math.min(end - file.offset, file.length),
    }));
}

function urlOfSingle(url: string, { name }: Torrent): string {
  return url.endsWith('/') ? url + encodeURIComponent(name) : url;
}

function urlOfFile(url: string, { name }: Torrent, { path }: TorrentFile): string {
  // Whether a path holds the torrent's own folder is up to who read it.
  const whole = path.startsWith(`${name}/`) ? path : `${name}/${path}`;
  return `${url.endsWith('/') ? url : `${url}/`}${whole.split('/').map(encodeURIComponent).join('/')}`;
}
