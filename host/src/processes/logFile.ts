import { type FileHandle, mkdir, open, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

const ROTATE_ABOVE = 5 * 1024 * 1024;
const TAIL = 4096;

/** The log of one run of a program: appended to by the program itself, read back when it has ended. */
export class RunLog {
  readonly #file: FileHandle;
  readonly #start: number;

  private constructor(file: FileHandle, start: number) {
    this.#file = file;
    this.#start = start;
  }

  /** Opens a log to append to. One larger than 5 MiB is put aside as `<name>.1` first, replacing the one there. */
  static async open(path: string): Promise<RunLog> {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await rotate(path);
    const file = await open(path, 'a+', 0o600);
    try {
      return new RunLog(file, (await file.stat()).size);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** For the program's standard output and error. */
  get fd(): number {
    return this.#file.fd;
  }

  /** The last lines of this run, at most 4 KiB; through the open file, which a rotation does not take away. */
  async tail(): Promise<string> {
    const { size } = await this.#file.stat();
    const from = Math.max(this.#start, size - TAIL);
    const buffer = Buffer.alloc(Math.max(0, size - from));
    const { bytesRead } = await this.#file.read(buffer, 0, buffer.length, from);
    const text = buffer.toString('utf8', 0, bytesRead);
    if (from === this.#start) return text;
    const newline = text.indexOf('\n');
    return newline >= 0 && newline < text.length - 1 ? text.slice(newline + 1) : text.replace(/^\ufffd+/, '');
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

async function rotate(path: string): Promise<void> {
  try {
    if ((await stat(path)).size > ROTATE_ABOVE) await rename(path, `${path}.1`);
  } catch {
    // Not there yet, or held open by another program (Windows): it grows on until it can be put aside.
  }
}
