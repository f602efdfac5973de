import {
  type Clock,
  type Disposable,
  type Item,
  KinoportError,
  type Log,
  type PublishedStream,
  type SourceOpenOptions,
  type SourceStream,
  type StreamRecord,
  type StreamStats,
  type Streams,
} from '@kinoport/core';
import { addressKey } from '../contentKey.ts';
import { extensionOf, mediaKind, typeOfName } from '../media.ts';
import { parseName } from '../names/parse.ts';
import type { PlaylistEntry } from '../playlist/m3u.ts';
import { nameOfAddress, parseAddress } from './address.ts';
import type { HttpClient } from './client.ts';
import type { Credentials } from './credentials.ts';
import { RateMeter } from './rate.ts';
import { readResource } from './reader.ts';
import { type Discovery, discover, type HttpResource } from './resource.ts';
import { HttpTarget } from './target.ts';

interface OpenStream {
  readonly published: PublishedStream;
  readonly rate: RateMeter;
}

interface Known {
  readonly target: HttpTarget;
  readonly resource: HttpResource;
  readonly at: number;
}

/** What `resolve` found out is good enough for an `open` that follows soon. */
const KNOWN_FOR_MS = 60_000;
const KNOWN_LIMIT = 200;

/** Plain http and https addresses: items out of them, and their bytes through the stream front. */
export class HttpFiles implements Disposable {
  readonly #client: HttpClient;
  readonly #credentials: Credentials;
  readonly #streams: Streams;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #known = new Map<string, Known>();
  readonly #open = new Map<string, OpenStream>();

  constructor(options: {
    readonly client: HttpClient;
    readonly credentials: Credentials;
    readonly streams: Streams;
    readonly clock: Clock;
    readonly log: Log;
  }) {
    this.#client = options.client;
    this.#credentials = options.credentials;
    this.#streams = options.streams;
    this.#clock = options.clock;
    this.#log = options.log;
  }

  /** What stands behind an address, and the address without its secrets. */
  async discover(
    uri: string,
    signal?: AbortSignal,
  ): Promise<{ readonly url: URL; readonly found: Discovery }> {
    const url = await this.#credentials.take(parseAddress(uri));
    const target = new HttpTarget(this.#client, this.#credentials, url);
    const found = await discover(target, { clock: this.#clock, signal });
    if (found.type === 'media') this.#remember(target, found.resource);
    return { url, found };
  }

  /** The item of an address that was looked at. */
  item(url: URL, resource: HttpResource): Item {
    const [key, ...keys] = resource.keys;
    return {
      key,
      ...(keys.length > 0 ? { keys } : {}),
      uri: url.href,
      ...parseName(resource.name, [], resource.kind),
      kind: resource.kind,
      ...(resource.size === undefined ? {} : { size: resource.size }),
      mime: resource.type,
      ...(resource.live ? { live: true } : {}),
    };
  }

  /** The item of an address in a playlist: no server is asked before it is opened. */
  async listedItem(address: URL, entry: PlaylistEntry): Promise<Item> {
    const url = await this.#credentials.take(address);
    const name = nameOfAddress(url);
    const kind = mediaKind(name) ?? 'video';
    const parsed = parseName(name, [], kind);
    const mime = typeOfName(name);
    return {
      key: addressKey(url),
      uri: url.href,
      ...parsed,
      title: entry.title ?? parsed.title,
      kind,
      ...(entry.duration === undefined ? {} : { duration: entry.duration }),
      ...(mime === undefined ? {} : { mime }),
      ...(entry.art === undefined ? {} : { art: entry.art }),
      // Lists of channels give -1, but so do lists of films whose length their maker did not know.
      ...(entry.endless && mediaKind(name) === undefined ? { live: true } : {}),
    };
  }

  async open(item: Item, options: SourceOpenOptions): Promise<SourceStream> {
    const { target, resource } = await this.#lookUp(item.uri, options.signal);
    // Without ranges the size is not published: a player would seek, and each seek would read from the start.
    const size = resource.ranges ? resource.size : undefined;
    const extension = extensionOf(resource.name);
    await this.#publish(options.streamId, target, {
      ...resource,
      name: extension === '' ? 'stream' : `stream.${extension}`,
    });
    return {
      location: { type: 'published' },
      ...(size === undefined ? {} : { size }),
      mime: resource.type,
      validators: resource.validators,
      record: {
        type: resource.type,
        extension,
        ranges: resource.ranges,
        ...(resource.size === undefined ? {} : { length: resource.size }),
      },
    };
  }

  /** No server is asked: each read compares size and validators, and a film goes on once the origin is back. */
  async reopen(record: StreamRecord): Promise<SourceStream> {
    const { type, extension, ranges, length } = record.record;
    if (typeof type !== 'string' || typeof extension !== 'string' || typeof ranges !== 'boolean')
      throw new KinoportError('INVALID_ARGUMENT', 'The record of the stream is not one of this source.', {
        hint: 'Play the address again.',
      });
    const url = await this.#credentials.take(parseAddress(record.item.uri));
    const target = new HttpTarget(this.#client, this.#credentials, url);
    const size = typeof length === 'number' ? length : undefined;
    const validators = record.validators ?? {};
    await this.#publish(record.streamId, target, {
      name: extension === '' ? 'stream' : `stream.${extension}`,
      type,
      ranges,
      validators,
      ...(size === undefined ? {} : { size }),
    });
    return {
      location: { type: 'published' },
      ...(ranges && size !== undefined ? { size } : {}),
      mime: type,
      validators,
      record: record.record,
    };
  }

  owns(streamId: string): boolean {
    return this.#open.has(streamId);
  }

  stats(streamId: string): StreamStats {
    const stream = this.#open.get(streamId);
    return stream ? { downloadRate: stream.rate.bytesPerSecond } : {};
  }

  async release(streamId: string): Promise<void> {
    const stream = this.#open.get(streamId);
    this.#open.delete(streamId);
    await stream?.published.dispose();
  }

  async dispose(): Promise<void> {
    // Published streams belong to the playback session; the host disposes its side of them with the context.
    this.#open.clear();
    await this.#client.dispose();
  }

  async #publish(
    streamId: string,
    target: HttpTarget,
    resource: Pick<HttpResource, 'name' | 'type' | 'size' | 'ranges' | 'validators'>,
  ): Promise<void> {
    await this.release(streamId);
    const rate = new RateMeter(this.#clock);
    const { size, ranges, validators } = resource;
    const published = await this.#streams.publish({
      id: streamId,
      ...(ranges && size !== undefined ? { size } : {}),
      type: resource.type,
      name: resource.name,
      validators,
      read: (start, end, signal) =>
        readResource({
          target,
          clock: this.#clock,
          log: this.#log,
          ...(size === undefined ? {} : { size }),
          ranges,
          validators,
          start,
          ...(end === undefined ? {} : { end }),
          signal,
          onBytes: (count) => rate.add(count),
        }),
    });
    this.#open.set(streamId, { published, rate });
  }

  async #lookUp(uri: string, signal?: AbortSignal): Promise<Known> {
    const known = this.#known.get(parseAddress(uri).href);
    if (known && this.#clock.now() - known.at < KNOWN_FOR_MS) return known;
    const { url, found } = await this.discover(uri, signal);
    const fresh = this.#known.get(url.href);
    if (found.type === 'media' && fresh) return fresh;
    throw new KinoportError(
      'SOURCE_UNSUPPORTED',
      'The address leads to a playlist, which is not played as one.',
      {
        hint: 'Play the playlist by its own address.',
      },
    );
  }

  #remember(target: HttpTarget, resource: HttpResource): void {
    const oldest = this.#known.keys().next().value;
    if (this.#known.size >= KNOWN_LIMIT && oldest !== undefined) this.#known.delete(oldest);
    this.#known.set(target.address.href, { target, resource, at: this.#clock.now() });
  }
}
