import {
  deserializeError,
  ERROR_CODES,
  isKinoportError,
  KinoportError,
  serializeError,
  toKinoportError,
} from '@kinoport/core';
import { describe, expect, it } from 'vitest';

describe('KinoportError', () => {
  it('arrives whole on the other side of a border', () => {
    const sent = new KinoportError('PLAYER_NOT_FOUND', 'mpv is not installed.', {
      hint: 'Install it with: apt-get install mpv',
      data: { searched: ['/usr/bin'] },
    });
    const wire: unknown = JSON.parse(JSON.stringify(serializeError(sent)));
    const received = deserializeError(wire as ReturnType<typeof serializeError>);
    expect(received).toBeInstanceOf(KinoportError);
    expect(received.toJSON()).toEqual(sent.toJSON());
  });

  it('leaves the members out that it does not have', () => {
    const { stack: _stack, ...rest } = new KinoportError('ABORTED', 'Cancelled.').toJSON();
    expect(rest).toEqual({ code: 'ABORTED', message: 'Cancelled.' });
  });

  it('takes its exit code from the table, and 1 for a code of a plugin', () => {
    expect(new KinoportError('USAGE', '.').exitCode).toBe(2);
    expect(new KinoportError('ABORTED', '.').exitCode).toBe(130);
    expect(new KinoportError('SOMETHING_OF_MINE', '.').exitCode).toBe(1);
  });

  it.each(['toString', 'lower_case', '', `A${'B'.repeat(64)}`])('does not take %j for a code', (code) => {
    expect(new KinoportError(code, '.')).toMatchObject({ code: 'INTERNAL', exitCode: 1 });
  });

  it('keeps its cause', () => {
    const cause = new Error('underneath');
    expect(new KinoportError('INTERNAL', '.', { cause }).cause).toBe(cause);
  });
});

describe('isKinoportError', () => {
  it('asks for one of the given codes, or for any when none is given', () => {
    const error = new KinoportError('PLAYER_GONE', '.');
    expect(isKinoportError(error)).toBe(true);
    expect(isKinoportError(error, 'ABORTED', 'PLAYER_GONE')).toBe(true);
    expect(isKinoportError(error, 'ABORTED')).toBe(false);
    expect(isKinoportError(new Error('PLAYER_GONE'))).toBe(false);
  });
});

describe('toKinoportError', () => {
  it('leaves a KinoportError as it is', () => {
    const error = new KinoportError('PLAYER_GONE', '.');
    expect(toKinoportError(error)).toBe(error);
  });

  it('takes an abort for ABORTED', () => {
    const controller = new AbortController();
    controller.abort();
    expect(toKinoportError(controller.signal.reason).code).toBe('ABORTED');
  });

  it('takes everything else for INTERNAL, with the text and stack it came with', () => {
    const error = new TypeError('x is not a function');
    expect(toKinoportError(error)).toMatchObject({
      code: 'INTERNAL',
      message: 'x is not a function',
      stack: error.stack,
    });
    expect(toKinoportError('thrown text')).toMatchObject({ code: 'INTERNAL', message: 'thrown text' });
  });
});

describe('ERROR_CODES', () => {
  it.each(Object.entries(ERROR_CODES))('%s is well-formed and says one sentence', (code, { exit, text }) => {
    expect(code).toMatch(/^[A-Z][A-Z0-9_]{1,63}$/);
    expect([1, 2, 130]).toContain(exit);
    expect(text).toMatch(/^[A-Z].*\.$/);
  });
});
