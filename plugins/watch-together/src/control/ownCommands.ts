import type { Clock } from '@kinoport/core';

/** What a command, or a person, changes. Seconds; rates. */
export type PlayerChange =
  | { readonly kind: 'pause'; readonly paused: boolean }
  | { readonly kind: 'seek'; readonly position: number }
  | { readonly kind: 'rate'; readonly rate: number };

interface Own {
  readonly id: string;
  readonly change: PlayerChange;
  /** Milliseconds: not before that can it show. */
  readonly from: number;
  /** Milliseconds: after that it no longer explains what somebody else is named for. */
  until: number;
  seen: boolean;
}

/** Milliseconds for which a state may lag behind the command that it shows. */
const LATE = 1000;
const REMEMBERED = 64;
/** How far from its target a seek may be found, seconds. */
const SEEK_NEAR = 1;
const RATE_NEAR = 1e-4;

/**
 * The commands that were sent to the player, so that their echo is not taken for the viewer's doing: by the id that
 * the state names as its cause, and by the value that was expected. Nothing is counted, so lost and merged states
 * do no harm.
 */
export class OwnCommands {
  readonly #clock: Clock;
  readonly #prefix: string;
  #sent: readonly Own[] = [];
  #count = 0;

  /** `prefix`: letters and digits, at most 40; no other program may use it for its commands. */
  constructor(clock: Clock, prefix: string) {
    this.#clock = clock;
    this.#prefix = prefix;
  }

  /** Notes a command before it is sent. `at`: the instant for which it is scheduled. */
  issue(change: PlayerChange, at?: number): { readonly id: string; settled(): void } {
    this.#count += 1;
    const own: Own = {
      id: `${this.#prefix}-${this.#count}`,
      change,
      from: at ?? this.#clock.now(),
      until: Number.POSITIVE_INFINITY,
      seen: false,
    };
    // The later of two commands of a kind is the one to expect.
    for (const before of this.#sent) if (before.change.kind === change.kind) before.seen = true;
    this.#sent = [...this.#sent, own].slice(-REMEMBERED);
    return {
      id: own.id,
      settled: () => {
        own.until = this.#clock.now() + LATE;
      },
    };
  }

  isOwn(cause: string): boolean {
    return cause.startsWith(`${this.#prefix}-`);
  }

  /** Whether a change that a state shows is what one of these commands was to bring about. */
  explains(change: PlayerChange, cause: string): boolean {
    const now = this.#clock.now();
    const isLive = (own: Own): boolean => !own.seen && own.from <= now + 1 && now <= own.until;
    const found = this.#sent.findLast((own) =>
      own.id === cause ? names(own.change, change) : isLive(own) && matches(own.change, change),
    );
    if (found === undefined) return false;
    found.seen = true;
    return true;
  }
}

/** A seek that has begun is known by its name alone: the player is not where it will be. */
function names(expected: PlayerChange, change: PlayerChange): boolean {
  return expected.kind === 'seek' ? change.kind === 'seek' : matches(expected, change);
}

function matches(expected: PlayerChange, change: PlayerChange): boolean {
  if (expected.kind === 'pause') return change.kind === 'pause' && expected.paused === change.paused;
  if (expected.kind === 'seek')
    return change.kind === 'seek' && Math.abs(expected.position - change.position) <= SEEK_NEAR;
  return change.kind === 'rate' && Math.abs(expected.rate - change.rate) <= RATE_NEAR * expected.rate;
}
