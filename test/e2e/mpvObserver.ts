import { connect, type Socket } from 'node:net';

interface Answer {
  readonly request_id?: number;
  readonly error?: string;
  readonly data?: unknown;
}

/** A second client of a running mpv, beside Kinoport: the viewer's hand on the player's own window. */
export class MpvObserver {
  readonly socket: string;
  /** Resolves when mpv has closed the connection. */
  readonly closed: Promise<void>;
  readonly #connection: Socket;
  readonly #waiting = new Map<number, { resolve(answer: Answer): void; reject(error: Error): void }>();
  #next = 1;

  private constructor(socket: string, connection: Socket) {
    this.socket = socket;
    this.#connection = connection;
    this.closed = new Promise((resolve) => {
      connection.once('close', () => {
        for (const { reject } of this.#waiting.values()) reject(new Error('mpv is gone'));
        resolve();
      });
    });
    let rest = '';
    connection.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.#received(JSON.parse(line) as Answer);
    });
  }

  /** `undefined` when no mpv listens there. */
  static connect(socket: string): Promise<MpvObserver | undefined> {
    return new Promise((resolve) => {
      const connection = connect(socket);
      connection.on('error', () => resolve(undefined));
      connection.once('connect', () => resolve(new MpvObserver(socket, connection)));
    });
  }

  async command(...command: readonly (string | number | boolean)[]): Promise<unknown> {
    const id = this.#next++;
    const answer = await new Promise<Answer>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#connection.write(`${JSON.stringify({ command, request_id: id })}\n`);
    });
    if (answer.error !== 'success') throw new Error(`mpv: ${command.join(' ')}: ${answer.error}`);
    return answer.data;
  }

  get(property: string): Promise<unknown> {
    return this.command('get_property', property);
  }

  async pid(): Promise<number> {
    return Number(await this.get('pid'));
  }

  async position(): Promise<number> {
    return Number(await this.get('time-pos'));
  }

  /** What `q` in the window does. The place of the film lies between the two positions. */
  async quit(): Promise<{ readonly from: number; readonly to: number }> {
    const from = await this.position();
    const began = performance.now();
    // mpv may close before it answers.
    await Promise.race([this.command('quit').catch(() => undefined), this.closed]);
    await this.closed;
    return { from: from - 0.05, to: from + (performance.now() - began) / 1000 + 0.1 };
  }

  close(): void {
    this.#connection.destroy();
  }

  #received(answer: Answer): void {
    if (answer.request_id === undefined) return;
    this.#waiting.get(answer.request_id)?.resolve(answer);
    this.#waiting.delete(answer.request_id);
  }
}
