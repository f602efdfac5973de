import { toKinoportError } from '@kinoport/core';
import type { RemoteSession } from '../plugins/remoteSession.ts';
import type { RemoteStream } from '../plugins/remoteSource.ts';
import type { SessionServices } from './currentItem.ts';
import { journalled, type SessionOptions } from './opening.ts';
import type { QueueEntry } from './queue.ts';

/** What the journal is told of an item. */
export interface Journalled {
  readonly entry: QueueEntry;
  readonly queue: readonly QueueEntry[];
  readonly stream: RemoteStream;
  readonly options: SessionOptions;
}

/** A session's row in the journal, by which the next host finds it. */
export class SessionRecord {
  readonly #services: Pick<SessionServices, 'journal' | 'log'>;
  readonly #session: { readonly id: string; readonly startedAt: number; readonly player: string };

  constructor(
    services: Pick<SessionServices, 'journal' | 'log'>,
    session: { readonly id: string; readonly startedAt: number; readonly player: string },
  ) {
    this.#services = services;
    this.#session = session;
  }

  /** Before the player is told, so that what it plays is known whatever happens next. */
  enter(what: Journalled, token: string, session?: RemoteSession): void {
    const { id, startedAt, player } = this.#session;
    const change = {
      startedAt,
      player,
      itemToken: token,
      epoch: session?.state.epoch ?? 0,
      ...fieldsOf(what),
    };
    if (session) this.#services.journal.patch(id, { ...change, endpoint: session.endpoint });
    else this.#services.journal.put({ id, ...change });
  }

  /** The player is there. */
  opened({ endpoint }: RemoteSession): void {
    this.#services.journal.patch(this.#session.id, { endpoint });
  }

  /** The queue or the options have changed. */
  change(what: Journalled): void {
    const { queue, index, options } = fieldsOf(what);
    this.#services.journal.patch(this.#session.id, { queue, index, options });
  }

  /** A row that stays behind is settled by the next host; the session is over all the same. */
  close(): void {
    try {
      this.#services.journal.close(this.#session.id);
    } catch (error) {
      const { message, stack } = toKinoportError(error);
      this.#services.log.error(`session ${this.#session.id} broke`, { message, stack });
    }
  }
}

function fieldsOf({ entry, queue, stream, options }: Journalled): ReturnType<typeof journalled> {
  return journalled(entry, queue, stream, options);
}
