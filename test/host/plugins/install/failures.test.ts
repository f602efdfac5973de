import { expect, it } from 'vitest';
import { withoutSecrets } from '../../../../host/src/plugins/install/worker/failures.ts';

it.each([
  ['https://user:secret@example.org/x.tgz', 'https://example.org/x.tgz'],
  ['git+https://secret@example.org/x.git#main', 'git+https://example.org/x.git#main'],
  ['https://user:se@cret@example.org/x.tgz', 'https://example.org/x.tgz'],
  [
    'https://@example.org/ and git+ssh://git:secret@example.org/y',
    'https://example.org/ and git+ssh://example.org/y',
  ],
  ['kinoport-plugin-x@1.2.3', 'kinoport-plugin-x@1.2.3'],
  ['https://example.org/@scope/x.tgz', 'https://example.org/@scope/x.tgz'],
])('an address is shown without name and password: %s', (text, shown) => {
  expect(withoutSecrets(text)).toBe(shown);
});
