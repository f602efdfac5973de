import { setTimeout as pause } from 'node:timers/promises';
import type { Plugin } from '../../../host/src/plugins/plugin.ts';
import { instant, until } from '../../support/lab/waiting.ts';
import { call, echo, PluginHost, pluginOf, quantile, took } from './lab.ts';

/** Milliseconds from one call of the plugin that is disturbed to the next. */
const PACE = 2;
/** Calls of one measurement at least, so that the slowest of a hundred is one of many. */
const AT_LEAST = 1_500;

/** What a plugin does to itself, in the body of a method, and what is told of it. */
export const MISBEHAVIOURS = {
  'busy loop': { code: 'for (;;);', said: /did not answer for 10 s/, killLimit: 10_000 },
  'out of memory': {
    code: 'const list = []; for (;;) list.push(new Array(1e6).fill(list.length));',
    said: /heap out of memory/,
    killLimit: 0,
  },
  exit: { code: 'process.exit(7);', said: /ended with code 7/, killLimit: 0 },
  'throw in a timer': {
    code: "setTimeout(() => { throw new RangeError('from a timer'); }, 1); await new Promise(() => {});",
    said: /RangeError: from a timer/,
    killLimit: 0,
  },
  SIGSEGV: { code: "process.kill(process.pid, 'SIGSEGV'); for (;;);", said: /SIGSEGV/, killLimit: 0 },
  'garbage in its pipe': {
    code: "(await import('node:fs')).writeSync(3, 'garbage\\n'.repeat(1000)); for (;;);",
    said: /not a JSON-RPC message/,
    killLimit: 0,
  },
} as const;
export type Misbehaviour = keyof typeof MISBEHAVIOURS;

export interface Disturbance {
  /** Milliseconds: the slowest of a hundred calls of another plugin, before and while. */
  readonly undisturbed: number;
  readonly disturbed: number;
  /** From the process's end, or from the last sign of life where it does not end by itself, to its replacement. */
  readonly replaced: number;
  /** Whether the record of the crash names the plugin and why. */
  readonly isNamed: boolean;
  readonly failedCalls: number;
  readonly record: string;
}

/** One plugin goes wrong while another is called all the time. */
export async function disturb(how: Misbehaviour): Promise<Disturbance> {
  const { code, said, killLimit } = MISBEHAVIOURS[how];
  const host = new PluginHost({
    good: echo('good'),
    bad: echo('bad', `break: async () => { ${code} },`, ['onStartup']),
  });
  try {
    const good = pluginOf(host, 'good');
    const bad = pluginOf(host, 'bad');
    await Promise.all([good.current(), bad.current()]);
    const warm = new Calls(good);
    await warm.untilEnough();
    await warm.end();
    const before = new Calls(good);
    await before.untilEnough();
    await before.end();
    const during = new Calls(good);
    const crashed = wentDown(bad);
    const began = instant();
    const breaking = call(bad, 'break', null).catch(() => undefined);
    const down = await crashed;
    const record = host.view('bad').error?.message ?? '';
    await until('the next generation', () => bad.state === 'active' && bad.generation === 2, {
      every: 5,
      timeout: 60_000,
    });
    const replaced = instant() - (killLimit > 0 ? began : down);
    await during.untilEnough();
    await during.end();
    await breaking;
    return {
      undisturbed: quantile(before.times, 0.99),
      disturbed: quantile(during.times, 0.99),
      replaced,
      isNamed: record.includes('"bad"') && said.test(record),
      failedCalls: before.failed + during.failed,
      record,
    };
  } finally {
    await host.dispose();
  }
}

/** The instant at which the host knows that a plugin has gone. */
function wentDown(plugin: Plugin): Promise<number> {
  return new Promise((resolve) => {
    const listening = plugin.onDidChange(() => {
      if (plugin.state === 'active') return;
      void listening.dispose();
      resolve(instant());
    });
  });
}

/** Calls of a plugin at a steady pace, until ended. */
class Calls {
  readonly times: number[] = [];
  failed = 0;
  readonly #over = new AbortController();
  readonly #running: Promise<void>;

  constructor(plugin: Plugin) {
    this.#running = this.#run(plugin);
  }

  async #run(plugin: Plugin): Promise<void> {
    while (!this.#over.signal.aborted) {
      try {
        this.times.push(await took(() => call(plugin, 'echo', { n: this.times.length })));
      } catch {
        this.failed += 1;
      }
      await pause(PACE);
    }
  }

  async untilEnough(): Promise<void> {
    await until('enough calls', () => this.times.length >= AT_LEAST, { every: 20, timeout: 120_000 });
  }

  end(): Promise<void> {
    this.#over.abort();
    return this.#running;
  }
}
