// A terminal without a window: a tmux server of its own, typed into and looked at.
import { execFile } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { parseScreen } from './ansi.mjs';

const run = promisify(execFile);

export class Terminal {
  #socket;
  #frames = [];
  #began = 0;
  #watching;
  #done = false;

  constructor(socket) {
    this.#socket = socket;
  }

  /** Starts a plain shell; `environment` is all it knows. */
  static async open({ columns, rows, cwd, environment }) {
    const terminal = new Terminal(`kinoport-recording-${process.pid}`);
    const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
    await terminal.#tmux(
      ...['-f', '/dev/null', 'new-session', '-d', '-x', `${columns}`, '-y', `${rows}`, '-c', cwd],
      ...['env', '-i', ...variables, 'bash', '--norc', '--noprofile'],
      ...[';', 'set', '-g', 'status', 'off'],
    );
    await terminal.until(/\$ $/m, 5000);
    return terminal;
  }

  /** What is on the screen, as text. */
  async text() {
    return this.#tmux('capture-pane', '-p');
  }

  /** Looks at the screen about every `interval` ms from now on; `frames` are what it saw. */
  watch(interval) {
    this.#began = performance.now();
    this.#watching = (async () => {
      while (!this.#done) {
        const next = performance.now() + interval;
        await this.#look();
        await wait(Math.max(0, next - performance.now()));
      }
    })();
  }

  /** Milliseconds since `watch`. */
  get elapsed() {
    return performance.now() - this.#began;
  }

  /** `[{at, lines, cursor}]`, `at` in milliseconds since `watch`. */
  get frames() {
    return this.#frames;
  }

  /** Types text as a person would. */
  async type(text) {
    for (const letter of text) {
      await this.#tmux('send-keys', '-l', '--', letter);
      await wait(letter === ' ' ? 90 : 55);
    }
  }

  async press(key) {
    await this.#tmux('send-keys', key);
  }

  /** Waits until the screen holds a pattern. */
  async until(pattern, timeout) {
    const end = performance.now() + timeout;
    for (;;) {
      const screen = (await this.text()).trimEnd();
      if (pattern.test(`${screen} `)) return;
      if (performance.now() > end) throw new Error(`The terminal never showed ${pattern}:\n${screen}`);
      await wait(50);
    }
  }

  async close() {
    this.#done = true;
    await this.#watching;
    await this.#tmux('kill-server').catch(() => {});
  }

  async #look() {
    const output = await this.#tmux(
      ...['capture-pane', '-e', '-p', ';', 'display-message', '-p', '#{cursor_x} #{cursor_y} #{cursor_flag}'],
    );
    const lines = output.replace(/\n$/, '').split('\n');
    const [x, y, visible] = (lines.pop() ?? '').split(' ').map(Number);
    this.#frames.push({
      at: this.elapsed,
      lines: parseScreen(lines.join('\n')),
      cursor: visible ? { x, y } : undefined,
    });
  }

  async #tmux(...args) {
    const { stdout } = await run('tmux', ['-L', this.#socket, '-u', ...args]);
    return stdout;
  }
}
