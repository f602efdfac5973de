import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Content } from './content.ts';
import { loadDht, loadTrackerServer } from './libraries.ts';
import { DelayLine, Link } from './line.ts';
import type { Seeder } from './protocol.ts';

/** A way by which peers are found, or bytes are got beside them. */
export interface Service {
  readonly address: string;
  /** Announces it got, or bytes it gave. */
  readonly count: number;
  close(): Promise<void>;
}

/** An HTTP tracker that knows these ports of 127.0.0.1. */
export async function startTracker(infohash: string, ports: readonly number[]): Promise<Service> {
  const Tracker = await loadTrackerServer();
  const server = new Tracker({ http: true, udp: false, ws: false, stats: false, interval: 60_000 });
  let announces = -ports.length;
  server.on('start', () => {
    announces += 1;
  });
  server.on('update', () => {
    announces += 1;
  });
  server.on('warning', () => {});
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = `http://127.0.0.1:${(server.http.address() as AddressInfo).port}/announce`;
  const hash = infohash.replace(/../g, '%$&');
  for (const port of ports) {
    const id = `-KL0001-${String(port).padStart(12, '0')}`;
    const query = `info_hash=${hash}&peer_id=${id}&port=${port}&uploaded=0&downloaded=0&left=0&event=started&compact=1`;
    const response = await fetch(`${address}?${query}`);
    await response.arrayBuffer();
  }
  return {
    address,
    get count() {
      return announces;
    },
    close: async () => {
      server.http.closeAllConnections();
      await new Promise<void>((done) => server.close(() => done()));
    },
  };
}

/** A node of a DHT of its own, in which these ports of 127.0.0.1 are known. */
export async function startDht(infohash: string, ports: readonly number[]): Promise<Service> {
  const Dht = await loadDht();
  const node = new Dht({ bootstrap: false });
  let queries = 0;
  node.on('node', () => {
    queries += 1;
  });
  await new Promise<void>((done) => node.listen(0, '127.0.0.1', done));
  const address = `127.0.0.1:${node.address().port}`;
  const announcer = new Dht({ bootstrap: [address] });
  await new Promise<void>((done) => announcer.listen(0, '127.0.0.1', done));
  await Promise.all([once(announcer, 'ready')]);
  for (const port of ports)
    await new Promise<void>((done, fail) =>
      announcer.announce(infohash, port, (error) => (error ? fail(error) : done())),
    );
  return {
    address,
    get count() {
      return queries;
    },
    close: async () => {
      for (const each of [announcer, node]) await new Promise<void>((done) => each.destroy(done));
    },
  };
}

/** A server of one file of the torrent (BEP 19), by ranges. */
export async function startWebSeed(
  content: Content,
  behaviour: Pick<Seeder, 'rate' | 'delay'>,
): Promise<Service> {
  const link = new Link(behaviour.rate);
  let given = 0;
  const server = createServer((request, response) => {
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
    const start = range ? Number(range[1]) : 0;
    const end = range?.[2] ? Math.min(Number(range[2]) + 1, content.length) : content.length;
    const headers = { 'content-length': end - start, 'accept-ranges': 'bytes' };
    if (start >= end) {
      response.writeHead(416).end();
      return;
    }
    if (range)
      response.writeHead(206, { ...headers, 'content-range': `bytes ${start}-${end - 1}/${content.length}` });
    else response.writeHead(200, headers);
    if (request.method === 'HEAD') {
      response.end();
      return;
    }
    let at = start;
    const next = (): void => {
      const length = Math.min(65_536, end - at);
      if (response.destroyed) return;
      if (length === 0) {
        response.end();
        return;
      }
      const takeBack = link.post(length, () => {
        given += length;
        at += length;
        if (response.write(content.read(at - length, length))) setImmediate(next);
        else response.once('drain', next);
      });
      response.once('close', takeBack);
    };
    const line = new DelayLine<void>(2 * (behaviour.delay ?? 30), next);
    line.push();
    response.once('close', () => line.close());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/file`,
    get count() {
      return given;
    },
    close: async () => {
      link.close();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
