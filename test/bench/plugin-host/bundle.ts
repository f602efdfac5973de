const BYTES = 1024 * 1024;

/** Code of 1 MB, in functions of which a few are called, as bundles are; `version` makes it another file. */
export function bigModule(version: number): string {
  const lines = [`export const version = ${version};`];
  for (let size = 0, n = 0; size < BYTES; n += 1) {
    const line = `function f${n}(a, b) { const list = [a, b, ${n}, "${n} of the bundle"]; if (list.length > 9) return f${Math.max(0, n - 1)}(b, a); return { list, sum: a + b + ${n}, again: () => f${Math.max(0, n - 2)}(a, b) }; }`;
    lines.push(line);
    size += line.length + 1;
  }
  lines.push('export const used = [f1(1, 2), f50(3, 4), f500(5, 6)];');
  return lines.join('\n');
}
