/** Nothing is learned from less, milliseconds and measurements. */
const SHORTEST = 8000;
const FEWEST = 20;
const LONGEST = 120_000;
/** A slope is clear when the error has moved by so much, seconds, or was watched for so long, milliseconds. */
const MOVED = 0.003;
const WATCHED = 60_000;
/** A sound card that is further off is broken: 2000 ppm. */
const WIDEST = 0.002;

interface Point {
  readonly at: number;
  readonly error: number;
}

interface Slope {
  /** Seconds a second. */
  readonly value: number;
  readonly deviation: number;
  /** It is the player's own, not a passing one. */
  readonly isClear: boolean;
}

/** How much faster the player's own clock runs than the room's, seconds a second: the integral term. */
export class SkewLearner {
  #skew = 0;
  #points: Point[] = [];

  get value(): number {
    return this.#skew;
  }

  /** Error measured while the player runs at a speed that does not change. */
  add(at: number, error: number): void {
    this.#points.push({ at, error });
    while (at - (this.#points[0]?.at ?? at) > LONGEST) this.#points.shift();
  }

  /** The slope of the error, and how far that may be off; `undefined` when too little was seen. */
  slope(): Slope | undefined {
    const points = this.#points;
    const [first, last] = [points[0], points.at(-1)];
    if (!first || !last || points.length < FEWEST || last.at - first.at < SHORTEST) return undefined;
    const count = points.length;
    const seconds = (point: Point): number => (point.at - first.at) / 1000;
    const middle = points.reduce((sum, point) => sum + seconds(point), 0) / count;
    const mean = points.reduce((sum, point) => sum + point.error, 0) / count;
    let spread = 0;
    let product = 0;
    for (const point of points) {
      spread += (seconds(point) - middle) ** 2;
      product += (seconds(point) - middle) * (point.error - mean);
    }
    const value = product / spread;
    const rest = points.reduce(
      (sum, point) => sum + (point.error - mean - value * (seconds(point) - middle)) ** 2,
      0,
    );
    // Neighbouring errors are alike (mpv reports its sound in blocks), so the line is surer than it looks; hence 4.
    const span = last.at - first.at;
    // The room's clock, while it is corrected, moves a player's error too, but not far.
    const isClear = span >= WATCHED || (Math.abs(value) * span) / 1000 >= MOVED;
    return { value, isClear, deviation: 2 * Math.sqrt(rest / Math.max(1, count - 2) / spread) };
  }

  /**
   * Takes over what the points say, `bias` being what was taken off the speed while they were measured.
   * @returns whether something was learned
   */
  learn(bias: number): boolean {
    const slope = this.slope();
    if (slope === undefined || slope.deviation > Math.max(10e-6, Math.abs(slope.value) / 3)) return false;
    this.#skew = Math.max(-WIDEST, Math.min(WIDEST, bias + slope.value));
    return true;
  }

  /** The speed or the place has changed: the points no longer lie on one line. */
  restart(): void {
    this.#points = [];
  }
}
