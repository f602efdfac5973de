import { instant } from '../../support/lab/waiting.ts';
import { type Reading, read } from './reading.ts';

/** Media that the viewer's player holds beyond the picture, seconds; more it does not read. */
const HELD = 2;
/** Media after which it goes on when it had none, seconds. */
const RESUME = 0.25;
const TICK = 10;

export interface Watched {
  /** Milliseconds from the request to the first byte. */
  readonly start: number;
  readonly stalls: number;
  /** Milliseconds. */
  readonly stalled: number;
  /** Bytes of media that were shown. */
  readonly shown: number;
}

/** Watches a film in real time: takes bytes at the rate of the media and holds a few seconds of it, no more. */
export class Viewer {
  readonly #url: string;
  readonly #rate: number;

  /** @param rate bytes a second of the media */
  constructor(url: string, rate: number) {
    this.#url = url;
    this.#rate = rate;
  }

  /** From a byte on, for so many milliseconds since it was asked for. */
  async watch(start: number, length: number): Promise<Watched> {
    const until = instant() + length;
    const reading = await read(this.#url, start);
    try {
      return await this.#follow(reading, until);
    } finally {
      reading.close();
    }
  }

  async #follow(reading: Reading, until: number): Promise<Watched> {
    const { response } = reading;
    let here = reading.first.length;
    let shown = 0;
    let stalls = 0;
    let stalled = 0;
    let isPlaying = true;
    let isOver = false;
    let failed: Error | undefined;
    response.on('data', (chunk: Buffer) => {
      here += chunk.length;
      if (here - shown > HELD * this.#rate) response.pause();
    });
    response.once('end', () => {
      isOver = true;
    });
    response.once('error', (error) => {
      failed = error;
    });
    response.resume();
    await new Promise<void>((done) => {
      let before = instant();
      const clock = setInterval(() => {
        const now = instant();
        const passed = now - before;
        before = now;
        if (isPlaying) {
          shown = Math.min(here, shown + (this.#rate * passed) / 1000);
          isPlaying = shown < here || isOver;
          if (!isPlaying) stalls += 1;
        } else {
          stalled += passed;
          isPlaying = here - shown >= RESUME * this.#rate || isOver;
        }
        if (here - shown < HELD * this.#rate) response.resume();
        if (now < until && failed === undefined) return;
        clearInterval(clock);
        done();
      }, TICK);
    });
    if (failed) throw failed;
    return { start: reading.firstByte, stalls, stalled, shown: Math.round(shown) };
  }
}
