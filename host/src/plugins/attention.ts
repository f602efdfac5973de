import { type AttentionRequest, type Disposable, Emitter, type Event } from '@kinoport/core';
import Type from 'typebox';
import type { Logger } from '../log/logger.ts';
import type { Redactor } from '../log/redactor.ts';
import type { Peer } from '../rpc/peer.ts';
import type { AttentionNote } from '../rpc/protocol.ts';
import type { PluginCalls } from './calls.ts';
import { checkedSchema } from './validation.ts';

const sentence = Type.String({ minLength: 1, maxLength: 500 });
const note = checkedSchema<AttentionNote>(() =>
  Type.Object({
    request: Type.Union([
      Type.Null(),
      Type.Object({
        code: Type.String({ pattern: '^[A-Z][A-Z0-9_]{1,63}$' }),
        message: sentence,
        action: Type.Optional(sentence),
      }),
    ]),
  }),
);

/** What a plugin asks of the user has changed; `null`: nothing any more. */
export interface AttentionChange {
  /** Id of the plugin. */
  readonly plugin: string;
  readonly request: AttentionRequest | null;
}

/**
 * What plugins ask of the user. A request lives as long as the process that made it: while two generations of a plugin
 * run the later one counts, and when that one fails, what the one before asked for.
 */
export class AttentionBoard implements Disposable {
  readonly #requests = new Map<string, Map<Peer, AttentionRequest>>();
  readonly #changed = new Emitter<AttentionChange>();
  readonly #followed = new WeakSet<Peer>();
  readonly #redactor: Redactor;

  readonly onDidChange: Event<AttentionChange> = this.#changed.event;

  constructor(calls: PluginCalls, log: Logger, redactor: Redactor) {
    this.#redactor = redactor;
    calls.onNote(
      'attention/changed',
      note,
      ({ request }, plugin, peer) => this.#heard(plugin.id, peer, request),
      (plugin, problem) =>
        log.warn(`plugin ${plugin.id} asked for attention in a way that is not of the contract`, { problem }),
    );
  }

  /** What a plugin asks for now. */
  of(plugin: string): AttentionRequest | null {
    return [...(this.#requests.get(plugin)?.values() ?? [])].at(-1) ?? null;
  }

  dispose(): void {
    this.#changed.dispose();
    this.#requests.clear();
  }

  #heard(plugin: string, peer: Peer, request: AttentionRequest | null): void {
    if (peer.isClosed) return;
    const before = this.of(plugin);
    const requests = this.#requests.get(plugin) ?? new Map<Peer, AttentionRequest>();
    if (request === null) requests.delete(peer);
    else {
      if (!this.#followed.has(peer)) {
        this.#followed.add(peer);
        peer.onDidClose(() => this.#heardEnd(plugin, peer));
      }
      const { code, message, action } = this.#redactor.redactData(request);
      requests.set(peer, { code, message, ...(action === undefined ? {} : { action }) });
    }
    this.#requests.set(plugin, requests);
    this.#tell(plugin, before);
  }

  #heardEnd(plugin: string, peer: Peer): void {
    const before = this.of(plugin);
    this.#requests.get(plugin)?.delete(peer);
    this.#tell(plugin, before);
  }

  #tell(plugin: string, before: AttentionRequest | null): void {
    const request = this.of(plugin);
    if (request === before || JSON.stringify(request) === JSON.stringify(before)) return;
    this.#changed.fire({ plugin, request });
  }
}
