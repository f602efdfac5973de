import { expect, it } from 'vitest';
import { parseInvitation } from '../../../../plugins/watch-together/src/protocol/index.ts';

const LINK = { code: 'ABC234', relay: 'https://relay.example' };

it.each([
  ['abc234', { code: 'ABC234' }],
  [' abc-234 ', { code: 'ABC234' }],
  ['ABC 234.', { code: 'ABC234' }],
  ['https://relay.example/r/ABC234', LINK],
  [' HTTPS://RELAY.EXAMPLE/R/abc234/ ', LINK],
  ['<https://relay.example/r/ABC234>', LINK],
  ['“https://relay.example/r/ABC234”.', LINK],
  ['(https://relay.example/r/ABC234),', LINK],
  ['https://relay.example/r/ABC234?from=chat#x', LINK],
  ['https://relay.example/films/r/ABC234', { ...LINK, relay: 'https://relay.example/films' }],
  ['ABC0I1', undefined],
  ['ABC2345', undefined],
  ['https://relay.example/ABC234', undefined],
  ['https://ann:secret@relay.example/r/ABC234', undefined],
  ['', undefined],
])('%j', (text, invitation) => {
  expect(parseInvitation(text)).toEqual(invitation);
});
