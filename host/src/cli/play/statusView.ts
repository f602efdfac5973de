import type { Clock, Disposable, PlayerState, StreamStats } from '@kinoport/core';
import type { PlaybackEvent } from '../../api/protocol.ts';
import type { Output } from '../terminal/output.ts';
import { printable, truncate } from '../terminal/width.ts';
import { openingText, type StatusFacts, statusText } from './statusLine.ts';
import { LineView } from './view.ts';

/** At most four updates a second. */
const PERIOD = 250;
const FLASH = 2000;
const CLEAR = '\r\u001b[K';

/** A terminal's view: one line at the bottom that is rewritten, and lines above it for what stays. */
export class StatusView extends LineView {
  readonly #clock: Clock;
  readonly #timer: Disposable;
  #facts: StatusFacts | undefined;
  #started: Omit<StatusFacts, 'state' | 'stats'> | undefined;
  #opening: { readonly title: string; readonly stats: StreamStats | undefined } | undefined;
  /** Since when it opens, buffers or seeks. */
  #waitingSince: number | undefined;
  #flash: { readonly text: string; readonly until: number } | undefined;
  #shown = '';
  #paintedAt = 0;
  #suspended = false;

  constructor(output: Output, clock: Clock) {
    super(output);
    this.#clock = clock;
    this.#timer = clock.every(PERIOD, () => this.#paint());
  }

  override event(event: PlaybackEvent): void {
    switch (event.type) {
      case 'opening':
        if (this.#opening?.title !== event.title) this.#waitingSince = undefined;
        this.#opening = { title: event.title, stats: event.stats };
        this.#waitingSince ??= this.#clock.now();
        break;
      case 'started':
        this.#opening = undefined;
        this.#waitingSince = undefined;
        this.#started = {
          title: event.item.title,
          player: event.player,
          source: event.source,
          index: event.index,
          count: event.count,
        };
        break;
      case 'state':
        if (this.#started) {
          this.#waitingSince = isWaiting(event.state) ? (this.#waitingSince ?? this.#clock.now()) : undefined;
          this.#facts = { ...this.#started, state: event.state, stats: event.stats };
        }
        break;
      case 'notice':
        // The film goes on: what was to follow could not be opened.
        if (this.#facts) this.#opening = undefined;
        break;
      case 'ended':
        this.#facts = undefined;
        this.#waitingSince = undefined;
        break;
      case 'closed':
        this.#facts = undefined;
        this.#opening = undefined;
        break;
    }
    if (event.type !== 'state' && event.type !== 'opening') this.#clear();
    super.event(event);
    if (this.#clock.now() - this.#paintedAt >= PERIOD) this.#paint();
  }

  override note(text: string): void {
    this.#clear();
    super.note(text);
  }

  override flash(text: string): void {
    this.#flash = { text, until: this.#clock.now() + FLASH };
    this.#paint();
  }

  override suspend(): void {
    this.#clear();
    this.#suspended = true;
  }

  override resume(): void {
    this.#suspended = false;
    if (this.#opening) this.#waitingSince = this.#clock.now();
    this.#paint();
  }

  override async dispose(): Promise<void> {
    this.#suspended = true;
    await this.#timer.dispose();
    this.#clear();
  }

  #clear(): void {
    if (this.#shown !== '') this.output.raw(CLEAR);
    this.#shown = '';
  }

  #paint(): void {
    if (this.#suspended) return;
    const text = this.#text();
    if (text === this.#shown) return;
    this.#paintedAt = this.#clock.now();
    this.#shown = text;
    this.output.raw(`\r${text}\u001b[K`);
  }

  #text(): string {
    // The last column stays free: some terminals wrap as soon as it is written.
    const columns = Math.max(10, (this.output.columns ?? 80) - 1);
    const now = this.#clock.now();
    if (this.#flash && now < this.#flash.until) return truncate(printable(this.#flash.text), columns);
    const waited = this.#waitingSince === undefined ? undefined : (now - this.#waitingSince) / 1000;
    if (this.#opening)
      return openingText('Opening', this.#opening.title, this.#opening.stats, waited, columns);
    if (!this.#facts) return '';
    return statusText({ ...this.#facts, waited }, { now, columns, unicode: this.output.unicode });
  }
}

function isWaiting({ status }: PlayerState): boolean {
  return status === 'opening' || status === 'buffering' || status === 'seeking';
}
