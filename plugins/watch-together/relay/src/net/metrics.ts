import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Disposable } from '@kinoport/core';

/** Counters since the start, and what is now. Names follow Prometheus. */
const COUNTERS = {
  connections_total: 'Connections that were accepted.',
  refused_total: 'Connections that were refused before they were one: full, origin, address.',
  messages_received_total: 'Frames from members.',
  messages_sent_total: 'Frames to members.',
  bytes_received_total: 'Bytes in frames from members.',
  bytes_sent_total: 'Bytes in frames to members.',
  invalid_total: 'Frames that were no message of the protocol.',
  limited_total: 'Frames, rooms and guesses beyond a limit.',
  rooms_created_total: 'Rooms opened.',
  joins_total: 'Seats taken.',
  resumes_total: 'Seats taken again.',
  failures_total: 'Faults of the relay itself.',
} as const;
export type Counter = keyof typeof COUNTERS;

export class Metrics implements Disposable {
  readonly #counters = Object.fromEntries(Object.keys(COUNTERS).map((name) => [name, 0])) as Record<
    Counter,
    number
  >;
  readonly #gauges = new Map<string, { readonly help: string; readonly read: () => number }>();
  readonly #delay = monitorEventLoopDelay({ resolution: 20 });

  constructor() {
    this.#delay.enable();
  }

  count(name: Counter, by = 1): void {
    this.#counters[name] += by;
  }

  value(name: Counter): number {
    return this.#counters[name];
  }

  gauge(name: string, help: string, read: () => number): void {
    this.#gauges.set(name, { help, read });
  }

  /** In the text format of Prometheus. */
  text(): string {
    const { user, system } = process.cpuUsage();
    const lines = [
      ...Object.entries(COUNTERS).flatMap(([name, help]) =>
        series(name, help, 'counter', this.#counters[name as Counter]),
      ),
      ...[...this.#gauges].flatMap(([name, { help, read }]) => series(name, help, 'gauge', read())),
      ...series('cpu_seconds_total', 'Processor time.', 'counter', (user + system) / 1e6),
      ...series('resident_bytes', 'Memory.', 'gauge', process.memoryUsage.rss()),
      ...series(
        'loop_delay_p99_seconds',
        'How late the event loop is, of the time since the last reading.',
        'gauge',
        this.#delay.percentile(99) / 1e9,
      ),
    ];
    this.#delay.reset();
    return `${lines.join('\n')}\n`;
  }

  dispose(): void {
    this.#delay.disable();
  }
}

function series(name: string, help: string, type: 'counter' | 'gauge', value: number): readonly string[] {
  const full = `relay_${name}`;
  return [
    `# HELP ${full} ${help}`,
    `# TYPE ${full} ${type}`,
    `${full} ${Number.isFinite(value) ? value : 0}`,
  ];
}
