import { Redactor } from '../log/redactor.ts';

type Write = NodeJS.WriteStream['write'];

/**
 * Keeps secrets out of what this process prints by itself: `ctx.log`, `console`, anything that goes through
 * `process.stdout` and `process.stderr`. What Node prints at a crash, and what is cut in two within a secret, goes past.
 */
export function guardOutput(): Redactor {
  const redactor = new Redactor();
  for (const stream of [process.stdout, process.stderr]) {
    const write: Write = stream.write.bind(stream);
    stream.write = ((chunk: string | Uint8Array, ...rest: [never]) =>
      write(redactedChunk(redactor, chunk), ...rest)) as Write;
  }
  return redactor;
}

function redactedChunk(redactor: Redactor, chunk: string | Uint8Array): string | Uint8Array {
  if (typeof chunk === 'string') return redactor.redact(chunk);
  const text = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString('utf8');
  const redacted = redactor.redact(text);
  return redacted === text ? chunk : Buffer.from(redacted);
}
