/** A plain file server: the peer of the stream front, and the origin behind it. Tells its address to its parent. */
import { createReadStream, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const file = process.argv[2] ?? '';
const { size } = statSync(file);

const server = createServer((request, response) => {
  const match = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
  const start = match ? Number(match[1]) : 0;
  const last = match?.[2] ? Math.min(size - 1, Number(match[2])) : size - 1;
  response.writeHead(match ? 206 : 200, {
    'content-type': 'video/x-matroska',
    'accept-ranges': 'bytes',
    'content-length': last - start + 1,
    etag: `"${size}"`,
    ...(match ? { 'content-range': `bytes ${start}-${last}/${size}` } : {}),
  });
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  const bytes = createReadStream(file, { start, end: last });
  response.once('close', () => bytes.destroy());
  bytes.pipe(response);
});
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.once('disconnect', () => process.exit());
