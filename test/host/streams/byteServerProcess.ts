/** Run as a process: publishes one file until it is killed. */
import { open } from 'node:fs/promises';
import { createByteServer } from '../../../host/src/streams/byteServer.ts';

const [socketPath = '', id = '', path = ''] = process.argv.slice(2);
const file = await open(path);
const server = createByteServer({ socketPath, onError: (error) => console.error(error) });

await server.publish(id, async function* (start, end = Number.POSITIVE_INFINITY) {
  // One buffer for all chunks, as a thrifty plugin would.
  const buffer = Buffer.alloc(48 * 1024);
  for (let at = start; at < end; ) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, end - at), at);
    if (bytesRead === 0) return;
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
});
console.log('ready');
