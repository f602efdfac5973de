import { createHash } from 'node:crypto';
import { statSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { loadBencode, loadCreateTorrent } from './libraries.ts';

export interface TorrentOptions {
  /** Bytes; default 256 KiB. */
  readonly pieceLength?: number;
  /** Default: the name of the file. Needed for several. */
  readonly name?: string;
  readonly isPrivate?: boolean;
  readonly trackers?: readonly string[];
  readonly webSeeds?: readonly string[];
}

/** A torrent of the lab, with the files that it was made of. */
export class LabTorrent {
  readonly infohash: string;
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Paths on disk, in the order of the torrent. */
  readonly files: readonly string[];
  readonly length: number;
  readonly pieceLength: number;
  readonly #meta: Readonly<Record<string, unknown>>;

  constructor(
    meta: Readonly<Record<string, unknown>>,
    files: readonly string[],
    encode: (value: unknown) => Uint8Array,
  ) {
    const info = meta.info as Readonly<Record<string, unknown>>;
    this.#meta = meta;
    this.#encode = encode;
    this.bytes = encode(meta);
    this.infohash = createHash('sha1').update(encode(info)).digest('hex');
    this.name = Buffer.from(info.name as Uint8Array).toString();
    this.files = files;
    this.length = files.reduce((total, file) => total + statSync(file).size, 0);
    this.pieceLength = Number(info['piece length']);
  }

  readonly #encode: (value: unknown) => Uint8Array;

  /** The same torrent with other ways to its peers; the infohash stays. */
  with(ways: Pick<TorrentOptions, 'trackers' | 'webSeeds'>): LabTorrent {
    const { announce: _, 'announce-list': __, 'url-list': ___, ...rest } = this.#meta;
    const { trackers = [], webSeeds = [] } = ways;
    const more = {
      ...(trackers[0] !== undefined && {
        announce: trackers[0],
        'announce-list': trackers.map((each) => [each]),
      }),
      ...(webSeeds.length > 0 && { 'url-list': webSeeds }),
    };
    return new LabTorrent({ ...rest, ...more }, this.files, this.#encode);
  }

  /** A magnet link that names peers (`x.pe`), trackers and web seeds. */
  magnet(
    ways: {
      readonly peers?: readonly string[];
      readonly trackers?: readonly string[];
      readonly webSeeds?: readonly string[];
    } = {},
  ): string {
    const { peers = [], trackers = [], webSeeds = [] } = ways;
    const parts = [
      `xt=urn:btih:${this.infohash}`,
      `dn=${encodeURIComponent(this.name)}`,
      ...trackers.map((each) => `tr=${encodeURIComponent(each)}`),
      ...webSeeds.map((each) => `ws=${encodeURIComponent(each)}`),
      ...peers.map((each) => `x.pe=${each}`),
    ];
    return `magnet:?${parts.join('&')}`;
  }

  /** Writes the `.torrent` there. */
  save(file: string): string {
    writeFileSync(file, this.bytes);
    return file;
  }
}

/** Hashes files into a torrent. It names nobody who is not of the lab. */
export async function makeTorrent(
  files: string | readonly string[],
  options: TorrentOptions = {},
): Promise<LabTorrent> {
  const [create, bencode] = await Promise.all([loadCreateTorrent(), loadBencode()]);
  const list = typeof files === 'string' ? [files] : [...files];
  const name = options.name ?? basename(list[0] ?? '');
  const bytes = await new Promise<Uint8Array>((done, fail) =>
    create(
      list.length === 1 && typeof files === 'string' ? files : list,
      {
        name,
        pieceLength: options.pieceLength ?? 262_144,
        private: options.isPrivate === true,
        announceList: (options.trackers ?? []).map((each) => [each]),
        urlList: options.webSeeds ?? [],
        createdBy: 'lab',
        creationDate: new Date(0),
      },
      (error, torrent) => (error ? fail(error) : done(torrent)),
    ),
  );
  return new LabTorrent(bencode.decode(bytes), list, (value) => bencode.encode(value));
}
