import { PassThrough } from 'node:stream';
import type { KinoportError } from '@kinoport/core';
import { describe, expect, it } from 'vitest';
import type { Message } from 'vscode-jsonrpc/node';
import {
  LineMessageReader,
  LineMessageWriter,
  MAX_MESSAGE_BYTES,
  parseMessage,
} from '../../../host/src/rpc/lineCodec.ts';

function reading() {
  const stream = new PassThrough();
  const messages: Message[] = [];
  const violations: KinoportError[] = [];
  const reader = new LineMessageReader(stream, (error) => violations.push(error));
  reader.listen((message) => messages.push(message));
  return { stream, messages, violations };
}

const note = (params: unknown) => ({ jsonrpc: '2.0', method: 'note', params });

describe('LineMessageReader', () => {
  it('finds messages however the bytes are cut, also within a character', () => {
    const { stream, messages } = reading();
    const bytes = Buffer.from(`${JSON.stringify(note('жёлтый 🎬'))}\n${JSON.stringify(note(2))}\n`);
    for (const byte of bytes) stream.write(Buffer.of(byte));
    expect(messages).toEqual([note('жёлтый 🎬'), note(2)]);
  });

  it('takes several messages of one chunk in order', () => {
    const { stream, messages } = reading();
    stream.write([1, 2, 3].map((n) => `${JSON.stringify(note(n))}\n`).join(''));
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
  ])('tells of garbage once and reads nothing after it: %s', (_what, garbage) => {
    const { stream, messages, violations } = reading();
    stream.write(garbage);
    stream.write(`${JSON.stringify(note(1))}\n`);
    stream.write('more garbage\n');
    expect(violations.map(({ code }) => code)).toEqual(['PLUGIN_PROTOCOL']);
    expect(messages).toEqual([]);
  });

  it('takes a message of exactly the limit and none that is a byte longer', () => {
    const frame = Buffer.byteLength(JSON.stringify(note('')));
    const longest = JSON.stringify(note('x'.repeat(MAX_MESSAGE_BYTES - frame)));
    const fits = reading();
    fits.stream.write(`${longest}\n`);
    expect([fits.messages.length, fits.violations.length]).toEqual([1, 0]);
    const tooLong = reading();
    tooLong.stream.write(`${longest} \n`);
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
});

describe('LineMessageWriter', () => {
  it('refuses what the other side would refuse', async () => {
    const stream = new PassThrough();
    const writer = new LineMessageWriter(stream);
    await expect(writer.write(note('ü'.repeat(MAX_MESSAGE_BYTES / 2)) as Message)).rejects.toMatchObject({
      code: 'PLUGIN_PROTOCOL',
    });
    expect(stream.readableLength).toBe(0);
  });

  it('writes one line for a message with newlines in it', async () => {
    const stream = new PassThrough();
    await new LineMessageWriter(stream).write(note('a\nb\u2028c') as Message);
    const text = String(stream.read());
    expect(text.split('\n').length).toBe(2);
    expect(parseMessage(text)).toEqual(note('a\nb\u2028c'));
  });
});
