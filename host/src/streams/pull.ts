import { request as httpRequest, type IncomingMessage } from 'node:http';
import { deserializeError, KinoportError } from '@kinoport/core';

const ERROR_BODY_LIMIT = 64 * 1024;

/** One request to a plugin's byte server. */
export interface PullOptions {
  readonly socketPath: string;
  readonly id: string;
  readonly start: number;
  /** Exclusive; `undefined`: to the end. */
  readonly end: number | undefined;
  readonly signal: AbortSignal;
  /** Takes a chunk; `false` stops the flow until what `whenWritable` is given runs. */
  readonly onChunk: (chunk: Buffer) => boolean;
  readonly whenWritable: (resume: () => void) => void;
}

/**
 * How it went. `broken`: the connection could not be made or ended early, or the plugin does not have the stream
 * (yet), so the next generation may do better. `failed`: the plugin answered, with an error.
 */
export type PullResult =
  | { readonly kind: 'done' }
  | { readonly kind: 'broken'; readonly cause: unknown }
  | { readonly kind: 'failed'; readonly error: KinoportError };

/** Never rejects; an abort shows as `broken`. */
export function pull(options: PullOptions): Promise<PullResult> {
  const { id, start, end } = options;
  return new Promise((resolve) => {
    const broken = (cause: unknown): void => resolve({ kind: 'broken', cause });
    const request = httpRequest({
      socketPath: options.socketPath,
      path: `/${id}?start=${start}${end === undefined ? '' : `&end=${end}`}`,
      agent: false,
      signal: options.signal,
    });
    request.on('error', broken);
    request.on('response', (response) => {
      response.on('error', broken);
      if (response.statusCode !== 200) {
        readError(response).then(resolve, broken);
        return;
      }
      if (end !== undefined && response.headers['content-length'] !== String(end - start)) {
        request.destroy();
        resolve({ kind: 'failed', error: protocolError() });
        return;
      }
      response.on('data', (chunk: Buffer) => {
        if (options.onChunk(chunk)) return;
        response.pause();
        options.whenWritable(() => response.resume());
      });
      response.on('end', () => resolve({ kind: 'done' }));
      response.on('close', () => broken(new Error('The connection was closed early.')));
    });
    request.end();
  });
}

async function readError(response: IncomingMessage): Promise<PullResult> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > ERROR_BODY_LIMIT) {
      response.destroy();
      return { kind: 'failed', error: protocolError() };
    }
    chunks.push(chunk);
  }
  const error = parseError(Buffer.concat(chunks).toString());
  return response.statusCode === 404 ? { kind: 'broken', cause: error } : { kind: 'failed', error };
}

function parseError(body: string): KinoportError {
  try {
    const { error } = JSON.parse(body) as { error?: Record<string, unknown> };
    if (typeof error?.code === 'string' && typeof error.message === 'string') {
      return deserializeError({
        code: error.code,
        message: error.message,
        ...(typeof error.hint === 'string' ? { hint: error.hint } : {}),
      });
    }
  } catch {
    // no JSON: told below
  }
  return protocolError();
}

function protocolError(): KinoportError {
  return new KinoportError('PLUGIN_PROTOCOL', 'A plugin answered a read with something unexpected.', {
    hint: 'Report this to the author of the source plugin.',
  });
}
