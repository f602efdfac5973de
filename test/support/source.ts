/** The text of a TypeScript or JavaScript file without its comments; strings and templates stay as they are. */
export function codeOf(text: string): string {
  const tokens =
    /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|\/\*[\s\S]*?\*\/|(?<![:\\/])\/\/[^\n]*/g;
  return text.replace(tokens, (token) => (token.startsWith('/') ? ' ' : token));
}
