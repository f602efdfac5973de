import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

/** Reads a whole stream as a player does: when the connection breaks it asks again from where it stands. */
export async function readAll(url: string, signal: AbortSignal): Promise<{ hash: string; breaks: number }> {
  const hash = createHash('sha256');
  let at = 0;
  for (let breaks = 0; ; breaks++) {
    try {
      const response = await fetch(url, { headers: { range: `bytes=${at}-` }, signal });
      if (response.status === 416) return { hash: hash.digest('hex'), breaks };
      if (response.status !== 206 || !response.body) throw new Error(`status ${response.status}`);
      const size = Number(/\/(\d+)$/.exec(response.headers.get('content-range') ?? '')?.[1]);
      for await (const chunk of response.body) {
        hash.update(chunk);
        at += chunk.length;
      }
      if (at >= size) return { hash: hash.digest('hex'), breaks };
    } catch (error) {
      if (signal.aborted || breaks > 200) throw error;
      await pause(100);
    }
  }
}

export async function hashOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk);
  return hash.digest('hex');
}
