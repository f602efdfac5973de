import type { Disposable } from '@kinoport/core';
import type { PlaybackEvent } from '../../api/protocol.ts';
import type { Output } from '../terminal/output.ts';
import { endError, endedText, startedText } from './words.ts';

/** How a running film shows: as lines, as a status line, as JSON. */
export interface PlayView extends Disposable {
  /** What happened in the session; a `started` that repeats what is known is left out before. */
  event(event: PlaybackEvent): void;
  /** A remark that stays. */
  note(text: string): void;
  /** A remark that may go after a moment. */
  flash(text: string): void;
  /** Gives the terminal back for a while. */
  suspend(): void;
  resume(): void;
}

/** Lines for the start and the end: for pipes, files, and `-q`, which leaves only errors. */
export class LineView implements PlayView {
  protected readonly output: Output;

  constructor(output: Output) {
    this.output = output;
  }

  event(event: PlaybackEvent): void {
    switch (event.type) {
      case 'started':
        this.output.info(startedText(event));
        break;
      case 'notice':
        this.note(event.message);
        break;
      case 'ended': {
        const error = endError(event);
        if (error) this.output.error(error);
        else this.output.info(endedText(event));
        break;
      }
    }
  }

  note(text: string): void {
    this.output.note(text);
  }

  flash(text: string): void {
    this.note(text);
  }

  suspend(): void {}

  resume(): void {}

  dispose(): void {}
}
