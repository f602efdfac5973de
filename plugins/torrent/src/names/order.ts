let collator: Intl.Collator | undefined;

/** Paths as a person orders them: `2` before `10`, a folder's own files as they stand among its folders. */
export function comparePaths(a: string, b: string): number {
  const [left, right] = [a.split('/'), b.split('/')];
  for (const [i, part] of left.entries()) {
    const other = right[i];
    if (other === undefined) return 1;
    const order = compareNatural(part, other);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

function compareNatural(a: string, b: string): number {
  if (a === b) return 0;
  collator ??= new Intl.Collator('en', { numeric: true, sensitivity: 'base' });
  return collator.compare(a, b) || (a < b ? -1 : 1);
}
