import { type ChildProcess, spawn } from 'node:child_process';
import type { Duplex } from 'node:stream';
import { KinoportError, systemClock } from '@kinoport/core';
import { afterEach, describe, expect, it } from 'vitest';
import { Peer, pipeTransport } from '../../../host/src/rpc/peer.ts';
import { Random } from '../../support/random.ts';
import { inRepository } from '../../support/repository.ts';
import { socketPair } from './pipes.ts';

const disposers: (() => void)[] = [];
afterEach(() => {
  for (const dispose of disposers.splice(0)) dispose();
});

/** A peer as the host has it, and the bare pipe to it. */
async function wire() {
  const [own, raw] = await socketPair();
  const peer = new Peer(pipeTransport(own), { clock: systemClock, name: 'the plugin' });
  const closed = Promise.withResolvers<KinoportError | undefined>();
  const notes: unknown[] = [];
  peer.onDidClose((reason) => closed.resolve(reason));
  peer.handle('echo', async (params) => params);
  peer.handle('store', async (params) => JSON.parse(JSON.stringify(params)) as unknown);
  peer.handle('hang', (_params, signal) => {
    return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  });
  peer.handle('fail', async () => {
    throw new KinoportError('SOURCE_FORBIDDEN', 'No.');
  });
  peer.onNotification('note', (params) => notes.push(params));
  peer.onNotification('throws', () => {
    throw new Error('A listener that fails.');
  });
  peer.listen();
  raw.on('error', () => undefined);
  disposers.push(() => {
    peer.dispose();
    raw.destroy();
  });
  return { peer, raw, notes, closed: closed.promise, heard: lines(raw) };
}

/** Waits for a line that holds the text. */
function lines(stream: Duplex): (text: string) => Promise<string> {
  let pending = '';
  const waiting = new Map<string, (line: string) => void>();
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    const all = (pending + chunk).split('\n');
    pending = all.pop() ?? '';
    for (const line of all) for (const [text, resolve] of waiting) if (line.includes(text)) resolve(line);
  });
  return (text) => new Promise((resolve) => waiting.set(text, resolve));
}

const message = (value: object): string => `${JSON.stringify({ jsonrpc: '2.0', ...value })}\n`;
const deep = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

/** Lines that the protocol has a rule for: answered or ignored, and the connection goes on. */
const TAKEN: readonly ((random: Random) => string)[] = [
  (random) => message({ id: random.below(1e9), method: random.pick(['echo', 'fail', 'store', 'nothing']) }),
  (random) => message({ id: `t${random.below(1e9)}`, method: 'echo', params: { n: random.next() } }),
  (random) => message({ id: random.below(1e9), method: '__proto__', params: [] }),
  (random) => message({ id: random.below(1e9), method: 'constructor' }),
  (random) => message({ method: random.pick(['note', 'throws', 'unknown', 'toString', '']), params: [1, 2] }),
  () =>
    '{"jsonrpc":"2.0","method":"note","params":{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}}\n',
  () => '{"jsonrpc":"2.0","id":5,"method":"store","params":{"__proto__":{"polluted":1}}}\n',
  () => '{"__proto__":{"method":"echo"},"jsonrpc":"2.0","id":6,"result":1}\n',
  // Answers that nobody asked for, of every kind.
  (random) => message({ id: random.pick([0, -1, 1e308, 77, 'x', '1', null, '__proto__']), result: 1 }),
  (random) =>
    message({ id: 99, error: random.pick([1, 'text', [], {}, { code: 'x' }, { data: { code: 1 } }, true]) }),
  () => message({ id: 98 }),
  () => message({ id: null, error: { code: -32700, message: 'Parse error' } }),
  // Cancellations of what is not under way, and ones that name nothing.
  (random) =>
    message({
      method: '$/cancelRequest',
      params: random.pick([{ id: 1e6 }, {}, [], [null], 'x', { id: {} }]),
    }),
  () => message({ method: '$/cancelRequest' }),
  // A request of an id that is no id is nothing that could be answered.
  () => message({ id: null, method: 'echo' }),
  () => message({ id: {}, method: 'echo' }),
  () => message({ id: true, method: 'hang' }),
  () => `{"jsonrpc":"2.0","method":"note","params":${deep(20_000)}}\n`,
  () => `{"jsonrpc":"2.0","id":8,"method":"echo","params":${deep(20_000)}}\n`,
  () => '{"jsonrpc":"2.0","method":"note","params":["\\ud800","\\udc00\\ud800"]}\n',
  () => '{"jsonrpc":"2.0","id":9,"method":"echo","params":["\\ud800"]}\n',
  (random) => message({ method: 'note', params: ['x'.repeat(random.below(200_000))] }),
  () => '{"jsonrpc":"2.0","jsonrpc":"2.0","id":1,"id":2,"method":"echo","method":"fail"}\r\n',
];

/** Lines that are no messages: each ends the connection. */
const REFUSED: readonly ((random: Random) => string | Buffer)[] = [
  () => '\n',
  () => ' \n',
  () => 'null\n',
  () => '[]\n',
  () => '"text"\n',
  () => `${deep(100_000)}\n`,
  () => '{"jsonrpc":"1.0","id":1,"method":"echo"}\n',
  () => '{"jsonrpc":"2.0","method":{"toString":1}}\n',
  () => '{"jsonrpc":"2.0"}\n',
  () => '{"jsonrpc":"2.0","id":[1],"result":1}\n',
  () => '{"jsonrpc":"2.0","id":1,"method":"echo"\n',
  () => '{"jsonrpc":"2.0","id":1,"method":"echo"}}\n',
  () => '{"jsonrpc":"2.0","id":1,"method":"echo"}{"jsonrpc":"2.0","id":2,"method":"echo"}\n',
  () => 'Content-Length: 40\r\n\r\n{"jsonrpc":"2.0","id":1,"method":"echo"}\n',
  () => Buffer.of(0xff, 0xfe, 0x00, 0x0a),
  () => Buffer.concat([Buffer.of(0xef, 0xbb), Buffer.from(message({ id: 1, method: 'echo' }))]),
  (random) =>
    Buffer.concat([Buffer.from(Array.from({ length: 50 }, () => random.below(256))), Buffer.from('\n\n')]),
  () => `${'x'.repeat(4 * 1024 * 1024 + 1)}`,
  () => message({ method: 'note', params: ['é'.repeat(2 * 1024 * 1024)] }),
];

/** The bytes, cut anywhere. */
function* cut(bytes: Buffer, random: Random): Generator<Buffer> {
  for (let at = 0; at < bytes.length; ) {
    const end = at + 1 + random.below(random.pick([3, 50, 5_000, 500_000]));
    yield bytes.subarray(at, end);
    at = end;
  }
}

async function write(stream: Duplex, bytes: Buffer, random: Random): Promise<void> {
  for (const piece of cut(bytes, random)) {
    if (stream.destroyed) return;
    if (!stream.write(piece) || random.below(4) === 0) await new Promise((resolve) => setImmediate(resolve));
  }
}

const join = (parts: readonly (string | Buffer)[]): Buffer =>
  Buffer.concat(parts.map((part) => Buffer.from(part)));

describe('whatever comes over the wire', () => {
  it.each(Array.from({ length: 30 }, (_, seed) => seed))(
    'is answered or ignored where the protocol has a rule (seed %i)',
    async (seed) => {
      const random = new Random(seed);
      const { peer, raw, heard } = await wire();
      const parts = Array.from({ length: 1 + random.below(60) }, () => random.pick(TAKEN)(random));
      const answered = heard('"id":"after all"');
      await write(
        raw,
        join([...parts, message({ id: 'after all', method: 'echo', params: { seed } })]),
        random,
      );
      expect(JSON.parse(await answered)).toEqual({ jsonrpc: '2.0', id: 'after all', result: { seed } });
      expect(peer.isClosed).toBe(false);
      expect(Object.keys(Object.prototype)).toEqual([]);
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    },
  );

  it.each(Array.from({ length: REFUSED.length * 2 }, (_, seed) => seed))(
    'ends the connection with a coded error where it has none (seed %i)',
    async (seed) => {
      const random = new Random(1000 + seed);
      const { peer, raw, closed, notes } = await wire();
      const before = Array.from({ length: random.below(10) }, (_, n) =>
        message({ method: 'note', params: { n } }),
      );
      const garbage = (REFUSED[seed % REFUSED.length] ?? random.pick(REFUSED))(random);
      const after = message({ method: 'note', params: { n: 'after' } });
      await write(raw, join([...before, garbage, after]), random);
      expect(await closed).toMatchObject({ code: 'PLUGIN_PROTOCOL' });
      expect(notes).toEqual(before.map((_, n) => ({ n })));
      await expect(peer.call('x', {})).rejects.toMatchObject({ code: 'PLUGIN_CRASHED' });
    },
  );

  it('ends with half a line: what waits is told, nothing else happens', async () => {
    const { peer, raw, closed, notes } = await wire();
    const call = expect(peer.call('never', {})).rejects.toMatchObject({ code: 'PLUGIN_CRASHED' });
    raw.end(`${message({ method: 'note', params: { n: 1 } })}{"jsonrpc":"2.0","id":1,"res`);
    await call;
    expect(await closed).toBeUndefined();
    expect(notes).toEqual([{ n: 1 }]);
  });

  it('answers calls with nonsense: each call fails or succeeds by its own id, whatever the order', async () => {
    const { peer, raw } = await wire();
    const answers = [
      ['{"result":{"ok":1}}', { ok: 1 }],
      ['{"result":null}', null],
      ['{}', 'PLUGIN_PROTOCOL'],
      ['{"error":"text"}', 'PLUGIN_PROTOCOL'],
      ['{"error":{"code":1,"message":{"a":1}}}', 'PLUGIN_PROTOCOL'],
      [
        '{"error":{"code":1,"message":"m","data":{"code":"SOURCE_FORBIDDEN","message":"m"}}}',
        'SOURCE_FORBIDDEN',
      ],
      ['{"error":{"code":1,"message":"m","data":{"code":"not a code","message":"m"}}}', 'INTERNAL'],
      ['{"error":{"code":1,"message":"m","data":{"code":"A_B","message":7}}}', 'PLUGIN_PROTOCOL'],
      [
        '{"error":{"code":1,"message":"m","data":{"code":"A_B","message":"m","stack":{}}}}',
        'PLUGIN_PROTOCOL',
      ],
      ['{"error":[]}', 'PLUGIN_PROTOCOL'],
      ['{"error":null,"result":2}', 2],
    ] as const;
    const calls = answers.map(() => peer.call('x', {}).catch((error: KinoportError) => error.code));
    for (const [index, [answer]] of [...answers.entries()].reverse()) {
      raw.write(`${JSON.stringify({ jsonrpc: '2.0', id: index + 1, ...(JSON.parse(answer) as object) })}\n`);
      // A second answer to the same call is one that nobody asked for.
      raw.write(`${JSON.stringify({ jsonrpc: '2.0', id: index + 1, result: 'again' })}\n`);
    }
    expect(await Promise.all(calls)).toEqual(answers.map(([, expected]) => expected));
  });

  it('asks for more than can be under way: the rest is refused, and one that asks well is served', async () => {
    const { raw, heard } = await wire();
    const refused = heard('"id":1500');
    for (let id = 1; id <= 1500; id += 1) raw.write(message({ id, method: 'hang' }));
    expect(JSON.parse(await refused)).toMatchObject({ error: { data: { code: 'PLUGIN_BUSY' } } });
    const answered = heard('"id":"later"');
    for (let id = 1; id <= 1500; id += 1) raw.write(message({ method: '$/cancelRequest', params: { id } }));
    raw.write(message({ id: 'later', method: 'echo', params: { n: 1 } }));
    expect(JSON.parse(await answered)).toHaveProperty('result', { n: 1 });
  });

  it('asks under one id again and again: only the first is under way', async () => {
    const { raw, heard } = await wire();
    const refused = heard('"id":7');
    raw.write(message({ id: 7, method: 'hang' }));
    raw.write(message({ id: 7, method: 'hang' }));
    expect(JSON.parse(await refused)).toMatchObject({ error: { data: { code: 'PLUGIN_PROTOCOL' } } });
    const cancelled = heard('"id":7');
    raw.write(message({ method: '$/cancelRequest', params: { id: 7 } }));
    expect(JSON.parse(await cancelled)).toMatchObject({ error: { data: { code: 'ABORTED' } } });
  });

  it('asks and never reads: the connection ends before the answers fill the memory', async () => {
    const { raw, closed } = await wire();
    raw.pause();
    const question = message({ id: 1, method: 'echo', params: { text: 'x'.repeat(1024 * 1024) } });
    const ask = (): void => {
      while (!raw.destroyed && raw.write(question));
    };
    raw.on('drain', ask);
    ask();
    expect(await closed).toMatchObject({ code: 'PLUGIN_UNRESPONSIVE' });
  });
});

describe('a plugin that the host sends nonsense to', () => {
  /** The real process, with the bare pipe to it. */
  function runtime(): { child: ChildProcess; pipe: Duplex; ended: Promise<number | null> } {
    const child = spawn(process.execPath, [inRepository('host/dist/runtime.js')], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    });
    const pipe = child.stdio[3] as Duplex;
    pipe.on('error', () => undefined);
    disposers.push(() => child.kill('SIGKILL'));
    return { child, pipe, ended: new Promise((resolve) => child.once('exit', resolve)) };
  }

  it.each([1, 2, 3])('answers what it can (seed %i)', async (seed) => {
    const random = new Random(2000 + seed);
    const { pipe, ended } = runtime();
    const answered = lines(pipe)('"id":"after all"');
    const parts = Array.from({ length: 60 }, () => random.pick(TAKEN)(random));
    await write(pipe, join([...parts, message({ id: 'after all', method: 'nothing' })]), random);
    expect(JSON.parse(await answered)).toMatchObject({ error: { data: { code: 'METHOD_NOT_FOUND' } } });
    pipe.destroy();
    expect(await ended).toBe(0);
  });

  it.each([0, 5, 14, 17])('ends at what is no message (%i)', async (index) => {
    const random = new Random(index);
    const { pipe, ended } = runtime();
    await write(pipe, Buffer.from(REFUSED[index]?.(random) ?? ''), random);
    expect(await ended).toBe(0);
  });

  it('says what is wrong with a start that is none', async () => {
    const { pipe } = runtime();
    const heard = lines(pipe);
    const answers = [null, [], {}, { entry: 5 }, { entry: 'nowhere' }, { entry: 'file:///nowhere.js' }].map(
      (params, id) => {
        const answered = heard(`"id":${id},`);
        pipe.write(message({ id, method: 'initialize', params: params as object }));
        return answered;
      },
    );
    for (const answer of await Promise.all(answers))
      expect(JSON.parse(answer)).toMatchObject({
        error: { data: { code: expect.stringMatching(/^[A-Z_]+$/) } },
      });
  });
});
