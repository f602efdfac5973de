import { languageCode } from './languages.ts';

/** What a viewer is shown of a subtitle file. */
export interface SubtitleTags {
  /** ISO 639-1. */
  readonly language?: string;
  readonly title?: string;
  readonly forced?: boolean;
}

const FLAGS: Readonly<Record<string, string>> = {
  sdh: 'SDH',
  cc: 'CC',
  hi: 'SDH',
  commentary: 'Commentary',
  signs: 'Signs',
  songs: 'Songs',
  full: 'Full',
};

/**
 * What a subtitle file's name says of it, for sources.
 *
 * @param rest of the name, what follows the media's name, without extension: `.en.forced`, `_2_English`,
 *   ` (pt-BR) [SDH]`; the whole stem where it does not begin with it. Words that are neither language nor flag make the
 *   title. No more than the first 200 characters are read.
 */
export function parseSubtitleName(rest: string): SubtitleTags {
  const words = rest
    .slice(0, 200)
    .split(/[\s._()[\]{}+,]+|(?<![a-z]{2})-|-(?![a-z]{2,4}\b)/i)
    .filter((word) => word !== '');
  let language: string | undefined;
  let forced = false;
  const flags: string[] = [];
  const others: string[] = [];
  // From the right: a language stands after the words of a title, and `hi` is a flag only beside a language.
  for (const word of words.toReversed()) {
    const lower = word.toLowerCase();
    if (lower === 'forced' || lower === 'foreign') {
      forced = true;
    } else if (lower !== 'hi' && Object.hasOwn(FLAGS, lower)) {
      flags.unshift(FLAGS[lower] ?? word);
    } else if (lower === 'hi' && language === undefined && others.length === 0 && hasOtherLanguage(words)) {
      flags.unshift('SDH');
    } else if (lower === 'default' || /^\d{1,3}$/.test(lower)) {
      // A number orders the files; what is the default is for the player's settings to say.
    } else {
      const code = language === undefined ? languageCode(word) : undefined;
      if (code === undefined) others.unshift(word);
      else {
        language = code;
        if (/^[a-z]{2,3}[-_][a-z]/i.test(word)) flags.unshift(word);
      }
    }
  }
  const title = [...others, ...flags].join(' ');
  return {
    ...(language === undefined ? {} : { language }),
    ...(title === '' ? {} : { title }),
    ...(forced ? { forced } : {}),
  };
}

function hasOtherLanguage(words: readonly string[]): boolean {
  return words.some((word) => word.toLowerCase() !== 'hi' && languageCode(word) !== undefined);
}
