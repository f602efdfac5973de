import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { cpuSeconds } from '../../support/lab/processes.ts';
import { strangersOf } from '../../support/lab/sockets.ts';
import { within } from '../../support/lab/waiting.ts';
import { inRepository } from '../../support/repository.ts';
import type { ContenderReply, Opening } from './protocol.ts';

export const CONTENDERS = ['kinoport', 'webtorrent', 'peerflix', 'libtorrent'] as const;
export type ContenderName = (typeof CONTENDERS)[number];

/** Debian's, for which its package of libtorrent is made. */
export const PYTHON = '/usr/bin/python3';

export interface Cost {
  /** Seconds of processor time since it was ready. */
  readonly cpu: number;
  /** MB, the most it ever held. */
  readonly memory: number;
}

/** One of those that are compared, in a process of its own, ready to open a torrent. */
export class Contender {
  readonly name: ContenderName;
  readonly folder: string;
  readonly #child: ChildProcess;
  readonly #lasting: boolean;
  readonly #replies: ContenderReply[] = [];
  readonly #ended: Promise<void>;
  #wake: (() => void) | undefined;
  #over = false;
  #worker: number | undefined;
  #cpuBefore = { own: 0, worker: 0 };

  /** @param folder what it keeps on disk, for a contender that is not the last one to use it */
  static async start(name: ContenderName, folder?: string): Promise<Contender> {
    const contender = new Contender(name, folder);
    try {
      const ready = await contender.#reply('its module');
      if (!('ready' in ready)) throw new Error(`${name}: ${JSON.stringify(ready)}`);
      contender.#worker = ready.pid;
      contender.#cpuBefore = contender.#cpu();
      return contender;
    } catch (error) {
      await contender.dispose();
      throw error;
    }
  }

  private constructor(name: ContenderName, folder: string | undefined) {
    this.name = name;
    this.#lasting = folder !== undefined;
    this.folder = folder ?? mkdtempSync(join(tmpdir(), 'kp-bench-'));
    const [program, ...args] =
      name === 'libtorrent'
        ? [PYTHON, inRepository('test/bench/torrent/deadlines.py')]
        : [process.execPath, process.argv[1] ?? '', `--contender=${name}`, `--home=${this.folder}`];
    this.#child = spawn(program ?? '', args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child.stdin?.on('error', () => {});
    if (this.#child.stdout)
      createInterface({ input: this.#child.stdout }).on('line', (line) => {
        if (line.startsWith('{')) this.#replies.push(JSON.parse(line) as ContenderReply);
        this.#wake?.();
      });
    this.#ended = new Promise((done) => {
      const end = (): void => {
        this.#over = true;
        this.#wake?.();
        done();
      };
      this.#child.once('error', end);
      this.#child.once('close', end);
    });
  }

  /** @returns where the film can be read */
  async open(opening: Omit<Opening, 'folder'>, timeout = 60_000): Promise<string> {
    this.#say({ method: 'open', opening: { ...opening, folder: this.folder } });
    const reply = await this.#reply('the opened film', timeout);
    if ('url' in reply) return reply.url;
    throw new Error(`${this.name}: ${JSON.stringify(reply)}`);
  }

  /** Of the process that does the work. */
  get cost(): Cost {
    const cpu = this.#cpu();
    if (this.#worker !== undefined)
      return { cpu: cpu.worker - this.#cpuBefore.worker, memory: peakMemory(this.#worker) };
    return { cpu: cpu.own - this.#cpuBefore.own, memory: peakMemory(this.#pid) };
  }

  /** Of the host around it, where there is one. */
  get hostCost(): Cost | undefined {
    if (this.#worker === undefined) return undefined;
    return { cpu: this.#cpu().own - this.#cpuBefore.own, memory: peakMemory(this.#pid) };
  }

  /** Peers of its sockets that are not on loopback. */
  strangers(): readonly string[] {
    const pids = this.#worker === undefined ? [this.#pid] : [this.#pid, this.#worker];
    return pids.flatMap((pid) => strangersOf(pid));
  }

  async dispose(): Promise<void> {
    try {
      if (!this.#over) {
        this.#say({ method: 'close' });
        this.#child.stdin?.end();
        await within(`the end of ${this.name}`, 8_000, this.#ended);
      }
    } catch {
      this.#child.kill('SIGKILL');
      await this.#ended;
    } finally {
      if (!this.#lasting) rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
    }
  }

  get #pid(): number {
    return this.#child.pid ?? 0;
  }

  #cpu(): { readonly own: number; readonly worker: number } {
    return {
      own: cpuSeconds(this.#pid),
      worker: this.#worker === undefined ? 0 : cpuSeconds(this.#worker),
    };
  }

  #say(message: object): void {
    this.#child.stdin?.write(`${JSON.stringify(message)}\n`);
  }

  async #reply(what: string, timeout = 30_000): Promise<ContenderReply> {
    const got = async (): Promise<ContenderReply> => {
      for (;;) {
        const reply = this.#replies.shift();
        if (reply) return reply;
        if (this.#over) throw new Error(`${this.name} has ended.`);
        await new Promise<void>((wake) => {
          this.#wake = wake;
        });
      }
    };
    return within(`${what} of ${this.name}`, timeout, got());
  }
}

function peakMemory(pid: number): number {
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}
