// @ts-check
/** @import { Line } from './lines.js' */
import { constants } from 'node:fs';
import { link, mkdir, open, readdir, readFile, stat, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Plays, parseLine } from './lines.js';

/** Milliseconds after which what a crash left in the folder of claims is cleared away. */
const OLD = 60_000;

/**
 * A file of lines that several processes may write at the same time, and that none of them can break by dying: while
 * this plugin is reloaded, its old process and its new one hear of the same pause.
 *
 * A line is added in three steps. It is written aside; it is *claimed* for the place where the file ends, by a link of
 * that name, which only one process can make; then it is written to that place. Whoever finds a claim that its owner did
 * not live to carry out does so himself: the same bytes to the same place, however many do it. A claim is taken away
 * once the file has grown past it.
 */
export class Journal {
  #path;
  #claims;
  #offset = 0;
  #plays = new Plays();
  #prepared = false;

  /** @param {string} path */
  constructor(path) {
    this.#path = path;
    this.#claims = join(dirname(path), '.scrobbling');
  }

  /** What the file says now. */
  async plays() {
    await this.#catchUp();
    return this.#plays;
  }

  /** @returns {Promise<readonly Line[]>} */
  async lines() {
    const text = await readFile(this.#path, 'utf8').catch(nothing(''));
    return text.split('\n').flatMap((each) => parseLine(each) ?? []);
  }

  /**
   * Adds the line that `decide` finds missing, if any. It is asked again when somebody else was faster.
   * @param {(plays: Plays) => Line | undefined} decide
   */
  async append(decide) {
    await this.#prepare();
    for (;;) {
      const { size, torn } = await this.#catchUp();
      if (torn && (await this.#carryOut(this.#offset))) continue;
      const line = decide(this.#plays);
      if (!line) return;
      const bytes = Buffer.from(`${torn ? '\n' : ''}${JSON.stringify(line)}\n`);
      if (!(await this.#claim(size, bytes))) {
        await this.#carryOut(size);
        continue;
      }
      // Who had the claim before has written meanwhile: this one is for nothing.
      const isFree = (await sizeOf(this.#path)) === size;
      if (isFree) await this.#write(size, bytes);
      await this.#release(size);
      if (isFree) return;
    }
  }

  /** Takes in what the file has more than at the last look. */
  async #catchUp() {
    if ((await sizeOf(this.#path)) < this.#offset) {
      // Somebody has moved it away, or emptied it.
      this.#offset = 0;
      this.#plays = new Plays();
    }
    const file = await open(this.#path, 'r').catch(nothing(undefined));
    if (!file) return { size: 0, torn: false };
    try {
      const parts = [];
      let end = this.#offset;
      for (;;) {
        const { bytesRead, buffer } = await file.read(Buffer.alloc(65_536), 0, 65_536, end);
        if (bytesRead === 0) break;
        parts.push(buffer.subarray(0, bytesRead));
        end += bytesRead;
      }
      const bytes = Buffer.concat(parts);
      const whole = bytes.lastIndexOf(0x0a) + 1;
      for (const text of bytes.toString('utf8', 0, whole).split('\n')) {
        const line = parseLine(text);
        if (line) this.#plays.add(line);
      }
      this.#offset += whole;
      return { size: end, torn: whole < bytes.length };
    } finally {
      await file.close();
    }
  }

  /**
   * @param {number} place
   * @param {Buffer} bytes
   * @returns {Promise<boolean>} whether it is ours
   */
  async #claim(place, bytes) {
    const aside = join(this.#claims, crypto.randomUUID());
    await writeFile(aside, bytes);
    try {
      await link(aside, this.#claimOf(place));
      return true;
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EEXIST') return false;
      throw error;
    } finally {
      await unlink(aside);
    }
  }

  /**
   * Writes what is claimed for a place, unless that has happened.
   * @param {number} place
   * @returns {Promise<boolean>} whether there was a claim
   */
  async #carryOut(place) {
    const bytes = await readFile(this.#claimOf(place)).catch(nothing(undefined));
    if (!bytes) return false;
    // A claim that came too late, when another line stands there already, is void.
    if (!(await this.#isWritten(place))) await this.#write(place, bytes);
    await this.#release(place);
    return true;
  }

  /** Whether a whole line stands there. @param {number} place */
  async #isWritten(place) {
    const file = await open(this.#path, 'r').catch(nothing(undefined));
    if (!file) return false;
    try {
      const { size } = await file.stat();
      const length = Math.max(0, size - place);
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, place);
      // The first byte may be the end of what a power cut broke off.
      return buffer.subarray(0, bytesRead).includes(0x0a, 1);
    } finally {
      await file.close();
    }
  }

  /**
   * @param {number} place
   * @param {Buffer} bytes
   */
  async #write(place, bytes) {
    // On disk when it returns. Node's permission model has no fsync.
    const file = await open(this.#path, constants.O_RDWR | constants.O_CREAT | constants.O_DSYNC, 0o600);
    try {
      for (let done = 0; done < bytes.length; ) {
        const { bytesWritten } = await file.write(bytes, done, bytes.length - done, place + done);
        done += bytesWritten;
      }
    } finally {
      await file.close();
    }
  }

  /** @param {number} place */
  async #release(place) {
    await unlink(this.#claimOf(place)).catch(nothing(undefined));
  }

  /** @param {number} place */
  #claimOf(place) {
    return join(this.#claims, `at-${place}`);
  }

  async #prepare() {
    if (this.#prepared) return;
    await mkdir(this.#claims, { recursive: true, mode: 0o700 });
    const size = await sizeOf(this.#path);
    for (const name of await readdir(this.#claims)) {
      const path = join(this.#claims, name);
      const { mtimeMs } = await stat(path).catch(nothing({ mtimeMs: Date.now() }));
      const isNeeded = name.startsWith('at-') && Number(name.slice(3)) >= size;
      if (Date.now() - mtimeMs > OLD && !isNeeded) await unlink(path).catch(nothing(undefined));
    }
    this.#prepared = true;
  }
}

/** @param {string} path */
async function sizeOf(path) {
  return (await stat(path).catch(nothing({ size: 0 }))).size;
}

/**
 * For a file that is not there.
 * @template T
 * @param {T} value
 * @returns {(error: NodeJS.ErrnoException) => T}
 */
function nothing(value) {
  return (error) => {
    if (error.code === 'ENOENT') return value;
    throw error;
  };
}
