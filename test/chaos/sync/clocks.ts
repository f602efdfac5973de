import { readlinkSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { processesOf } from '../../support/lab/processes.ts';
import { instant, until } from '../../support/lab/waiting.ts';
import type { Stage } from './stage.ts';
import { apart, jolt } from './truth.ts';

const HOUR = 3_600_000;

/**
 * In every Node process below, plugins' ones too: SIGUSR2 sets the wall clock an hour ahead, an hour back, and right
 * again, in turns. Monotonic clocks go on as they are.
 */
const STEPPED = `
import childProcess from 'node:child_process';
import { syncBuiltinESMExports } from 'node:module';
const own = import.meta.url;
const steps = [${HOUR}, ${-HOUR}, 0];
let ahead = 0;
process.on('SIGUSR2', () => {
  ahead = steps.shift() ?? 0;
  steps.push(ahead);
});
const Real = Date;
globalThis.Date = class Date extends Real {
  constructor(...given) {
    if (given.length > 0) super(...given);
    else super(Real.now() + ahead);
  }
  static now() {
    return Real.now() + ahead;
  }
};
const { spawn } = childProcess;
childProcess.spawn = (file, args, options) =>
  spawn(file, file === process.execPath && Array.isArray(args) ? ['--import', own, ...args] : args, options);
syncBuiltinESMExports();
`;

/** What gives commands, and all that they start, such a clock. */
export const STEPPED_CLOCK: NodeJS.ProcessEnv = {
  NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(STEPPED).replaceAll("'", '%27')}`,
};

export interface Stepped {
  /** Milliseconds that the films were apart at most, and off an even run. */
  readonly apart: number;
  readonly jolt: number;
  /** Nobody was told anything. */
  readonly quiet: boolean;
}

/** The wall clock of a member's machine is set an hour ahead and two back, then that of the relay. */
export async function clockStepped(stage: Stage, of: 'member' | 'relay', seconds: number): Promise<Stepped> {
  const { ann, bob, relays } = stage;
  const pids =
    of === 'relay'
      ? relays.flatMap((relay) => relay.pids)
      : [...processesOf(await bob.home.hostPid()), ...processesOf(bob.run.pid ?? 0)];
  const since = instant();
  for (const step of [1, -1]) {
    for (const pid of pids.filter(isNode)) process.kill(pid, 'SIGUSR2');
    // The host stamps what it keeps with its wall clock.
    const isStepped = (): boolean => ((bob.home.stored()?.updated_at ?? 0) - Date.now()) * step > HOUR / 2;
    if (of === 'member') await until('the step of the clock', isStepped);
    await pause(seconds * 1000);
  }
  const now = instant();
  for (const pid of pids.filter(isNode)) process.kill(pid, 'SIGUSR2');
  const loud = ['disconnected', 'warning', 'closed', 'error'];
  return {
    apart: apart(ann, bob, since, now),
    jolt: Math.max(jolt(ann, since, now), jolt(bob, since, now)),
    quiet: [ann, bob].every((one) => !one.lines(since).some(({ event }) => loud.includes(event ?? ''))),
  };
}

function isNode(pid: number): boolean {
  try {
    return readlinkSync(`/proc/${pid}/exe`) === process.execPath;
  } catch {
    return false;
  }
}
