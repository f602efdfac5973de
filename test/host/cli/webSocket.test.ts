import { createServer } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { WebSocketClient } from '../../../host/src/cli/connection/webSocket.ts';

let server: WebSocketServer | undefined;

afterEach(async () => {
  const closing = server;
  server = undefined;
  for (const client of closing?.clients ?? []) client.terminate();
  await new Promise<void>((resolve) => (closing ? closing.close(() => resolve()) : resolve()));
});

async function serve(onClient: (socket: WebSocket) => void): Promise<WebSocketClient> {
  const listening = new WebSocketServer({ port: 0, host: '127.0.0.1', path: '/v1/rpc' });
  server = listening;
  listening.on('connection', onClient);
  await new Promise((resolve) => listening.once('listening', resolve));
  const address = listening.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return WebSocketClient.connect({ port: address.port, path: '/v1/rpc', token: 't' });
}

function next(client: WebSocketClient): Promise<string> {
  return new Promise((resolve) => client.onMessage(resolve));
}

test.each([0, 1, 125, 126, 65_535, 65_536, 3_000_000])(
  'echoes a message of %i bytes whole',
  async (length) => {
    const client = await serve((socket) => socket.on('message', (data) => socket.send(String(data))));
    const answer = next(client);
    client.send('ü'.repeat(length));
    expect((await answer).length).toBe(length);
    client.close();
    await client.closed;
  },
);

test('puts a message in fragments together, with a ping in between that is answered', async () => {
  let ponged: (data: string) => void = () => undefined;
  const pong = new Promise<string>((resolve) => {
    ponged = resolve;
  });
  const client = await serve((socket) => {
    socket.on('pong', (data) => ponged(String(data)));
    socket.send('one ', { fin: false });
    socket.ping('there?');
    socket.send('two', { fin: true });
  });
  expect(await next(client)).toBe('one two');
  expect(await pong).toBe('there?');
});

test('notices when the server closes', async () => {
  const polite = await serve((socket) => socket.close());
  polite.onMessage(() => undefined);
  await polite.closed;
  expect(polite.isOpen).toBe(false);
});

test('refuses what is no WebSocket', async () => {
  const plain = createServer((socket) => socket.resume().end('HTTP/1.1 401 Unauthorized\r\n\r\n'));
  await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
  const address = plain.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  const { port } = address;
  await expect(WebSocketClient.connect({ port, path: '/', token: 't' })).rejects.toThrow('401');
  await new Promise((resolve) => plain.close(resolve));
  await expect(WebSocketClient.connect({ port, path: '/', token: 't' })).rejects.toThrow('ECONNREFUSED');
});
