let collator: Intl.Collator | undefined;

/** As a person counts: `2` before `10`, case and accents aside; equal names by their code units. */
export function compareNatural(a: string, b: string): number {
  collator ??= new Intl.Collator('en', { numeric: true, sensitivity: 'base' });
  return collator.compare(a, b) || (a < b ? -1 : a > b ? 1 : 0);
}

/** Where an entry of a folder stands among the others. */
export interface SortKey {
  /** 1 for specials, which follow the regular seasons. */
  readonly rank: 0 | 1;
  readonly group: string;
  readonly season: number;
  readonly episode: number;
  readonly name: string;
}

export function compareKeys(a: SortKey, b: SortKey): number {
  return (
    a.rank - b.rank ||
    compareNatural(a.group, b.group) ||
    a.season - b.season ||
    a.episode - b.episode ||
    compareNatural(a.name, b.name)
  );
}
