import type { Clock, Disposable } from '@kinoport/core';
import type {
  BlockWire,
  Demand,
  Geometry,
  Scheduler,
} from '../../../../plugins/torrent/src/schedule/ports.ts';
import { createScheduler } from '../../../../plugins/torrent/src/schedule/scheduler.ts';
import { BLOCK_LENGTH, lengthOfPiece, pieceCount } from '../../../../plugins/torrent/src/torrent.ts';

/** The same numbers for the same seed. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** What happens when, with one timer of the clock for all of it. */
class Agenda {
  readonly #clock: Clock;
  readonly #heap: { readonly at: number; readonly order: number; readonly run: () => void }[] = [];
  #order = 0;
  #timer: Disposable | undefined;
  #timerAt = Number.POSITIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  at(at: number, run: () => void): void {
    const heap = this.#heap;
    const entry = { at, order: this.#order++, run };
    heap.push(entry);
    for (let i = heap.length - 1; i > 0; ) {
      const up = (i - 1) >> 1;
      if (this.#before(up, i)) break;
      this.#swap(up, i);
      i = up;
    }
    this.#arm();
  }

  #before(a: number, b: number): boolean {
    const [x, y] = [this.#heap[a], this.#heap[b]];
    if (!x || !y) return true;
    return x.at < y.at || (x.at === y.at && x.order < y.order);
  }

  #swap(a: number, b: number): void {
    const [x, y] = [this.#heap[a], this.#heap[b]];
    if (!x || !y) return;
    this.#heap[a] = y;
    this.#heap[b] = x;
  }

  #take(): void {
    const heap = this.#heap;
    this.#swap(0, heap.length - 1);
    const entry = heap.pop();
    for (let i = 0; ; ) {
      const [left, right] = [2 * i + 1, 2 * i + 2];
      let least = i;
      if (left < heap.length && this.#before(left, least)) least = left;
      if (right < heap.length && this.#before(right, least)) least = right;
      if (least === i) break;
      this.#swap(i, least);
      i = least;
    }
    entry?.run();
  }

  #arm(): void {
    const next = this.#heap[0]?.at ?? Number.POSITIVE_INFINITY;
    if (next >= this.#timerAt) return;
    void this.#timer?.dispose();
    this.#timerAt = next;
    this.#timer = this.#clock.after(next - this.#clock.now(), () => {
      this.#timerAt = Number.POSITIVE_INFINITY;
      this.#timer = undefined;
      for (let at = this.#heap[0]?.at; at !== undefined && at <= this.#clock.now(); at = this.#heap[0]?.at)
        this.#take();
      this.#arm();
    });
  }
}

export interface PeerOptions {
  /** Bytes a second. */
  readonly rate: number;
  /** Milliseconds of each direction. */
  readonly delay?: number;
  readonly maxRequests?: number;
  readonly wholePieces?: boolean;
  readonly has?: (piece: number) => boolean;
  /** Milliseconds after its beginning at which it stops to answer. */
  readonly silentAfter?: number;
  /** Share of its blocks that are wrong. */
  readonly corrupt?: number;
  /** Milliseconds after its beginning at which it chokes. */
  readonly chokeAfter?: number;
  /** Milliseconds after which it answers again. */
  readonly chokeFor?: number;
  readonly dropAfter?: number;
  /** Rejects in place of an answer, once in so many requests. */
  readonly reject?: number;
}

interface Asked {
  readonly key: string;
  readonly piece: number;
  readonly offset: number;
  readonly length: number;
}

/** A peer with a queue, a rate and a distance. Answers in order; what is taken back before its turn is not sent. */
export class SimulatedWire implements BlockWire {
  readonly id: string;
  readonly wholePieces: boolean;
  maxRequests: number;
  isOpen = true;
  /** Requests that it has from us and has not answered, as we know it. */
  readonly held = new Set<string>();
  sent = 0;
  rate: number;
  readonly #swarm: SimulatedSwarm;
  readonly #options: PeerOptions;
  readonly #queue: Asked[] = [];
  #isSending = false;
  #isSilent = false;
  isGone = false;

  constructor(id: string, swarm: SimulatedSwarm, options: PeerOptions) {
    this.id = id;
    this.#swarm = swarm;
    this.#options = options;
    this.rate = options.rate;
    this.wholePieces = options.wholePieces ?? false;
    this.maxRequests = options.maxRequests ?? 250;
    if (options.silentAfter !== undefined) swarm.after(options.silentAfter, () => this.silence());
    if (options.dropAfter !== undefined) swarm.after(options.dropAfter, () => this.drop());
    if (options.chokeAfter !== undefined) swarm.after(options.chokeAfter, () => this.choke(options.chokeFor));
  }

  has(piece: number): boolean {
    return this.#options.has?.(piece) ?? true;
  }

  get #delay(): number {
    return this.#options.delay ?? 30;
  }

  request(piece: number, offset: number, length: number): void {
    const key = `${piece}:${offset}`;
    this.#swarm.onRequest?.(this, piece, offset, length);
    this.held.add(key);
    this.#swarm.after(this.#delay, () => {
      this.#queue.push({ key, piece, offset, length });
      this.#send();
    });
  }

  cancel(piece: number, offset: number, length: number): void {
    const key = `${piece}:${offset}`;
    this.#swarm.onCancel?.(this, piece, offset, length);
    this.held.delete(key);
    this.#swarm.after(this.#delay, () => {
      const at = this.#queue.findIndex((asked) => asked.key === key);
      if (at >= 0) this.#queue.splice(at, 1);
    });
  }

  silence(): void {
    this.#isSilent = true;
  }

  choke(forMs?: number): void {
    if (this.isGone) return;
    this.isOpen = false;
    this.#queue.length = 0;
    this.#swarm.scheduler.wireChanged(this);
    this.held.clear();
    if (forMs !== undefined) this.#swarm.after(forMs, () => this.unchoke());
  }

  unchoke(): void {
    if (this.isGone) return;
    this.isOpen = true;
    this.#swarm.scheduler.wireChanged(this);
  }

  drop(): void {
    if (this.isGone) return;
    this.isGone = true;
    this.isOpen = false;
    this.#queue.length = 0;
    this.#swarm.scheduler.removeWire(this);
    this.held.clear();
  }

  #send(): void {
    if (this.#isSending || this.#isSilent) return;
    const asked = this.#queue.shift();
    if (!asked) return;
    this.#isSending = true;
    this.#swarm.after((asked.length * 1000) / this.rate, () => {
      this.#isSending = false;
      if (!this.#isSilent) this.#swarm.after(this.#delay, () => this.#arrive(asked));
      this.#send();
    });
  }

  #arrive({ key, piece, offset, length }: Asked): void {
    if (this.isGone) return;
    const isHeld = this.held.delete(key);
    const { reject = 0, corrupt = 0 } = this.#options;
    if (reject > 0 && this.#swarm.random() < reject) {
      if (isHeld) this.#swarm.scheduler.failed(this, piece, offset);
      return;
    }
    this.sent += length;
    this.#swarm.arrived(this, piece, offset, length, corrupt > 0 && this.#swarm.random() < corrupt);
  }
}

/** Peers around a scheduler, and what its owner does: collects blocks, checks pieces. */
export class SimulatedSwarm {
  readonly clock: Clock;
  readonly geometry: Geometry;
  readonly scheduler: Scheduler;
  readonly random: () => number;
  readonly wires: SimulatedWire[] = [];
  readonly had = new Set<number>();
  onRequest: ((wire: SimulatedWire, piece: number, offset: number, length: number) => void) | undefined;
  onCancel: ((wire: SimulatedWire, piece: number, offset: number, length: number) => void) | undefined;
  onVerified: ((piece: number) => void) | undefined;
  unasked = 0;
  readonly #agenda: Agenda;
  readonly #parts = new Map<number, { readonly blocks: Set<number>; isWrong: boolean }>();

  constructor(clock: Clock, geometry: Geometry, seed = 1) {
    this.clock = clock;
    this.geometry = geometry;
    this.random = random(seed);
    this.#agenda = new Agenda(clock);
    this.scheduler = createScheduler({ clock, geometry, have: (piece) => this.had.has(piece) });
  }

  get pieces(): number {
    return pieceCount(this.geometry);
  }

  after(ms: number, run: () => void): void {
    this.#agenda.at(this.clock.now() + ms, run);
  }

  add(options: PeerOptions): SimulatedWire {
    const wire = new SimulatedWire(`w${this.wires.length}`, this, options);
    this.wires.push(wire);
    this.scheduler.addWire(wire);
    return wire;
  }

  demand(demand: Partial<Demand> = {}): Demand {
    return {
      id: 'film',
      class: 'current',
      start: 0,
      end: this.geometry.length,
      due: this.clock.now(),
      rate: Number.POSITIVE_INFINITY,
      order: 'deadline',
      ...demand,
    };
  }

  arrived(wire: SimulatedWire, piece: number, offset: number, length: number, isWrong: boolean): void {
    const verdict = this.scheduler.received(wire, piece, offset, length);
    if (verdict === 'unasked') this.unasked++;
    if (verdict !== 'keep') return;
    const part = this.#parts.get(piece) ?? { blocks: new Set(), isWrong: false };
    this.#parts.set(piece, part);
    for (let at = offset; at < offset + length; at += BLOCK_LENGTH) part.blocks.add(at / BLOCK_LENGTH);
    part.isWrong ||= isWrong;
    if (part.blocks.size < Math.ceil(lengthOfPiece(this.geometry, piece) / BLOCK_LENGTH)) return;
    this.#parts.delete(piece);
    if (part.isWrong) {
      this.scheduler.rejected(piece);
      return;
    }
    this.had.add(piece);
    this.scheduler.verified(piece);
    this.onVerified?.(piece);
  }
}
