/** A relay with real sockets, and what strangers may try at it. */
import { systemClock } from '@kinoport/core';
import { afterEach, describe, expect, it } from 'vitest';
import { readOptions } from '../../../../../plugins/watch-together/relay/src/program/options.ts';
import { type Relay, startRelay } from '../../../../../plugins/watch-together/relay/src/program/relay.ts';
import { CLOSE } from '../../../../../plugins/watch-together/src/protocol/index.ts';
import { Peer } from '../peer.ts';

const disposables: { dispose(): void | Promise<void> }[] = [];
const logged: string[] = [];

afterEach(async () => {
  for (const one of disposables.splice(0).reverse()) await one.dispose();
  logged.length = 0;
});

async function start(argv: readonly string[] = [], environment: NodeJS.ProcessEnv = {}) {
  const options = readOptions(['--port', '0', ...argv], environment);
  if (!options) throw new Error('help');
  const relay = await startRelay(options, {
    clock: systemClock,
    log: (event, facts) => logged.push(JSON.stringify({ event, ...facts })),
  });
  disposables.push(relay);
  return { relay, url: `http://127.0.0.1:${relay.port}` };
}

async function greet(url: string, options = {}): Promise<Peer> {
  const peer = await Peer.greet(url, options);
  disposables.push({ dispose: () => peer[Symbol.asyncDispose]() });
  return peer;
}

async function connect(url: string): Promise<Peer> {
  const peer = await Peer.connect(url);
  disposables.push({ dispose: () => peer[Symbol.asyncDispose]() });
  return peer;
}

describe('a room over WebSocket', () => {
  it('is opened, entered, and started at one instant for all', async () => {
    const { url } = await start();
    const [ann, bob] = [await greet(url), await greet(url)];
    const { room, participant } = await ann.create({ title: 'Film' });
    const joined = await bob.join(` ${room.code.toLowerCase()}`);
    expect([participant, joined.participant]).toEqual(['p1', 'p2']);
    expect((await ann.next('participant')).participant.name).toBe('Bob');
    ann.send({ type: 'start', id: 7, force: true });
    const [here, there] = [await ann.next('timeline'), await bob.next('timeline')];
    expect(here).toEqual(there);
    expect(await ann.next('ok')).toEqual({ type: 'ok', id: 7 });
    bob.send({ type: 'time', t1: 5 });
    const { t1, t2, t3, seq } = await bob.next('time');
    expect(t1).toBe(5);
    expect(t3).toBeGreaterThanOrEqual(t2);
    expect(seq).toBe(here.timeline.seq);
    expect(here.timeline.at).toBeGreaterThan(t2 - 10_000);
  });

  it('takes what is sent without waiting, in its order', async () => {
    const { url } = await start();
    const ann = await connect(url);
    ann.send({ type: 'hello', versions: [1], features: [] });
    ann.send({ type: 'create', id: 1, name: 'Ann', salt: 'aSaltOfSixteenOrMore' });
    for (let id = 2; id < 12; id += 1) ann.send({ type: 'chat', id, text: `line ${id}` });
    ann.send({ type: 'leave', id: 12 });
    expect((await ann.closed).code).toBe(CLOSE.NORMAL);
    expect(ann.heard.map(({ type }) => type)).toEqual([
      'welcome',
      'joined',
      ...Array.from({ length: 10 }, () => ['chat', 'ok']).flat(),
      'ok',
      'goodbye',
    ]);
    expect(ann.heard.flatMap((message) => (message.type === 'ok' ? [message.id] : []))).toEqual(
      Array.from({ length: 11 }, (_, index) => index + 2),
    );
  });

  it('keeps the seat of a connection that breaks', async () => {
    const { url } = await start();
    const [ann, bob] = [await greet(url), await greet(url)];
    const { room } = await ann.create();
    const { token, participant } = await bob.join(room.code);
    await ann.next('participant');
    bob.socket.terminate();
    expect((await ann.next('participant')).participant).toMatchObject({ id: 'p2', connected: false });
    const again = await greet(url);
    again.send({ type: 'resume', id: 3, code: room.code, participant, token });
    expect(await again.next('joined')).toMatchObject({ id: 3, participant, token });
    expect((await ann.next('participant')).participant).toMatchObject({ id: 'p2', connected: true });
  });
});

describe('what is not the protocol', () => {
  it.each([
    ['nothing before hello', '{"type":"play","id":4}', { id: 4, code: 'RELAY_PROTOCOL' }],
    ['no JSON', 'hello?', { code: 'RELAY_PROTOCOL' }],
    ['an unknown type', '{"type":"dance","id":4}', { id: 4, code: 'RELAY_PROTOCOL' }],
    ['a version of the future', '{"type":"hello","versions":[99],"features":[]}', { code: 'RELAY_VERSION' }],
  ])('is refused: %s', async (_, frame, error) => {
    const { url } = await start();
    const peer = await connect(url);
    peer.send(frame);
    expect(await peer.next('error')).toMatchObject(error);
  });

  it('passes on so much talk of one as people can read', async () => {
    const { url } = await start();
    const [ann, bob] = [await greet(url), await greet(url)];
    const { room } = await ann.create();
    await bob.join(room.code);
    for (let id = 10; id < 40; id += 1) bob.send({ type: 'chat', id, text: `line ${id}` });
    bob.send({ type: 'ready', id: 40, ready: true });
    await expect.poll(() => bob.heard.some((one) => one.type === 'ok' && one.id === 40)).toBe(true);
    const refused = bob.heard.filter(({ type }) => type === 'error');
    expect(refused.length).toBeGreaterThanOrEqual(18);
    expect(refused[0]).toMatchObject({ code: 'RELAY_RATE_LIMITED', retryAfter: expect.any(Number) });
    expect(ann.heard.filter(({ type }) => type === 'chat').length + refused.length).toBe(30);
  });

  it('disturbs nobody else: garbage, floods and huge frames end their own connection only', async () => {
    const { relay, url } = await start();
    const [ann, bob] = [await greet(url), await greet(url)];
    const { room } = await ann.create();
    await bob.join(room.code);
    const garbage = await connect(url);
    for (let n = 0; n < 30; n += 1) garbage.socket.send(Buffer.from([n, 255, 0]));
    expect((await garbage.closed).code).toBe(CLOSE.PROTOCOL);
    const huge = await greet(url);
    huge.socket.send('x'.repeat(70_000));
    expect((await huge.closed).code).toBe(CLOSE.TOO_BIG);
    const flood = await greet(url);
    await flood.join(room.code, { name: 'Flood' });
    for (let n = 0; n < 10_000; n += 1) flood.send('{"type":"time","t1":1}');
    expect((await flood.closed).code).toBe(CLOSE.RATE);
    expect(flood.heard.filter(({ type }) => type === 'time').length).toBeLessThan(200);
    ann.send({ type: 'chat', id: 9, text: 'all well' });
    expect((await bob.next('chat')).text).toBe('all well');
    expect(relay.port).toBeGreaterThan(0);
  });

  it('markup and controls arrive as text, without the controls', async () => {
    const { url } = await start();
    const [ann, bob] = [await greet(url), await greet(url)];
    const { room } = await ann.create({ name: '<script>alert(1)</script>\u001b[2J' });
    const joined = await bob.join(room.code);
    expect(joined.room.participants[0]?.name).toBe('<script>alert(1)</script>[2J');
  });
});

describe('strangers', () => {
  it('who try codes are answered later and later, and then not at all for a while', async () => {
    const { url } = await start();
    const peer = await greet(url);
    const began = systemClock.now();
    for (let id = 1; id <= 3; id += 1) {
      peer.send({ type: 'join', id, code: 'ZZZZZZ', name: 'Eve' });
      expect(await peer.next('error')).toMatchObject({ id, code: 'ROOM_NOT_FOUND' });
    }
    expect(systemClock.now() - began).toBeGreaterThan(200);
    const others = await Promise.all(Array.from({ length: 12 }, () => greet(url)));
    const answers = others.map((other) => {
      other.send({ type: 'join', id: 1, code: 'ZZZZZZ', name: 'Eve' });
      return other.next('error');
    });
    const limited = await Promise.race(answers);
    expect(limited).toMatchObject({ code: 'RELAY_RATE_LIMITED', retryAfter: expect.any(Number) });
  });

  it('open no rooms without the token of the operator', async () => {
    const { url } = await start([], { KINOPORT_RELAY_CREATE_TOKEN: 'for friends' });
    const peer = await greet(url);
    peer.send({ type: 'create', id: 1, name: 'Eve', salt: 'aSaltOfSixteenOrMore', createToken: 'for foes' });
    expect(await peer.next('error')).toMatchObject({ code: 'RELAY_UNAUTHORIZED' });
    expect((await peer.create({ createToken: 'for friends' })).participant).toBe('p1');
  });

  it('have so many rooms and connections of one address, by what a trusted proxy says', async () => {
    const { url } = await start([
      ...['--trusted-proxy', '127.0.0.0/8', '--connections-per-address', '2', '--rooms-per-address', '1'],
    ]);
    const from = (address: string) => greet(url, { headers: { 'X-Forwarded-For': `1.2.3.4, ${address}` } });
    const first = await from('192.0.2.1');
    await first.create();
    const second = await from('192.0.2.1');
    second.send({ type: 'create', id: 1, name: 'Eve', salt: 'aSaltOfSixteenOrMore' });
    expect(await second.next('error')).toMatchObject({ code: 'RELAY_RATE_LIMITED' });
    await expect(from('192.0.2.1')).rejects.toThrow('429');
    expect(logged.join()).toContain('192.0.2.0/24');
    expect(logged.join()).not.toContain('192.0.2.1');
    await (await from('192.0.2.2')).create();
  });

  it('are not believed about where they come from', async () => {
    const { url } = await start(['--connections-per-address', '1']);
    await greet(url, { headers: { 'X-Forwarded-For': '192.0.2.1' } });
    await expect(greet(url, { headers: { 'X-Forwarded-For': '192.0.2.2' } })).rejects.toThrow('429');
  });

  it('in web pages come from where the operator allows', async () => {
    const { url } = await start(['--allow-origin', 'https://rooms.example']);
    await expect(greet(url, { origin: 'https://evil.example' })).rejects.toThrow('403');
    await greet(url, { origin: 'https://rooms.example' });
  });
});

describe('pages', () => {
  it('a link shows its code and what to type, and runs nothing', async () => {
    const { url } = await start(['--public-url', 'https://relay.example/films/']);
    for (const path of ['/r/abc234', '/films/r/ABC234/']) {
      const response = await fetch(url + path);
      const text = await response.text();
      expect(text).toContain('<strong>ABC234</strong>');
      expect(text).toContain('npx kinoport room join https://relay.example/films/r/ABC234 FILE');
      expect(text).not.toContain('<script');
      expect(response.headers.get('content-security-policy')).toMatch(
        /^default-src 'none'; style-src 'sha256-/,
      );
    }
    for (const path of ['/r/ABC10O', '/r/<script>', '/elsewhere', '/metrics'])
      expect((await fetch(url + path)).status).toBe(404);
    expect((await fetch(url, { method: 'POST', body: 'x' })).status).toBe(405);
  });

  it('health and figures tell how it does, the figures at a port of their own', async () => {
    const { relay, url } = await start(['--metrics-port', '0']);
    const ann = await greet(url);
    await ann.create();
    expect(await (await fetch(`${url}/health`)).json()).toMatchObject({
      status: 'ok',
      rooms: 1,
      connections: 1,
    });
    const figures = await (await fetch(`http://127.0.0.1:${relay.metricsPort}/metrics`)).text();
    expect(figures).toMatch(/^relay_rooms 1$/m);
    expect(figures).toMatch(/^relay_rooms_created_total 1$/m);
  });
});

it('a relay that ends tells its members to come back, and ends', async () => {
  const { relay, url } = await start(['--move-to', 'https://other.example']);
  const ann: Peer = await greet(url);
  await ann.create();
  await (relay as Relay).drain();
  expect(await ann.closed).toMatchObject({ code: CLOSE.RESTART });
  const goodbye = await ann.next('goodbye');
  expect(goodbye).toMatchObject({ reason: 'draining', relay: 'https://other.example' });
  expect(goodbye.retryAfter).toBeGreaterThanOrEqual(500);
  await expect(greet(url)).rejects.toThrow('ECONNREFUSED');
});

it('a log has no names, no chat and no codes', async () => {
  const { relay, url } = await start();
  const ann = await greet(url);
  const { room } = await ann.create({ name: 'Ann Secret', title: 'Film Secret' });
  ann.send({ type: 'chat', id: 2, text: 'chat secret' });
  await ann.next('ok');
  await relay.drain();
  expect(logged.length).toBeGreaterThan(1);
  expect(logged.join().toLowerCase()).not.toMatch(
    new RegExp(`secret|${room.code.toLowerCase()}|127\\.0\\.0\\.1`),
  );
});
