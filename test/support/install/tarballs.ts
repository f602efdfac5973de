import { writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { Header } from 'tar';

/** An entry of a tarball, as no sane program would write it. */
export interface Entry {
  readonly path: string;
  readonly text?: string | Buffer;
  readonly type?: 'File' | 'Directory' | 'SymbolicLink' | 'Link' | 'CharacterDevice' | 'BlockDevice' | 'FIFO';
  readonly linkpath?: string;
  /** What the header says, when not the truth. */
  readonly size?: number;
}

/** A tarball of any entries, gzipped. */
export function tarball(entries: readonly Entry[]): Buffer {
  const blocks = entries.flatMap(({ path, text = '', type = 'File', linkpath, size }) => {
    const body = Buffer.isBuffer(text) ? text : Buffer.from(text);
    const header = new Header({
      path,
      type,
      mode: 0o644,
      size: size ?? body.length,
      mtime: new Date(0),
      ...(linkpath === undefined ? {} : { linkpath }),
    });
    const block = Buffer.alloc(512);
    header.encode(block);
    const padding = Buffer.alloc((512 - (body.length % 512)) % 512);
    return [block, body, padding];
  });
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}

/** The files of a plugin package, with the changes of a test to its `package.json`. */
export function packageEntries(
  name: string,
  change: object = {},
  files: Readonly<Record<string, string>> = {},
): readonly Entry[] {
  const all = { 'package.json': JSON.stringify(manifest(name, change)), 'index.js': CODE, ...files };
  return Object.entries(all).map(([path, text]) => ({ path: `package/${path}`, text }));
}

export function manifest(name: string, change: object = {}): Record<string, unknown> {
  return {
    name: `kinoport-plugin-${name}`,
    version: '1.0.0',
    type: 'module',
    main: './index.js',
    keywords: ['kinoport-plugin'],
    engines: { kinoport: '^0.1.0' },
    kinoport: {},
    ...change,
  };
}

const CODE = 'export default { activate() {} };\n';

export function writeTarball(file: string, entries: readonly Entry[]): string {
  writeFileSync(file, tarball(entries));
  return file;
}
