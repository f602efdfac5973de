import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Answer, Ask, LoadOrder, LoadSeen } from './generator.ts';

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
    const child = spawn(file, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    const generator = new Generator(child);
    await generator.#answer();
    return generator;
  }

  /** @returns milliseconds until all clients were in */
  async join(order: LoadOrder): Promise<number> {
    const answer = await this.#ask({ ask: 'join', order });
    return 'joinedIn' in answer ? answer.joinedIn : Number.NaN;
  }

  async measure(ms: number): Promise<LoadSeen> {
    const answer = await this.#ask({ ask: 'measure', ms });
    if (!('seen' in answer)) throw new Error('The load generator has seen nothing.');
    return answer.seen;
  }

  async dispose(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }

  #ask(message: Ask): Promise<Answer> {
    this.#child.send(message);
    return this.#answer();
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
    const times = await Promise.all(
      added.map((generator, index) => {
        const before = index * share;
        const clients = Math.min(share, order.clients - before);
        return generator.join({
          ...order,
          first: order.first + before,
          clients,
          commands: (order.commands * clients) / order.clients,
        });
      }),
    );
    return Math.max(...times);
  }

  async measure(ms: number): Promise<LoadSeen> {
    const seen = await Promise.all(this.#generators.map((generator) => generator.measure(ms)));
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

  async dispose(): Promise<void> {
    await Promise.all(this.#generators.splice(0).map((generator) => generator.dispose()));
  }
}
