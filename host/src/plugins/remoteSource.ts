import {
  type Clock,
  consentOf,
  type Disposable,
  type Item,
  KinoportError,
  type ResolveResult,
  type SourceStream,
  type StreamRecord,
  type StreamStats,
} from '@kinoport/core';
import type { SourceVerb } from '../rpc/protocol.ts';
import { newStreamId } from '../streams/address.ts';
import { believed } from './answers.ts';
import type { PluginCallOptions } from './blueprint.ts';
import { type HandoverReason, type Survivor, settle, TAKE_OVER_TIMEOUT } from './handover.ts';
import { patiently } from './patience.ts';
import type { Plugin } from './plugin.ts';
import type { PluginProcess } from './process.ts';
import { checks } from './schemas.ts';
import type { PublishedStreams } from './streams.ts';
import type { CheckedSchema } from './validation.ts';

const RESOLVE_TIMEOUT = 120_000;
const OPEN_TIMEOUT = 60_000;
const FORGET_TIMEOUT = 5_000;

/** Of a call that may wait for the world. */
export interface WaitOptions {
  readonly signal?: AbortSignal | undefined;
  /** Once a second while it waits. */
  readonly onStats?: ((stats: StreamStats) => void) | undefined;
}

/** Of `resolve`. */
export interface ResolveWaitOptions extends WaitOptions {
  /** As in the contract of sources. */
  readonly onlyIfCached?: boolean | undefined;
}

/** A source of a plugin, whatever generation of it runs. What it answers is checked. */
export class RemoteSource {
  readonly plugin: Plugin;
  readonly id: string;
  readonly #streams: PublishedStreams;
  readonly #clock: Clock;

  constructor(plugin: Plugin, id: string, streams: PublishedStreams, clock: Clock) {
    this.plugin = plugin;
    this.id = id;
    this.#streams = streams;
    this.#clock = clock;
  }

  async resolve(uri: string, options: ResolveWaitOptions = {}): Promise<ResolveResult> {
    const statsId = newStreamId();
    const asked = { statsId, ...(options.onlyIfCached ? { onlyIfCached: true } : {}) };
    return this.#patiently('resolve', RESOLVE_TIMEOUT, statsId, options, (signal) =>
      this.#checked(checks.resolve, 'resolve', [uri, asked], {
        timeout: Number.POSITIVE_INFINITY,
        signal,
      }),
    );
  }

  async siblings(item: Item): Promise<readonly Item[]> {
    return this.#checked(checks.items, 'siblings', [item], { timeout: RESOLVE_TIMEOUT });
  }

  async prefetch(item: Item, level: 'next' | 'warm'): Promise<void> {
    await this.#call('prefetch', [item, level], { timeout: RESOLVE_TIMEOUT });
  }

  /** `prefetch` was told of an item that does not follow. Asks only a plugin that runs. */
  async forget(item: Item): Promise<void> {
    if (this.plugin.peer) await this.#call('forget', [item], { timeout: FORGET_TIMEOUT });
  }

  async open(item: Item, options: WaitOptions = {}): Promise<RemoteStream> {
    const streamId = newStreamId();
    return this.#patiently('open', OPEN_TIMEOUT, streamId, options, (signal) =>
      this.#opened(streamId, item, 'open', [item, { streamId }], {
        timeout: Number.POSITIVE_INFINITY,
        signal,
      }),
    );
  }

  /** The stream of an earlier host, under its old id; its readers wait until it is there. */
  async reopen(record: StreamRecord): Promise<RemoteStream> {
    return this.#opened(record.streamId, record.item, 'reopen', [record], { timeout: OPEN_TIMEOUT });
  }

  /** What a player holds without this host: a local file, or bytes that cannot be had again for a reason. */
  beyond(item: Item, failure?: KinoportError): RemoteStream {
    const stream: SourceStream = { location: { type: 'path', path: item.uri } };
    return new RemoteStream(this, newStreamId(), item, stream, this.#streams, failure);
  }

  notifyPosition(
    streamId: string,
    position: { readonly seconds: number; readonly byteOffset?: number },
  ): void {
    this.plugin.peer
      ?.notify('source/position', { source: this.id, verb: 'notifyPosition', args: [streamId, position] })
      .catch(() => undefined);
  }

  stats(streamId: string): Promise<StreamStats> {
    return this.#checked(checks.stats, 'stats', [streamId], { timeout: 2_000 });
  }

  release(streamId: string): Promise<void> {
    return this.#call('release', [streamId], { timeout: 5_000 });
  }

  async #opened(
    streamId: string,
    item: Item,
    verb: 'open' | 'reopen',
    args: readonly unknown[],
    options: PluginCallOptions,
  ): Promise<RemoteStream> {
    let opener: PluginProcess | undefined;
    const onRouted = (generation: PluginProcess): void => {
      opener = generation;
    };
    const answer = await this.#checked(checks.stream, verb, args, { ...options, onRouted });
    const stream = new RemoteStream(this, streamId, item, answer, this.#streams);
    try {
      if (opener && stream.record) await settle(this.plugin, stream, opener, options.signal);
      return stream;
    } catch (error) {
      await stream.dispose();
      throw error;
    }
  }

  async #checked<T>(
    check: CheckedSchema<T>,
    verb: SourceVerb,
    args: readonly unknown[],
    options: PluginCallOptions,
  ): Promise<T> {
    return believed(check, await this.#call<unknown>(verb, args, options), `Source "${this.id}"`, verb);
  }

  async #call<T>(verb: SourceVerb, args: readonly unknown[], options: PluginCallOptions): Promise<T> {
    try {
      return await this.plugin.call<T>('source/call', { source: this.id, verb, args }, options);
    } catch (error) {
      throw namedConsent(error, this.plugin.id);
    }
  }

  #patiently<T>(
    verb: SourceVerb,
    limit: number,
    id: string,
    { signal, onStats }: WaitOptions,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const late = (): KinoportError =>
      new KinoportError(
        'PLUGIN_CALL_TIMEOUT',
        `Source "${this.id}" did not answer "${verb}" within ${limit / 1000} s.`,
      );
    const stats = (): Promise<StreamStats> => this.stats(id);
    return patiently({ clock: this.#clock, limit, signal, stats, onStats, late }, work);
  }
}

/** Whom the agreement is for, and how it is given, which a plugin cannot know. */
function namedConsent(error: unknown, plugin: string): unknown {
  const consent = consentOf(error);
  if (!consent || !(error instanceof KinoportError)) return error;
  const { code, message, hint } = error;
  return new KinoportError(code, message, {
    hint:
      hint ?? `Agree with --yes, or by "${consent.setting}": true in the config of the plugin "${plugin}".`,
    data: { consent: { plugin, ...consent } },
    cause: error,
  });
}

/** An open stream over all generations of its source. */
export class RemoteStream implements Survivor, Disposable {
  readonly source: RemoteSource;
  readonly id: string;
  readonly item: Item;
  readonly #streams: PublishedStreams;
  readonly #adopted: Disposable | undefined;
  readonly #failure: KinoportError | undefined;
  #stream: SourceStream;

  constructor(
    source: RemoteSource,
    id: string,
    item: Item,
    stream: SourceStream,
    streams: PublishedStreams,
    failure?: KinoportError,
  ) {
    this.#failure = failure;
    this.source = source;
    this.id = id;
    this.item = item;
    this.#stream = stream;
    this.#streams = streams;
    if (stream.location.type === 'published') {
      streams.keep(id);
      this.#adopted = source.plugin.adopt(this);
    }
  }

  get info(): SourceStream {
    return this.#stream;
  }

  /** What a player opens. */
  get location(): { readonly path: string } | { readonly url: string } {
    const { location } = this.#stream;
    return location.type === 'path' ? { path: location.path } : { url: this.#streams.url(this.id) };
  }

  /** For the journal; `undefined` for a local path, which needs nobody. */
  get record(): StreamRecord | undefined {
    if (this.#stream.location.type === 'path') return undefined;
    const { size, validators, record } = this.#stream;
    return {
      streamId: this.id,
      item: this.item,
      ...(size === undefined ? {} : { size }),
      ...(validators === undefined ? {} : { validators }),
      record: record ?? {},
    };
  }

  /** Why the stream broke, when it did. */
  get failure(): KinoportError | undefined {
    return this.#failure ?? this.#streams.failure(this.id);
  }

  isWith({ peer }: PluginProcess): boolean {
    return this.#streams.isServed(this.id, peer);
  }

  async takeOver(next: PluginProcess, reason: HandoverReason): Promise<() => void> {
    const params = { source: this.source.id, verb: 'reopen', args: [this.record] };
    const answer = await next.peer.call<unknown>('source/call', params, {
      timeout: TAKE_OVER_TIMEOUT[reason],
    });
    const stream = believed(checks.stream, answer, `Source "${this.source.id}"`, 'reopen');
    return () => {
      this.#stream = stream;
    };
  }

  async dispose(): Promise<void> {
    await this.#adopted?.dispose();
    this.#streams.letGo(this.id);
    if (this.source.plugin.peer) await this.source.release(this.id).catch(() => undefined);
  }
}
