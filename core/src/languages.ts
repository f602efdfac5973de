/** Languages as people and release groups write them, to ISO 639-1. */

const CODES =
  'aa ab af ak am ar as az be bg bn bo br bs ca cs cy da de dz el en eo es et eu fa fi fo fr fy ga gd gl gu ha he hi hr hu hy id is it ja jv ka kk km kn ko ku ky la lb lo lt lv mg mi mk ml mn mr ms mt my ne nl no nb nn oc or pa pl ps pt qu ro ru rw sa sd si sk sl so sq sr st su sv sw ta te tg th tk tl tr tt ug uk ur uz vi wo xh yi yo zh zu'.split(
    ' ',
  );

/** What `Intl` does not say: habits of subtitle sites. */
const HABITS: readonly (readonly [string, string])[] = [
  ['brazilian', 'pt'],
  ['pob', 'pt'],
  ['ptbr', 'pt'],
  ['brazilian portuguese', 'pt'],
  ['castellano', 'es'],
  ['castilian', 'es'],
  ['latino', 'es'],
  ['latin american', 'es'],
  ['farsi', 'fa'],
  ['chs', 'zh'],
  ['cht', 'zh'],
  ['mandarin', 'zh'],
  ['cantonese', 'zh'],
  ['simplified', 'zh'],
  ['traditional', 'zh'],
  ['flemish', 'nl'],
  ['iw', 'he'],
  ['jap', 'ja'],
  ['gre', 'el'],
  ['scr', 'hr'],
  ['nor', 'no'],
  ['nob', 'no'],
  ['nb', 'no'],
  ['nn', 'no'],
  ['norwegian', 'no'],
];

let names: ReadonlyMap<string, string> | undefined;

/**
 * ISO 639-1 of a two or three letter code (`en`, `eng`, `ger`), a tag (`pt-BR`, `zh_Hans`) or a name in English
 * or in the language itself (`German`, `Deutsch`); `undefined` when it is none.
 */
export function languageCode(word: string): string | undefined {
  const key = fold(word);
  if (key === '' || key.length > 40) return undefined;
  names ??= build();
  const known = names.get(key);
  if (known !== undefined) return known;
  if (!/^[a-z]{2,3}([-_][a-z0-9]{2,8})*$/.test(key)) return undefined;
  try {
    const language = new Intl.Locale(key.replaceAll('_', '-')).language;
    if (language === undefined) return undefined;
    return names.get(language) ?? undefined;
  } catch {
    return undefined;
  }
}

function build(): ReadonlyMap<string, string> {
  const map = new Map<string, string>();
  const english = new Intl.DisplayNames(['en'], { type: 'language' });
  for (const code of CODES) {
    map.set(code, code);
    for (const name of [english.of(code), new Intl.DisplayNames([code], { type: 'language' }).of(code)]) {
      if (name !== undefined && !/^[a-z]{1,3}$/i.test(name)) map.set(fold(name), code);
    }
  }
  for (const [word, code] of HABITS) map.set(word, code);
  return map;
}

function fold(word: string): string {
  return word.normalize('NFD').replace(/\p{M}/gu, '').trim().toLowerCase();
}
