import { expect, it } from 'vitest';
import { Redactor } from '../../../host/src/log/redactor.ts';

it('takes secrets out of text, as they are, within JSON and within addresses', () => {
  const redactor = new Redactor();
  expect(redactor.redact('nothing yet')).toBe('nothing yet');
  redactor.add('p@ss "w\\rd"\n', 'abc.d*', 'abc.d*longer', undefined, 5);
  const secret = 'p@ss "w\\rd"\n';
  expect(redactor.redact(`a ${secret}b`)).toBe('a [secret]b');
  expect(redactor.redact(JSON.stringify({ secret }))).toBe('{"secret":"[secret]"}');
  expect(redactor.redact(`https://x/?t=${encodeURIComponent(secret)}&u`)).toBe('https://x/?t=[secret]&u');
  expect(redactor.redact('abc.d*longer abc.d* abcxd')).toBe('[secret] [secret] abcxd');
  expect(redactor.redactData({ abc: ['in abc.d*', 1, null, { deep: 'abc.d*' }] })).toEqual({
    abc: ['in [secret]', 1, null, { deep: '[secret]' }],
  });
});

it('leaves the shortest alone, which are part of every line', () => {
  const redactor = new Redactor();
  redactor.add('', 'a', 'abc');
  expect(redactor.redact('a line abc')).toBe('a line abc');
  redactor.add('\ud800abc');
  expect(redactor.redact('still \ud800abc works')).toBe('still [secret] works');
});

it('knows a thousand of them', () => {
  const redactor = new Redactor();
  for (let n = 0; n < 1500; n += 1) redactor.add(`secret-${n}-`);
  expect(redactor.redact('secret-1499- secret-500- secret-0-')).toBe('[secret] [secret] secret-0-');
});
