// @ts-check
/** @import { Readable } from 'node:stream' */
import { once } from 'node:events';
import { open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { KinoportError } from '@kinoport/core';

const CHUNK = 262_144;
/** Bytes that are unpacked beyond what was asked for. */
const AHEAD = 33_554_432;

/**
 * What is compressed can only be read from its beginning: it is unpacked into a file as far as somebody reads, and read
 * from there. The file has no name, so that nothing is left of it whatever happens.
 */
export class Spool {
  #file;
  #size;
  #written = 0;
  /** Bytes that may be read: the last one not before the checksum is known to be right. */
  #ready = 0;
  #wanted = 0;
  /** @type {unknown} */
  #failure;
  #news = new EventTarget();
  #end = new AbortController();
  #work;

  /**
   * @param {import('node:fs/promises').FileHandle} file
   * @param {Readable} bytes
   * @param {{ size: number, crc: number }} expected
   */
  constructor(file, bytes, { size, crc }) {
    this.#file = file;
    this.#size = size;
    this.#work = this.#unpack(bytes, crc).catch((error) => {
      this.#failure = error;
      this.#tell();
    });
  }

  /**
   * @param {string} folder
   * @param {Readable} bytes
   * @param {{ size: number, crc: number }} expected
   */
  static async open(folder, bytes, expected) {
    const path = join(folder, crypto.randomUUID());
    const file = await open(path, 'wx+', 0o600);
    await unlink(path);
    return new Spool(file, bytes, expected);
  }

  /**
   * @param {number} start
   * @param {number} end
   * @param {AbortSignal} signal
   */
  async *read(start, end, signal) {
    for (let place = start; place < end; ) {
      this.#wanted = Math.max(this.#wanted, Math.min(end, place + CHUNK));
      this.#tell();
      const until = Math.min(end, await this.#readyBeyond(place, signal), place + CHUNK);
      const { buffer, bytesRead } = await this.#file.read(
        Buffer.alloc(until - place),
        0,
        until - place,
        place,
      );
      place += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  }

  async dispose() {
    this.#end.abort();
    this.#tell();
    await this.#work;
    await this.#file.close();
  }

  /** @param {Readable} bytes @param {number} expected */
  async #unpack(bytes, expected) {
    const { signal } = this.#end;
    let crc = 0;
    try {
      for await (const chunk of bytes) {
        crc = crc32(chunk, crc);
        await this.#file.write(chunk, 0, chunk.length, this.#written);
        this.#written += chunk.length;
        this.#ready = Math.min(this.#written, this.#size - 1);
        this.#tell();
        while (this.#written > this.#wanted + AHEAD && !signal.aborted) await this.#anything(signal);
        if (signal.aborted) return;
      }
    } finally {
      bytes.destroy();
    }
    if (crc !== expected || this.#written !== this.#size)
      throw new KinoportError('SOURCE_FAILED', 'The archive is damaged: its checksum is not right.', {
        hint: 'Get it again.',
      });
    this.#ready = this.#size;
    this.#tell();
  }

  /**
   * @param {number} place
   * @param {AbortSignal} signal
   */
  async #readyBeyond(place, signal) {
    for (;;) {
      signal.throwIfAborted();
      this.#end.signal.throwIfAborted();
      if (this.#ready > place) return this.#ready;
      if (this.#failure !== undefined) throw this.#failure;
      await this.#anything(signal);
    }
  }

  /** @param {AbortSignal} signal */
  async #anything(signal) {
    await once(this.#news, 'news', { signal }).catch(() => undefined);
  }

  #tell() {
    this.#news.dispatchEvent(new Event('news'));
  }
}
