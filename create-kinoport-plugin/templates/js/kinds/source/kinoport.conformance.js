// @ts-check
import { readTone, SIZE } from './src/tone.js';

/**
 * What `kinoport plugin test` and our own tests try the source with; it goes into no package.
 * @type {import('@kinoport/core/conformance').SourceSetting}
 */
const source = {
  samples: [
    {
      uri: '{{id}}:440',
      kind: 'single',
      titles: ['440 Hz'],
      bytes: Buffer.concat(await Array.fromAsync(readTone(440, 0, SIZE, new AbortController().signal))),
    },
    { uri: '{{id}}:440,660', kind: 'playlist', titles: ['440 Hz', '660 Hz'] },
  ],
  missing: '{{id}}:loud',
};

export default { sources: { '{{id}}': source } };
