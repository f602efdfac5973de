import { parseSubtitleName, type SubtitleTags } from '@kinoport/core';
import type { TorrentFile } from '../torrent.ts';
import { extensionOf, mediaType, stemOf, subtitleType } from './mediaTypes.ts';
import { comparePaths } from './order.ts';

/** A subtitle file of the torrent that belongs to a media file. */
export interface TorrentSubtitle extends SubtitleTags {
  readonly file: TorrentFile;
  readonly mime: string;
}

/** The media files of a folder: their names without extension, and the one beside which the others are small. */
interface MediaFolder {
  readonly stems: Set<string>;
  readonly lengths: { readonly stem: string; readonly length: number }[];
}

const FOLDERS = ['sub', 'subs', 'subtitle', 'subtitles'];
/** Each is fetched whole before the film: no more than a person would choose from. */
const LIMIT = 50;
const MAX_LENGTH = 16 * 1024 * 1024;

/**
 * The subtitles of media files: `Film.srt` and `Film.en.forced.ass` beside it, the same in `Subs/`, all of `Subs/Film/`,
 * and everything in its folder and in `Subs/` when the film lies alone there. Each file is looked at once, as a torrent
 * may have 100 000 of them.
 */
export class Subtitles {
  readonly #media = new Map<string, MediaFolder>();
  readonly #owned = new Map<string, TorrentSubtitle[]>();

  constructor(files: readonly TorrentFile[]) {
    for (const { path, length } of files) {
      if (mediaType(path) === undefined) continue;
      const [folder, stem] = keyOf(path);
      const known = this.#media.get(folder) ?? { stems: new Set(), lengths: [] };
      known.stems.add(stem);
      known.lengths.push({ stem, length });
      this.#media.set(folder, known);
    }
    // VobSub is a pair of files; a player that is given one by its address does not find the other.
    const indexes = new Set(
      files.filter(({ path }) => extensionOf(path) === 'idx').map(({ path }) => stemOf(path)),
    );
    for (const file of files) {
      const mime = subtitleType(file.path);
      if (mime === undefined || file.isPadding || file.length === 0 || file.length > MAX_LENGTH) continue;
      if (extensionOf(file.path) === 'sub' && indexes.has(stemOf(file.path))) continue;
      this.#assign(file, mime);
    }
  }

  of(media: TorrentFile): readonly TorrentSubtitle[] {
    const found = this.#owned.get(keyOf(media.path).join('/')) ?? [];
    return found.sort((a, b) => comparePaths(a.file.path, b.file.path)).slice(0, LIMIT);
  }

  #assign(file: TorrentFile, mime: string): void {
    const [folder, stem] = keyOf(file.path);
    const inside = this.#ownerIn(folder, stem);
    if (inside !== undefined) {
      this.#add(folder, inside, stem, file, mime);
      return;
    }
    const [parent, name] = split(folder);
    if (FOLDERS.includes(name)) {
      const owner = this.#ownerIn(parent, stem);
      if (owner !== undefined) this.#add(parent, owner, stem, file, mime);
      return;
    }
    const [above, subs] = split(parent);
    if (FOLDERS.includes(subs) && this.#media.get(above)?.stems.has(name))
      this.#add(above, name, stem, file, mime);
  }

  /** The longest name of a media file that the name of a subtitle file begins with; else the only film there is. */
  #ownerIn(folder: string, stem: string): string | undefined {
    const media = this.#media.get(folder);
    if (!media) return undefined;
    if (media.stems.has(stem)) return stem;
    for (let end = stem.length - 1; end > 0; end--)
      if (/[\s._\-([]/.test(stem.charAt(end)) && media.stems.has(stem.slice(0, end)))
        return stem.slice(0, end);
    if (media.lengths.length > 20) return undefined;
    const [first, second] = media.lengths.toSorted((a, b) => b.length - a.length);
    return second === undefined || second.length < (first?.length ?? 0) * 0.05 ? first?.stem : undefined;
  }

  #add(folder: string, owner: string, stem: string, file: TorrentFile, mime: string): void {
    const key = `${folder}/${owner}`;
    const [, name] = split(file.path);
    const own = stemOf(name);
    const tags = parseSubtitleName(stem.startsWith(owner) ? own.slice(owner.length) : own);
    const list = this.#owned.get(key);
    if (list) list.push({ file, mime, ...tags });
    else this.#owned.set(key, [{ file, mime, ...tags }]);
  }
}

/** Folder and name without extension, as they are compared. */
function keyOf(path: string): readonly [folder: string, stem: string] {
  const [folder, name] = split(path);
  return [folder.toLowerCase(), stemOf(name).toLowerCase()];
}

function split(path: string): readonly [folder: string, name: string] {
  const slash = path.lastIndexOf('/');
  return [slash < 0 ? '' : path.slice(0, slash), path.slice(slash + 1)];
}
