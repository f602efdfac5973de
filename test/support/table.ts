/** Rows of measured figures, as benches and chaos runs print them: an aligned table, or one JSON object a line. */

/** What `--json` prints. Peer fields are null where there is no peer, `target` and `met` where there is no target. */
export interface Row {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly peer: string | null;
  readonly peerValue: number | null;
  /** `value / peerValue`. */
  readonly ratio: number | null;
  readonly target: number | null;
  readonly met: boolean | null;
}

export interface RowDetails {
  readonly peer?: { readonly name: string; readonly value: number };
  /** The target: `value` is to be this or less. */
  readonly atMost?: number;
  /** The target: `value` is to be this or more. */
  readonly atLeast?: number;
  /** Smallest and largest of the measurements that `value` is the median of. */
  readonly spread?: Summary;
}

export interface Summary {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly count: number;
}

/** What the command line of a bench or chaos run says. */
export interface RunFlags {
  readonly quick: boolean;
  readonly json: boolean;
  /** Names of `--only=a,b`; absent: all. */
  readonly only?: readonly string[];
}

export function runFlags(argv: readonly string[] = process.argv.slice(2)): RunFlags {
  const names = argv.find((arg) => arg.startsWith('--only='))?.slice('--only='.length);
  return {
    quick: argv.includes('--quick'),
    json: argv.includes('--json'),
    ...(names === undefined ? {} : { only: names.split(',') }),
  };
}

/** Median (of an even count: the mean of the middle two), smallest and largest. */
export function summarize(values: readonly number[]): Summary {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(half) - 1], sorted[Math.floor(half)]];
  const [min, max] = [sorted[0], sorted.at(-1)];
  if (low === undefined || high === undefined || min === undefined || max === undefined)
    throw new RangeError('There are no values to summarize.');
  return { median: (low + high) / 2, min, max, count: sorted.length };
}

export function median(values: readonly number[]): number {
  return summarize(values).median;
}

/**
 * Measures several things in turns, so that a busy moment of the machine hits all of them: in every round each
 * is run once, the order turning by one. Each gives a figure; all figures come back by name.
 */
export async function interleave<K extends string>(
  rounds: number,
  runs: Readonly<Record<K, () => Promise<number>>>,
): Promise<Record<K, number[]>> {
  const names = Object.keys(runs) as K[];
  const figures = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<K, number[]>;
  for (let round = 0; round < rounds; round++) {
    const turn = round % names.length;
    for (const name of [...names.slice(turn), ...names.slice(0, turn)])
      figures[name].push(await runs[name]());
  }
  return figures;
}

/** Collects rows. With `json` each is printed at once, else the table by `end`. */
export class Table {
  readonly #title: string;
  readonly #json: boolean;
  readonly #print: (line: string) => void;
  readonly #rows: { readonly row: Row; readonly details: RowDetails }[] = [];

  constructor(options: {
    readonly title: string;
    readonly json: boolean;
    readonly print?: (line: string) => void;
  }) {
    this.#title = options.title;
    this.#json = options.json;
    this.#print = options.print ?? ((line) => console.log(line));
  }

  add(name: string, value: number, unit: string, details: RowDetails = {}): Row {
    const { peer, atMost, atLeast } = details;
    const row: Row = {
      name,
      value: rounded(value),
      unit,
      peer: peer?.name ?? null,
      peerValue: peer ? rounded(peer.value) : null,
      ratio: peer && peer.value !== 0 ? rounded(value / peer.value) : null,
      target: atMost ?? atLeast ?? null,
      met:
        atMost === undefined && atLeast === undefined
          ? null
          : value <= (atMost ?? Number.POSITIVE_INFINITY) && value >= (atLeast ?? Number.NEGATIVE_INFINITY),
    };
    this.#rows.push({ row, details });
    if (this.#json) this.#print(JSON.stringify(row));
    return row;
  }

  /** Prints the table. @returns whether every target was met */
  end(): boolean {
    if (!this.#json) for (const line of this.#lines()) this.#print(line);
    return this.#rows.every(({ row }) => row.met !== false);
  }

  #lines(): readonly string[] {
    const cells = [
      ['', 'value', 'unit', 'min..max', 'peer', 'peer value', 'ratio', 'target', 'met'],
      ...this.#rows.map(({ row, details }) => [
        row.name,
        String(row.value),
        row.unit,
        details.spread ? `${rounded(details.spread.min)}..${rounded(details.spread.max)}` : '',
        row.peer ?? '',
        text(row.peerValue),
        text(row.ratio),
        row.target === null ? '' : `${details.atMost === undefined ? '≥' : '≤'} ${row.target}`,
        row.met === null ? '' : row.met ? 'yes' : 'NO',
      ]),
    ];
    const columns = (cells[0] ?? []).map((_, column) => column);
    const used = columns.filter(
      (column) => column === 0 || cells.slice(1).some((line) => line[column] !== ''),
    );
    const width = (column: number): number => Math.max(...cells.map((line) => (line[column] ?? '').length));
    const format = (line: readonly string[]): string =>
      used
        .map((column) => {
          const cell = line[column] ?? '';
          return NUMERIC.has(column) ? cell.padStart(width(column)) : cell.padEnd(width(column));
        })
        .join('  ')
        .trimEnd();
    const [head, ...body] = cells.map(format);
    return [this.#title, '', head ?? '', '-'.repeat((head ?? '').length), ...body];
  }
}

const NUMERIC = new Set([1, 3, 5, 6, 7]);

/** Four significant digits, and no more decimals than that needs. */
function rounded(value: number): number {
  if (!Number.isFinite(value)) return value;
  return Math.abs(value) >= 1000 ? Math.round(value) : Number(value.toPrecision(4));
}

function text(value: number | null): string {
  return value === null ? '' : String(value);
}
