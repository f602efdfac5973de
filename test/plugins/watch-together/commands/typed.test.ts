import { expect, it } from 'vitest';
import { formatTime, parseTime } from '../../../../plugins/watch-together/src/commands/time.ts';
import { parseSent, parseTyped } from '../../../../plugins/watch-together/src/commands/typed.ts';

it.each([
  ['t', { command: 'ready' }],
  [' t', { command: 'chat', text: 't' }],
  ['start', { command: 'start' }],
  ['START NOW', { command: 'start', force: true }],
  ['p', { command: 'toggle' }],
  ['s 12:30', { command: 'seek', position: 750 }],
  ['s +10', { command: 'skip', seconds: 10 }],
  ['s -1:00', { command: 'skip', seconds: -60 }],
  ['s 1:2:3:4', undefined],
  ['s is a letter', { command: 'chat', text: 's is a letter' }],
  ['o +0.2', { command: 'offset', seconds: 0.2 }],
  ['o -0.2', { command: 'offset', seconds: -0.2 }],
  ['kick Bob 2', { command: 'kick', who: 'Bob 2' }],
  [' kick Bob', { command: 'chat', text: 'kick Bob' }],
  ['kick', { command: 'chat', text: 'kick' }],
  ['constructor', { command: 'chat', text: 'constructor' }],
  ['Transfer p2', { command: 'transfer', who: 'p2' }],
  ['set control HOST', { command: 'set', control: 'host' }],
  ['set buffering sometimes', undefined],
  ['set title The Film', { command: 'set', title: 'The Film' }],
  ['set password Open Sesame', { command: 'set', password: 'Open Sesame' }],
  ['set no password', { command: 'set', password: null }],
  [`set password ${'x'.repeat(129)}`, undefined],
  ['set pasword Open Sesame', undefined],
  ['', undefined],
])('%j is understood', (line, expected) => {
  expect(parseTyped(line)).toEqual(expected);
});

it.each([
  ['{"command":"seek","position":750}', { command: 'seek', position: 750 }],
  ['{"command":"seek","position":-1}', undefined],
  ['{"command":"seek","position":"NaN"}', undefined],
  ['{"command":"chat","text":"p"}', { command: 'chat', text: 'p' }],
  ['{"command":"kick","who":"p2"}', { command: 'kick', who: 'p2' }],
  ['{"command":"reboot"}', undefined],
  ['{"command":', undefined],
  ['{"command":"kick"}', undefined],
  ['{"command":"set","control":"host","password":null}', { command: 'set', control: 'host', password: null }],
  ['{"command":"set","mismatch":"shout"}', undefined],
  ['p', { command: 'toggle' }],
])('%s of a program is checked', (line, expected) => {
  expect(parseSent(line)).toEqual(expected);
});

it('reads and writes times', () => {
  expect(['5', '12:30', '1:02:03.5', '1:2:3:4', 'x', '1:'].map(parseTime)).toEqual([
    5,
    750,
    3723.5,
    undefined,
    undefined,
    undefined,
  ]);
  expect([0, 59.9999999, 750, 3723.5].map(formatTime)).toEqual(['0:00', '1:00', '12:30', '1:02:03']);
});
