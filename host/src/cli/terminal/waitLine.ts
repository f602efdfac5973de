import type { Clock, Disposable, StreamStats } from '@kinoport/core';
import { openingText } from '../play/statusLine.ts';

const PERIOD = 250;
/** What answers sooner needs no line. */
const SHOWN_AFTER = 700;

/** A line on standard error, where that is a terminal, for as long as somebody is waited for. */
export class WaitLine implements Disposable {
  readonly #stream: NodeJS.WriteStream;
  readonly #timer: Disposable | undefined;
  #name: string;
  #stats: StreamStats | undefined;
  #shown = '';

  constructor(clock: Clock, name: string, stream: NodeJS.WriteStream = process.stderr) {
    this.#stream = stream;
    this.#name = name;
    const since = clock.now();
    if (stream.isTTY !== true) return;
    this.#timer = clock.every(PERIOD, () => {
      const waited = clock.now() - since;
      if (waited >= SHOWN_AFTER) this.#paint(waited / 1000);
    });
  }

  set stats(stats: StreamStats) {
    this.#stats = stats;
  }

  async dispose(): Promise<void> {
    await this.#timer?.dispose();
    this.#clear();
  }

  #paint(waited: number): void {
    const text = openingText(
      'Asking',
      this.#name,
      this.#stats,
      waited,
      Math.max(10, this.#stream.columns - 1),
    );
    if (text === this.#shown) return;
    this.#shown = text;
    this.#stream.write(`\r${text}\u001b[K`);
  }

  #clear(): void {
    if (this.#shown !== '') this.#stream.write('\r\u001b[K');
    this.#shown = '';
  }
}
