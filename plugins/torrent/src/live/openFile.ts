import type { Disposable, PublishedStream, StreamStats, Streams, Validators } from '@kinoport/core';
import type { SubtitleChoice } from '../items.ts';
import type { FileView } from '../reading/fileView.ts';
import type { Lease } from './torrents.ts';

export interface OpenFileOptions {
  readonly lease: Lease;
  readonly view: FileView;
  readonly streams: Streams;
}

export interface PublishedSubtitle {
  readonly id: string;
  readonly url: string;
  readonly language: string | undefined;
  readonly title: string | undefined;
  readonly forced: boolean | undefined;
}

/** A file that a player has open: its stream, its subtitles, its part in the swarm. */
export class OpenFile implements Disposable {
  readonly #options: OpenFileOptions;
  readonly #published: PublishedStream[] = [];
  readonly #subtitles: FileView[] = [];
  #isOver = false;

  constructor(options: OpenFileOptions) {
    this.#options = options;
  }

  get infohash(): string {
    return this.#options.lease.live.infohash;
  }

  get stats(): StreamStats {
    const { lease, view } = this.#options;
    const { downloadRate, uploadRate, peers } = lease.live.stats;
    return { downloadRate, uploadRate, peers, bufferedSeconds: view.bufferedSeconds };
  }

  async publish(options: {
    readonly id: string;
    readonly type: string;
    readonly name: string;
    readonly validators: Validators;
  }): Promise<void> {
    const { view, streams } = this.#options;
    const read = (start: number, end: number | undefined, signal: AbortSignal) =>
      view.read(start, end, signal);
    this.#published.push(await streams.publish({ ...options, size: view.file.length, read }));
  }

  /** @param ids those of an earlier generation, which the player still has */
  async publishSubtitles(
    choices: readonly SubtitleChoice[],
    ids: readonly string[],
  ): Promise<readonly PublishedSubtitle[]> {
    const { lease, streams } = this.#options;
    const published: PublishedSubtitle[] = [];
    for (const [n, { fileIndex, mime, name, ...tags }] of choices.entries()) {
      const view = await lease.live.view(fileIndex, 'current');
      this.#subtitles.push(view);
      const id = ids[n];
      const stream = await streams.publish({
        ...(id === undefined ? {} : { id }),
        size: view.file.length,
        type: mime,
        name,
        read: (start, end, signal) => view.read(start, end, signal),
      });
      this.#published.push(stream);
      published.push({ id: stream.id, url: stream.url, ...tags });
    }
    return published;
  }

  /** Where the viewer is. A source that serves ranges believes its readers; this is for what nobody reads at the moment. */
  watched(seconds: number): void {
    this.#options.view.watched(seconds);
  }

  async dispose(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    const { lease, view } = this.#options;
    for (const stream of this.#published) await stream.dispose();
    for (const each of [view, ...this.#subtitles]) lease.live.close(each);
    lease.release();
  }
}
