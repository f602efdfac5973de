import type { Clock, Disposable, Log } from '@kinoport/core';
import { writeWhole } from './files.ts';
import type { KeptTorrent } from './keptTorrent.ts';
import type { Layout } from './layout.ts';
import { readResume, serializeResume } from './resume.ts';

export interface ResumeWriterOptions {
  readonly layout: Layout;
  readonly clock: Clock;
  readonly log: Log;
}

const DELAY_MS = 1_000;

/**
 * Writes `resume.json` a moment after something changed. Another process may have the same torrent open for the length
 * of a reload: what it has written meanwhile is kept. Should both write in the same instant, the sweep finds what one
 * of them forgot.
 */
export class ResumeWriter {
  readonly #options: ResumeWriterOptions;
  readonly #timers = new Map<KeptTorrent, Disposable>();
  readonly #running = new Map<KeptTorrent, Promise<void>>();

  constructor(options: ResumeWriterOptions) {
    this.#options = options;
  }

  changed(torrent: KeptTorrent): void {
    if (this.#timers.has(torrent)) return;
    const timer = this.#options.clock.after(DELAY_MS, () => {
      this.#timers.delete(torrent);
      void this.write(torrent);
    });
    this.#timers.set(torrent, timer);
  }

  /** Writes at once. A failure is logged: what was fetched since the last time would be fetched again. */
  write(torrent: KeptTorrent): Promise<void> {
    this.#cancel(torrent);
    const before = this.#running.get(torrent) ?? Promise.resolve();
    const run = before
      .then(() => this.#write(torrent))
      .catch((error: unknown) => {
        this.#options.log.warn('What is on disk of a torrent could not be noted.', {
          infohash: torrent.infohash,
          error: String(error),
        });
      })
      .finally(() => {
        if (this.#running.get(torrent) === run) this.#running.delete(torrent);
      });
    this.#running.set(torrent, run);
    return run;
  }

  /** Nothing more is written of it, once what is being written is. */
  async forget(torrent: KeptTorrent): Promise<void> {
    this.#cancel(torrent);
    await this.#running.get(torrent);
  }

  /** Writes what has changed. */
  async flush(): Promise<void> {
    for (const torrent of [...this.#timers.keys()]) void this.write(torrent);
    await Promise.all(this.#running.values());
  }

  /** Takes over what another process has noted, and sees to it that something is noted at all. */
  async begin(torrent: KeptTorrent): Promise<void> {
    const isNewer = this.#timers.has(torrent) || this.#running.has(torrent);
    if (isNewer || !(await this.#read(torrent).catch(() => false))) await this.write(torrent);
  }

  async #read(torrent: KeptTorrent): Promise<boolean> {
    const other = await readResume(this.#options.layout.resume(torrent.infohash));
    if (other && !torrent.hasNewPeers) torrent.peers = other.peers;
    if (other && !torrent.hasNewPin) torrent.isPinned = other.isPinned;
    if (!other || !torrent.isOf(other)) return false;
    for (const piece of other.pieces.pieces()) if (!torrent.gone.has(piece)) torrent.foundForeign(piece);
    return true;
  }

  async #write(torrent: KeptTorrent): Promise<void> {
    const { layout } = this.#options;
    await this.#read(torrent);
    const { isPinned } = torrent;
    await writeWhole(layout, layout.resume(torrent.infohash), serializeResume(torrent.resume()));
    if (torrent.isPinned === isPinned) torrent.hasNewPin = false;
  }

  #cancel(torrent: KeptTorrent): void {
    void this.#timers.get(torrent)?.dispose();
    this.#timers.delete(torrent);
  }
}
