/** Whether a text matches a pattern in which `*` stands for any text without a line break. */
export function matches(pattern: string, text: string): boolean {
  const parts = pattern.split('*');
  if (parts.length === 1) return pattern === text;
  if (/[\r\n]/.test(text) && !/[\r\n]/.test(pattern)) return false;
  const [first = '', ...rest] = parts;
  const last = rest.pop() ?? '';
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last))
    return false;
  // The parts between the stars, each as early as it can be: no backtracking, whatever the pattern.
  let from = first.length;
  const end = text.length - last.length;
  for (const part of rest) {
    const at = text.indexOf(part, from);
    if (at < 0 || at + part.length > end) return false;
    from = at + part.length;
  }
  return true;
}

/**
 * What both lists of patterns allow, as far as one of two patterns lies within the other. Never more than that:
 * a pattern that matches the text of another one, stars and all, matches everything that one matches.
 */
export function commonPatterns(a: readonly string[], b: readonly string[]): readonly string[] {
  return [
    ...new Set([
      ...a.filter((pattern) => b.some((other) => matches(other, pattern))),
      ...b.filter((pattern) => a.some((other) => matches(other, pattern))),
    ]),
  ];
}
