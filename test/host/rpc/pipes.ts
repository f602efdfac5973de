import { connect, createServer, type Socket } from 'node:net';
import { type Clock, systemClock } from '@kinoport/core';
import { Peer, pipeTransport } from '../../../host/src/rpc/peer.ts';

/** Two ends of a real connection. */
export async function socketPair(): Promise<readonly [Socket, Socket]> {
  const server = createServer();
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const client = connect(port, '127.0.0.1');
  const ends = [await accepted, client] as const;
  server.close();
  return ends;
}

/** Two peers that talk to each other; `raw` is the far end's socket. */
export async function peerPair(clock: Clock = systemClock): Promise<{
  readonly near: Peer;
  readonly far: Peer;
  readonly raw: Socket;
}> {
  const [a, b] = await socketPair();
  const near = new Peer(pipeTransport(a), { clock, name: 'the other side' });
  const far = new Peer(pipeTransport(b), { clock: systemClock, name: 'the caller' });
  near.listen();
  far.listen();
  return { near, far, raw: b };
}
