import type { BlockMap } from './blockMap.ts';
import type { Demand, DemandClass } from './ports.ts';
import type { WireState } from './wireState.ts';

const CLASSES: readonly DemandClass[] = ['current', 'next', 'warm'];

/** A demand as pieces. A piece is of use when it is whole, so all of its blocks are due with its first wanted byte. */
export class DemandRange {
  readonly demand: Demand;
  /** Place of its cursors in the wires. */
  readonly index: number;
  readonly first: number;
  readonly last: number;
  /** No piece before it is wanting. */
  cursor: number;
  readonly #pieceLength: number;

  constructor(demand: Demand, index: number, map: BlockMap) {
    this.demand = demand;
    this.index = index;
    this.#pieceLength = map.pieceLength;
    this.first = Math.max(0, Math.floor(demand.start / map.pieceLength));
    this.last = Math.min(map.pieces, Math.ceil(demand.end / map.pieceLength)) - 1;
    this.cursor = this.first;
  }

  has(piece: number): boolean {
    return piece >= this.first && piece <= this.last;
  }

  deadlineOf(piece: number): number {
    const ahead = Math.max(0, piece * this.#pieceLength - this.demand.start);
    return this.demand.due + (ahead * 1000) / this.demand.rate;
  }

  advance(map: BlockMap): number {
    while (this.cursor <= this.last && !map.isWanting(this.cursor)) this.cursor++;
    return this.cursor;
  }
}

/** All demands, in the order in which they are served. */
export class DemandOrder {
  /** Those with deadlines: for each class that there is, strictly one after the other. */
  groups: readonly (readonly DemandRange[])[] = [];
  /** Those that take what is rarest, after all others. */
  rarest: readonly DemandRange[] = [];
  /** Changes when a piece is wanting that was not: cursors of wires begin anew. */
  stamp = 0;
  /** Some pieces are needed later than others. */
  hasLater = false;
  #all: readonly DemandRange[] = [];
  #asked = -1;
  #due = 0;
  #dueFor: DemandRange | undefined;
  readonly #map: BlockMap;

  constructor(map: BlockMap) {
    this.#map = map;
  }

  get isEmpty(): boolean {
    return this.#all.length === 0;
  }

  set(demands: readonly Demand[]): void {
    const ranges = demands
      .filter(({ start, end }) => end > start)
      .map((demand, index) => new DemandRange(demand, index, this.#map))
      .filter(({ first, last }) => first <= last);
    const timed = ranges.filter(({ demand }) => demand.order === 'deadline');
    const of = (all: readonly DemandRange[], name: DemandClass) =>
      all.filter(({ demand }) => demand.class === name);
    this.#all = ranges;
    this.groups = CLASSES.map((name) => of(timed, name)).filter(({ length }) => length > 0);
    this.rarest = CLASSES.flatMap((name) =>
      of(
        ranges.filter(({ demand }) => demand.order === 'rarest'),
        name,
      ),
    );
    this.#asked = -1;
    const [first] = timed;
    this.hasLater = timed.some(
      ({ demand }) => demand.rate !== Number.POSITIVE_INFINITY || demand.due !== first?.demand.due,
    );
    this.stamp++;
  }

  wants(piece: number): boolean {
    for (const range of this.#all) if (range.has(piece)) return true;
    return false;
  }

  /** When a piece is needed; `Infinity`: at no given time. Cheap for the same piece again. */
  deadlineOf(piece: number): number {
    if (piece === this.#asked) return this.#due;
    this.#asked = piece;
    this.#due = this.#earliest(piece);
    return this.#due;
  }

  #earliest(piece: number): number {
    let due = Number.POSITIVE_INFINITY;
    for (const group of this.groups)
      for (const range of group) {
        if (!range.has(piece)) continue;
        const theirs = range.deadlineOf(piece);
        if (theirs < due) this.#dueFor = range;
        due = Math.min(due, theirs);
      }
    return due;
  }

  /** The range that needs the piece first, when something before it is not yet asked for. */
  rangeAheadOf(piece: number): DemandRange | undefined {
    if (this.deadlineOf(piece) === Number.POSITIVE_INFINITY) return undefined;
    const range = this.#dueFor;
    return range && piece > range.advance(this.#map) ? range : undefined;
  }

  /** Blocks of the piece are wanting again. */
  returned(piece: number): void {
    for (const range of this.#all)
      if (range.has(piece) && piece < range.cursor) range.cursor = Math.max(range.first, piece);
    this.stamp++;
  }

  /** Something is wanting, whether or not somebody has it. */
  get isWanting(): boolean {
    return this.#all.some((range) => range.advance(this.#map) <= range.last);
  }

  /** Where a wire goes on in a range. */
  cursorOf(state: WireState, range: DemandRange): number {
    if (state.stamp !== this.stamp) {
      state.cursors.length = 0;
      state.stamp = this.stamp;
    }
    return Math.max(state.cursors[range.index] ?? 0, range.advance(this.#map));
  }
}
