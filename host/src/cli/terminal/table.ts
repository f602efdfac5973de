import { pad, printable, truncate, widthOf } from './width.ts';

/** One column of a {@link formatTable}. */
export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** Gives way when the terminal is too narrow; one column at most. */
  readonly flexible?: boolean;
}

/**
 * Lines of a table with a head, columns two spaces apart. With `columns` (the terminal's width) the flexible
 * column is cut so that no line wraps.
 */
export function formatTable(
  head: readonly Column[],
  rows: readonly (readonly string[])[],
  columns?: number,
): readonly string[] {
  const cells = rows.map((row) => head.map((_, i) => printable(row[i] ?? '')));
  const widths = head.map((column, i) =>
    Math.max(widthOf(column.title), ...cells.map((row) => widthOf(row[i] ?? ''))),
  );
  const flexible = head.findIndex((column) => column.flexible);
  const total = widths.reduce((sum, width) => sum + width, 0) + 2 * (head.length - 1);
  const wide = widths[flexible];
  if (columns !== undefined && wide !== undefined && total > columns) {
    widths[flexible] = Math.max(8, wide - (total - columns));
  }
  const line = (texts: readonly string[]): string =>
    texts
      .map((text, i) => pad(truncate(text, widths[i] ?? 0), widths[i] ?? 0, head[i]?.align))
      .join('  ')
      .trimEnd();
  return [line(head.map((column) => column.title)), ...cells.map(line)];
}
