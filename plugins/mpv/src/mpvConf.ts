import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Options of a mpv.conf's global section (before the first profile); the last of a name wins. */
export type MpvConf = ReadonlyMap<string, string>;

/** Reads the text of a mpv.conf. What is not understood is passed over, as mpv's own complaint is enough. */
export function parseMpvConf(text: string): MpvConf {
  const options = new Map<string, string>();
  for (const raw of text.replace(/^\uFEFF/, '').split(/\r?\n/)) {
    const line = (raw.includes('=') ? raw : raw.replace(/\s#.*$/, '')).trim();
    if (line === '' || line.startsWith('#')) continue;
    if (line.startsWith('[')) {
      if (/^\[default\]/.test(line)) continue;
      break;
    }
    const match = /^(?:--)?([A-Za-z0-9_-]+)\s*(?:=\s*(.*))?$/.exec(line);
    const name = match?.[1];
    if (name === undefined) continue;
    const value = match?.[2];
    if (value === undefined) {
      // A flag alone is "yes", and "no-flag" is "flag=no".
      if (name.startsWith('no-')) options.set(name.slice(3), 'no');
      else options.set(name, 'yes');
    } else {
      options.set(name, unquote(value));
    }
  }
  return options;
}

/** The viewer's options out of the first folder that has a mpv.conf; empty when there is none. */
export async function readMpvConf(folders: readonly string[]): Promise<MpvConf> {
  for (const folder of folders) {
    for (const name of ['mpv.conf', 'config']) {
      try {
        return parseMpvConf(await readFile(join(folder, name), 'utf8'));
      } catch {
        // Not there, or not ours to read: mpv has none either.
      }
    }
  }
  return new Map();
}

/** Options given as arguments (`--name=value`, `--name`, `--no-name`), in the same form. */
export function parseArguments(args: readonly string[]): MpvConf {
  return parseMpvConf(args.filter((arg) => arg.startsWith('--') && !arg.includes('\n')).join('\n'));
}

/** Whether the viewer wants the window to stay at the end. */
export function keepsOpen(options: MpvConf): boolean {
  const value = options.get('keep-open');
  return value === 'yes' || value === 'always';
}

function unquote(value: string): string {
  const quoted = /^"([^"]*)"/.exec(value) ?? /^'([^']*)'/.exec(value);
  if (quoted) return quoted[1] ?? '';
  // %n%text: exactly n bytes.
  const counted = /^%(\d+)%/.exec(value);
  if (counted) {
    const bytes = Buffer.from(value.slice(counted[0].length), 'utf8');
    return bytes.subarray(0, Number(counted[1])).toString('utf8');
  }
  return value.replace(/\s+#.*$/, '').trim();
}
