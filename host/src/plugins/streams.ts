import { realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type Disposable, KinoportError } from '@kinoport/core';
import type { Peer } from '../rpc/peer.ts';
import type { PublishParams, PublishResult } from '../rpc/protocol.ts';
import { newStreamId } from '../streams/address.ts';
import type { StreamFront } from '../streams/front.ts';
import type { PluginCalls } from './calls.ts';
import { demandOf } from './permissions/refusal.ts';
import type { Plugin } from './plugin.ts';
import { checks } from './schemas.ts';

/** A library of films is opened one at a time; this is more than any plugin needs. */
const MOST_STREAMS = 1000;

interface Published {
  readonly plugin: Plugin;
  readonly url: string;
  readonly content: Pick<PublishParams, 'size' | 'validators'>;
  /** Where each generation that serves it does so, until its pipe is closed. */
  readonly sockets: Map<Peer, { readonly path: string; readonly closing: Disposable }>;
  /** Held by a playback session: lives on when the generation that published it goes. */
  kept: boolean;
}

/** What plugins have published at the stream front, over all their generations. */
export class PublishedStreams {
  readonly #front: StreamFront;
  readonly #calls: PluginCalls;
  readonly #runtimeFolder: (pluginId: string) => string;
  readonly #published = new Map<string, Published>();
  readonly #kept = new Set<string>();

  /** @param runtimeFolder the folder that the sockets of a plugin of that id have to lie in */
  constructor(front: StreamFront, calls: PluginCalls, runtimeFolder: (pluginId: string) => string) {
    this.#runtimeFolder = runtimeFolder;
    this.#calls = calls;
    this.#front = front;
    calls.onCall(
      'streams/publish',
      async (params, plugin, _signal, peer) => this.#publish(params, plugin, peer),
      checks.publish,
    );
    calls.onCall(
      'streams/unpublish',
      async ({ id }, _plugin, _signal, peer) => this.#leave(id, peer),
      checks.unpublish,
    );
  }

  /** A playback session holds the stream: neither a crash nor the end of a generation takes it away. */
  keep(id: string): void {
    this.#kept.add(id);
    const entry = this.#published.get(id);
    if (entry) entry.kept = true;
  }

  letGo(id: string): void {
    this.#kept.delete(id);
    this.#remove(id);
  }

  /** Whether the generation behind this pipe serves it. */
  isServed(id: string, peer: Peer): boolean {
    return this.#published.get(id)?.sockets.has(peer) ?? false;
  }

  /** @throws KinoportError `STREAM_NOT_FOUND` */
  url(id: string): string {
    const entry = this.#published.get(id);
    if (!entry)
      throw new KinoportError('STREAM_NOT_FOUND', 'The source said that it published the item, and did not.');
    return entry.url;
  }

  /** A read that failed and after which nothing more was served: the stream broke there. */
  failure(id: string): KinoportError | undefined {
    if (!this.#published.has(id)) return undefined;
    const last = this.#front.failedReads(id).at(-1);
    return last && (this.#front.reads(id)?.offset ?? 0) <= last.offset ? last.error : undefined;
  }

  #publish(params: PublishParams & { readonly id?: string }, plugin: Plugin, peer: Peer): PublishResult {
    demandOf('publish', this.#calls.asker(peer));
    const { socketPath, ...rest } = params;
    this.#checkSocket(socketPath, plugin.id);
    const id = params.id ?? newStreamId();
    const before = this.#published.get(id);
    if (before && before.plugin !== plugin) {
      throw new KinoportError('INVALID_ARGUMENT', 'The stream id belongs to another plugin.');
    }
    if (!before && this.#countOf(plugin) >= MOST_STREAMS) {
      throw new KinoportError(
        'STORAGE_LIMIT',
        `A plugin publishes at most ${MOST_STREAMS} streams at once.`,
        {
          hint: 'Dispose those that nobody reads any more.',
        },
      );
    }
    const content = { size: rest.size, validators: rest.validators };
    // The front would break off what is being read; the generation that serves it now goes on.
    if (before && before.sockets.size > 0 && !isDeepStrictEqual(content, before.content)) {
      throw new KinoportError(
        'SOURCE_CHANGED',
        'The new generation has other content under the same stream.',
      );
    }
    const sockets: Published['sockets'] = before?.sockets ?? new Map();
    const owner = {
      acquire: async (signal: AbortSignal) => {
        const served = sockets.get((await plugin.current(signal)).peer);
        if (served) return { socketPath: served.path };
        throw new KinoportError('STREAM_NOT_FOUND', 'The source has not opened the stream again.');
      },
    };
    // What the front refuses is served by nobody.
    const url = this.#front.register({ ...rest, id, owner });
    void sockets.get(peer)?.closing.dispose();
    sockets.set(peer, { path: socketPath, closing: peer.onDidClose(() => this.#leave(id, peer)) });
    if (!before) this.#published.set(id, { plugin, url, content, sockets, kept: this.#kept.has(id) });
    return { id, url };
  }

  /** The host would connect on the plugin's behalf to what the plugin itself may not reach: another's socket. */
  #checkSocket(path: string, pluginId: string): void {
    const isOwn =
      process.platform === 'win32'
        ? /^\\\\\.\\pipe\\kinoport-[0-9a-f]{16}$/.test(path)
        : dirname(path) === realpathSync(this.#runtimeFolder(pluginId));
    if (isOwn) return;
    throw new KinoportError(
      'PERMISSION_DENIED',
      "A stream is served on a socket in the plugin's own runtime folder.",
      {
        hint: 'Publish through ctx.streams.publish, which makes one.',
      },
    );
  }

  #countOf(plugin: Plugin): number {
    return [...this.#published.values()].filter((each) => each.plugin === plugin).length;
  }

  /** A generation serves it no more; where none does and nobody holds it, it is gone. */
  #leave(id: string, peer: Peer): void {
    const entry = this.#published.get(id);
    void entry?.sockets.get(peer)?.closing.dispose();
    if (entry?.sockets.delete(peer) && entry.sockets.size === 0 && !entry.kept) this.#remove(id);
  }

  #remove(id: string): void {
    const entry = this.#published.get(id);
    if (!entry) return;
    this.#published.delete(id);
    for (const { closing } of entry.sockets.values()) void closing.dispose();
    this.#front.unregister(id);
  }
}
