import { languageCode, parseSubtitleName } from '@kinoport/core';
import { describe, expect, test } from 'vitest';

describe('names of subtitles', () => {
  test.each([
    ['English', 'en'],
    ['ger', 'de'],
    ['Deutsch', 'de'],
    ['francais', 'fr'],
    ['pt-BR', 'pt'],
    ['zh_Hans', 'zh'],
    ['日本語', 'ja'],
    ['xyz', undefined],
    ['the', undefined],
  ])('%s is %s', (word, code) => expect(languageCode(word)).toBe(code));

  test.each([
    ['.en', { language: 'en' }],
    ['.en.forced', { language: 'en', forced: true }],
    ['.eng.sdh', { language: 'en', title: 'SDH' }],
    ['.en.hi', { language: 'en', title: 'SDH' }],
    ['.hi', { language: 'hi' }],
    ['.sdh', { title: 'SDH' }],
    ['2_English', { language: 'en' }],
    ['.pt-BR', { language: 'pt', title: 'pt-BR' }],
    ['.Director.en', { language: 'en', title: 'Director' }],
    ['', {}],
  ])('%s', (rest, tags) => expect(parseSubtitleName(rest)).toEqual(tags));
});
