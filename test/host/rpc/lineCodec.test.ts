import { PassThrough } from 'node:stream';
import type { KinoportError } from '@kinoport/core';
import { describe, expect, it } from 'vitest';
import { LineReader, LineWriter } from '../../../host/src/rpc/lineCodec.ts';
import {
  MAX_BACKLOG_BYTES,
  MAX_MESSAGE_BYTES,
  type Message,
  parseMessage,
} from '../../../host/src/rpc/messages.ts';

function reading() {
  const stream = new PassThrough();
  const messages: Message[] = [];
  const violations: KinoportError[] = [];
  const reader = new LineReader(stream, (error) => violations.push(error));
  reader.listen((message) => messages.push(message));
  return { stream, messages, violations };
}

const note = (params: unknown): Message => ({ jsonrpc: '2.0', method: 'note', params });

/** The end of the turn of the event loop, when everything of it has been handed over. */
const turnEnd = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('LineReader', () => {
  it('finds messages however the bytes are cut, also within a character', async () => {
    const { stream, messages } = reading();
    const bytes = Buffer.from(`${JSON.stringify(note('жёлтый 🎬'))}\n${JSON.stringify(note(2))}\n`);
    for (const byte of bytes) stream.write(Buffer.of(byte));
    await turnEnd();
    expect(messages).toEqual([note('жёлтый 🎬'), note(2)]);
  });

  it('takes several messages of one chunk in order', async () => {
    const { stream, messages } = reading();
    stream.write([1, 2, 3].map((n) => `${JSON.stringify(note(n))}\n`).join(''));
    await turnEnd();
    expect(messages).toEqual([note(1), note(2), note(3)]);
  });

  it.each([
    ['text', 'hello\n'],
    ['an empty line', '\n'],
    ['JSON of another kind', '{"a":1}\n'],
    ['an array', '[]\n'],
    ['a number', '1\n'],
    ['a method that is no text', '{"jsonrpc":"2.0","method":1}\n'],
    ['bytes that are no text', Buffer.of(0xff, 0xfe, 0x0a)],
  ])('tells of garbage once and reads nothing after it: %s', async (_what, garbage) => {
    const { stream, messages, violations } = reading();
    stream.write(garbage);
    stream.write(`${JSON.stringify(note(1))}\n`);
    stream.write('more garbage\n');
    await turnEnd();
    expect(violations.map(({ code }) => code)).toEqual(['PLUGIN_PROTOCOL']);
    expect(messages).toEqual([]);
  });

  it('takes a message of exactly the limit and none that is a byte longer', async () => {
    const frame = Buffer.byteLength(JSON.stringify(note('')));
    const longest = JSON.stringify(note('x'.repeat(MAX_MESSAGE_BYTES - frame)));
    const fits = reading();
    fits.stream.write(`${longest}\n`);
    await turnEnd();
    expect([fits.messages.length, fits.violations.length]).toEqual([1, 0]);
    const tooLong = reading();
    tooLong.stream.write(`${longest} \n`);
    await turnEnd();
    expect([tooLong.messages.length, tooLong.violations.length]).toEqual([0, 1]);
  });

  it('does not wait for the end of a line that is too long, and lets go of what it has', () => {
    const { stream, violations } = reading();
    const chunk = Buffer.alloc(1024 * 1024, 'x');
    for (let i = 0; i < 200 && violations.length === 0; i += 1) stream.write(chunk);
    expect(violations.map(({ message }) => message)).toEqual([
      expect.stringContaining('longer than 4194304'),
    ]);
  });

  it('hands a message over when everything that awaits the one before has gone on', async () => {
    const stream = new PassThrough();
    const seen: string[] = [];
    const goOn = async (name: string): Promise<void> => {
      for (let hop = 0; hop < 5; hop += 1) await null;
      seen.push(`${name} over`);
    };
    new LineReader(stream, () => undefined).listen((message) => {
      seen.push(String(message.params));
      void goOn(String(message.params));
    });
    stream.write(['a', 'b', 'c'].map((name) => `${JSON.stringify(note(name))}\n`).join(''));
    await turnEnd();
    expect(seen).toEqual(['a', 'a over', 'b', 'b over', 'c', 'c over']);
  });

  it('tells of what came before the garbage first', async () => {
    const { stream, messages, violations } = reading();
    stream.write(`${JSON.stringify(note(1))}\ngarbage\n${JSON.stringify(note(2))}\n`);
    await turnEnd();
    expect([messages, violations.length]).toEqual([[note(1)], 1]);
  });

  it('lets others have their turn while much comes, and takes no more from the pipe meanwhile', async () => {
    const { stream, messages } = reading();
    const line = `${JSON.stringify(note('x'))}\n`;
    stream.write(line.repeat(10_000));
    await turnEnd();
    expect(messages.length).toBeGreaterThan(0);
    expect(messages.length).toBeLessThan(500);
    expect(stream.isPaused()).toBe(true);
    while (messages.length < 10_000) await turnEnd();
    await turnEnd();
    expect(stream.isPaused()).toBe(false);
    stream.write(line);
    await turnEnd();
    expect(messages.length).toBe(10_001);
  });
});

describe('LineWriter', () => {
  it('refuses what the other side would refuse', () => {
    const stream = new PassThrough();
    const writer = new LineWriter(stream);
    expect(() => writer.send(note('ü'.repeat(MAX_MESSAGE_BYTES / 2)))).toThrow(
      expect.objectContaining({ code: 'PLUGIN_PROTOCOL' }),
    );
    expect(stream.readableLength).toBe(0);
  });

  it('writes one line for a message with newlines in it', () => {
    const stream = new PassThrough();
    new LineWriter(stream).send(note('a\nb\u2028c'));
    const text = String(stream.read());
    expect(text.split('\n').length).toBe(2);
    expect(parseMessage(text)).toEqual(note('a\nb\u2028c'));
  });

  it('writes the first message at once and those behind it together, in order, and tells when each is taken', async () => {
    const stream = new PassThrough();
    const chunks: string[] = [];
    stream.on('data', (chunk) => chunks.push(String(chunk)));
    const writer = new LineWriter(stream);
    const taken: number[] = [];
    for (const n of [1, 2, 3]) writer.send(note(n), () => taken.push(n));
    expect(stream.writableLength + stream.readableLength + chunks.length).toBeGreaterThan(0);
    await turnEnd();
    await turnEnd();
    expect(
      chunks.map((chunk) =>
        chunk
          .trim()
          .split('\n')
          .map((line) => parseMessage(line)?.params),
      ),
    ).toEqual([[1], [2, 3]]);
    expect(taken).toEqual([1, 2, 3]);
  });

  it('keeps no more than four of the longest messages for a reader that does not read', async () => {
    const stream = new PassThrough();
    const writer = new LineWriter(stream);
    const long = note('x'.repeat(1024 * 1024));
    let sent = 0;
    const fill = (): void => {
      for (; sent < 100; sent += 1) writer.send(long);
    };
    expect(fill).toThrow(expect.objectContaining({ code: 'PLUGIN_UNRESPONSIVE' }));
    expect(sent * 1024 * 1024).toBeLessThan(MAX_BACKLOG_BYTES + 2 * 1024 * 1024);
  });
});
