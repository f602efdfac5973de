import { readFileSync } from 'node:fs';
import { registerHooks, SourceMap, stripTypeScriptTypes } from 'node:module';
import { dirname, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where in the sources of a plugin a fault is; line and column from 1. */
export interface FaultPlace {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Its line of the source. */
  readonly source: string;
}

/** `file:line:column` and below it the line with a mark, as Node prints it. */
export function formatPlace({ file, line, column, source }: FaultPlace): string {
  const text = source.length > 200 ? '' : `\n    ${source}\n    ${mark(source, column)}`;
  return `${file}:${line}:${column}${text}`;
}

const mark = (source: string, column: number): string =>
  `${source.slice(0, column - 1).replaceAll(/[^\t]/g, ' ')}^`;

/** The place of an error that was thrown while code ran: its topmost frame in a file. */
export function placeOfThrown(error: unknown): FaultPlace | undefined {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  return placeInHead(stack) ?? placeInFrames(stack);
}

/** The place of an error with which the import of `entry` failed. */
export async function placeOfLoad(error: unknown, entry: string): Promise<FaultPlace | undefined> {
  if (!(error instanceof SyntaxError)) return placeOfThrown(error);
  return placeInHead(error.stack ?? '') ?? (await placeOfSyntaxError(entry));
}

/** Node puts the place of some faults in front of the stack: the file with the line, some of the source, a mark. */
function placeInHead(stack: string): FaultPlace | undefined {
  const lines = stack.split('\n');
  const found = /^((?:file:\/\/|\/|[A-Za-z]:\\).+):(\d+)$/.exec(lines[0] ?? '');
  if (!found?.[1]) return undefined;
  const [file, line] = [pathOf(found[1]), Number(found[2])];
  const source = sourceLine(file, line);
  const at = lines.findIndex((text) => /^\s*\^+\s*$/.test(text));
  const column = at === -1 ? source.length + 1 : columnOf(source, lines[at - 1] ?? '', lines[at] ?? '');
  return original({ file, line, column, source });
}

/** The parser of TypeScript shows a tab as four blanks, V8 as it is. */
function columnOf(source: string, shown: string, marks: string): number {
  const marked = marks.indexOf('^');
  if (shown.trimEnd() === source) return marked + 1;
  let column = 0;
  for (let width = 0; width < marked && column < source.length; column += 1) {
    width += source[column] === '\t' ? 4 : 1;
  }
  return column + 1;
}

function placeInFrames(stack: string): FaultPlace | undefined {
  // A path where Node has looked at a source map, else an address.
  const frames = /^\s+at (?:.*?\(|async )?((?:file:\/\/|\/|[A-Za-z]:\\).+?):(\d+):(\d+)\)?$/gm;
  for (const [, place = '', line, column] of stack.matchAll(frames)) {
    const file = pathOf(place);
    if (isOurs(file)) continue;
    return original({
      file,
      line: Number(line),
      column: Number(column),
      source: sourceLine(file, Number(line)),
    });
  }
  return undefined;
}

/** What runs the plugin: it comes up in the stack of an import that leads nowhere. */
const isOurs = (file: string): boolean => file.startsWith(dirname(process.argv[1] ?? file) + sep);

const pathOf = (place: string): string => (place.startsWith('file:') ? fileURLToPath(place) : place);

/**
 * V8 keeps the place of a syntax error to itself. The import is made once more (what did not compile is not kept, and
 * nothing runs before all of it compiles) to see which file is the last that is read, and that file is given to a
 * parser that tells.
 */
async function placeOfSyntaxError(entry: string): Promise<FaultPlace | undefined> {
  let last = entry;
  const hooks = registerHooks({
    load: (url, context, next) => {
      last = url;
      return next(url, context);
    },
  });
  try {
    await import(`${entry}?look-for-the-fault`);
  } catch {
    // As before.
  } finally {
    hooks.deregister();
  }
  if (!last.startsWith('file:')) return undefined;
  const url = last.replace(/[?#].*$/, '');
  try {
    stripTypeScriptTypes(readFileSync(fileURLToPath(url), 'utf8'), { sourceUrl: url });
  } catch (error) {
    const stack = error instanceof Error ? (error.stack ?? '') : '';
    return placeInHead(stack);
  }
  return undefined;
}

/** The place in what a file was made of, where it has a source map. */
function original(place: FaultPlace): FaultPlace {
  try {
    const text = readFileSync(place.file, 'utf8');
    const name = /^\/\/# sourceMappingURL=([^\s]+)\s*$/m.exec(text.slice(-2_000))?.[1];
    if (!name || name.startsWith('data:')) return place;
    const map = new URL(name, new URL(`file://${place.file}`));
    const entry = new SourceMap(JSON.parse(readFileSync(map, 'utf8'))).findEntry(
      place.line - 1,
      place.column - 1,
    );
    if (!('originalSource' in entry)) return place;
    const file = fileURLToPath(new URL(entry.originalSource, map));
    const line = entry.originalLine + 1;
    return { file, line, column: entry.originalColumn + 1, source: sourceLine(file, line) };
  } catch {
    return place;
  }
}

function sourceLine(file: string, line: number): string {
  try {
    return readFileSync(file, 'utf8').split('\n')[line - 1]?.trimEnd() ?? '';
  } catch {
    return '';
  }
}
