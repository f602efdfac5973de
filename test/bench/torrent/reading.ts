import { spawn } from 'node:child_process';
import { type ClientRequest, get, type IncomingMessage } from 'node:http';
import { instant, within } from '../../support/lab/waiting.ts';

/** Longer than this nobody waits for a film. */
const PATIENCE = 60_000;

/** A response that is under way. */
export interface Reading {
  readonly response: IncomingMessage;
  /** Milliseconds from the request to the first byte of the body. */
  readonly firstByte: number;
  readonly first: Buffer;
  close(): void;
}

/** Asks for a range to the end of the file, as a player does, and waits for its first bytes. */
export function read(url: string, start: number): Promise<Reading> {
  const began = instant();
  let request: ClientRequest | undefined;
  const reading = new Promise<Reading>((done, fail) => {
    request = get(url, { agent: false, headers: { range: `bytes=${start}-` } }, (response) => {
      response.on('error', fail);
      if (response.statusCode !== 206) {
        fail(new Error(`The answer is ${response.statusCode}.`));
        return;
      }
      response.once('data', (first: Buffer) => {
        response.pause();
        done({
          response,
          first,
          firstByte: instant() - began,
          close: () => {
            response.on('error', () => {});
            request?.destroy();
          },
        });
      });
    });
    request.on('error', fail);
  });
  return within('the first byte', PATIENCE, reading).catch((error: unknown) => {
    request?.on('error', () => {}).destroy();
    throw error;
  });
}

/** Milliseconds of ffmpeg to the first picture and its own end. */
export function firstFrame(url: string): Promise<number> {
  const began = instant();
  const args = ['-nostdin', '-v', 'error', '-i', url, '-frames:v', '1', '-f', 'null', '-'];
  const child = spawn('ffmpeg', args, { stdio: 'ignore' });
  const ended = new Promise<number>((done, fail) => {
    child.once('error', fail);
    child.once('close', (code) =>
      code === 0 ? done(instant() - began) : fail(new Error(`ffmpeg ended with ${code}.`)),
    );
  });
  return within('the first frame', PATIENCE, ended).finally(() => child.kill('SIGKILL'));
}

/** Reads all of a file. @returns bytes a second */
export async function readAll(url: string): Promise<number> {
  const began = instant();
  const reading = await read(url, 0);
  let bytes = reading.first.length;
  reading.response.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  await new Promise<void>((done, fail) => {
    reading.response.once('end', done);
    reading.response.once('error', fail);
    reading.response.resume();
  });
  return bytes / ((instant() - began) / 1000);
}
