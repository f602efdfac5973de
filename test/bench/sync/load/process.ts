import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { endWithUs } from './children.ts';
import type { Answer, Answers, Ask, LoadOrder, LoadSeen, SeatsSeen } from './generator.ts';
import type { Rhythm } from './room.ts';

/** Descriptors that a process with many connections asks for; less where the machine does not give so many. */
const DESCRIPTORS = 200_000;

/** A program with as many descriptors as there may be: a shell sets the limit, which Node cannot. */
export function withDescriptors(file: string, args: readonly string[]): [string, string[]] {
  const raise = `ulimit -n ${DESCRIPTORS} 2>/dev/null || ulimit -n "$(ulimit -Hn)"; exec "$@"`;
  return ['/bin/sh', ['-c', raise, 'sh', file, ...args]];
}

/** A load generator, told what to do. */
export class Generator {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start(): Promise<Generator> {
    const [file, args] = withDescriptors(process.execPath, [process.argv[1] ?? '', '--role=load']);
    const child = endWithUs(spawn(file, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }));
    const generator = new Generator(child);
    await generator.#answer();
    return generator;
  }

  ask<A extends Ask>(message: A): Promise<Answers[A['ask']]> {
    this.#child.send(message);
    return this.#answer() as Promise<Answers[A['ask']]>;
  }

  async dispose(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }

  async #answer(): Promise<Answer> {
    const over = new AbortController();
    try {
      const { signal } = over;
      const [answer] = (await Promise.race([
        once(this.#child, 'message', { signal }),
        once(this.#child, 'exit', { signal }).then(([code, by]) => [
          { failed: `it ended with ${code ?? by}` },
        ]),
      ])) as [Answer];
      if ('failed' in answer) throw new Error(`The load generator failed: ${answer.failed}`);
      return answer;
    } finally {
      over.abort();
    }
  }
}

/** Several generators as one: the clients are shared out, the commands too. */
export class Generators {
  readonly #generators: Generator[] = [];

  /** More generators of the same order. @returns milliseconds until all of these were in */
  async join(order: LoadOrder, processes: number): Promise<number> {
    const rooms = Math.ceil(order.clients / order.roomSize);
    const share = Math.ceil(rooms / processes) * order.roomSize;
    const added = await Promise.all(Array.from({ length: processes }, () => Generator.start()));
    this.#generators.push(...added);
    const answers = await Promise.all(
      added.map((generator, index) => {
        const before = index * share;
        const clients = Math.min(share, order.clients - before);
        return generator.ask({ ask: 'join', order: { ...order, first: order.first + before, clients } });
      }),
    );
    return Math.max(...answers.map(({ joinedIn }) => joinedIn));
  }

  /** All of them speak so often from now on. */
  async pace(rhythm: Rhythm): Promise<void> {
    await Promise.all(this.#generators.map((generator) => generator.ask({ ask: 'pace', rhythm })));
  }

  /** `commands`: a second, all together. */
  async measure(ms: number, commands: number): Promise<LoadSeen> {
    const each = commands / this.#generators.length;
    const answers = await Promise.all(
      this.#generators.map((generator) => generator.ask({ ask: 'measure', ms, commands: each })),
    );
    const seen = answers.map((answer) => answer.seen);
    const sum = (of: (one: LoadSeen) => number): number => seen.reduce((all, one) => all + of(one), 0);
    return {
      delays: seen.flatMap(({ delays }) => delays),
      unheard: sum(({ unheard }) => unheard),
      seconds: sum(({ seconds }) => seconds) / seen.length,
      bytes: { read: sum(({ bytes }) => bytes.read), written: sum(({ bytes }) => bytes.written) },
      messages: {
        read: sum(({ messages }) => messages.read),
        written: sum(({ messages }) => messages.written),
      },
      processor: sum(({ processor }) => processor),
      lost: sum(({ lost }) => lost),
    };
  }

  async seats(): Promise<SeatsSeen> {
    const answers = await Promise.all(this.#generators.map((generator) => generator.ask({ ask: 'seats' })));
    return {
      returned: answers.flatMap(({ seats }) => seats.returned),
      away: answers.reduce((all, { seats }) => all + seats.away, 0),
      refused: answers.flatMap(({ seats }) => seats.refused),
    };
  }

  async dispose(): Promise<void> {
    await Promise.all(this.#generators.splice(0).map((generator) => generator.dispose()));
  }
}
