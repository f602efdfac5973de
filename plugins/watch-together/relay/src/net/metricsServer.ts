import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Disposable, KinoportError } from '@kinoport/core';
import type { Metrics } from './metrics.ts';

/** Serves `/metrics` on loopback alone: figures are the operator's. @throws KinoportError `RELAY_START_FAILED` */
export async function serveMetrics(
  metrics: Metrics,
  port: number,
): Promise<Disposable & { readonly port: number }> {
  const server = createServer({ headersTimeout: 5000, requestTimeout: 5000 }, (request, response) => {
    const found = request.method === 'GET' && request.url === '/metrics';
    response.writeHead(found ? 200 : 404, {
      'Content-Type': 'text/plain; version=0.0.4',
      Connection: 'close',
    });
    response.end(found ? metrics.text() : '');
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) =>
      reject(
        new KinoportError('RELAY_START_FAILED', `The figures cannot be served: ${error.message}`, {
          cause: error,
        }),
      ),
    );
    server.listen({ host: '127.0.0.1', port }, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    dispose: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
