import { EventEmitter } from 'node:events';
import type { Clock, Disposable } from '@kinoport/core';
import { BencodeError, decodeBencode, isBytes, isDictionary } from '../address/bencode.ts';
import { isGlobal } from '../net/addresses.ts';
import { compactOf, peersOfCompact } from '../net/compact.ts';
import { parseAddress } from './connections.ts';
import type { Wire, WireExtension } from './webtorrent.ts';

export interface PeerExchangeOptions {
  readonly clock: Clock;
  /** Where others reach the peer of a wire; `undefined` when nobody knows. */
  readonly addressOf: (wire: Wire) => string | undefined;
  readonly isBanned: (address: string) => boolean;
}

/** Peers in a message, either way, each of added and dropped (BEP 11). */
export const MOST_PEERS = 50;
/** Bytes of a message with that many peers of both families, twice. */
const LONGEST = 4096;
/** Milliseconds. Others end connections on which messages come within a minute. */
const SEND_EACH = 65_000;
/** A minute is less on many a network. */
const TAKE_EACH = 45_000;
/** Peers that come and go together go into one message. Milliseconds. */
const GATHERING = 1000;
/** Peers that we have from another one are no news to it. */
const MOST_HEARD = 1000;

const REACHABLE = 0x10;
const SEED = 0x02;

interface Known {
  readonly wire: Wire;
  readonly flags: number;
}

/**
 * Peers that are connected, told to each other (ut_pex, BEP 11): in place of webtorrent's, which listens and never says
 * anything.
 */
export class PeerExchange implements Disposable {
  readonly options: PeerExchangeOptions;
  readonly #peers = new Set<ExchangingPeer>();
  #isOpen = false;

  constructor(options: PeerExchangeOptions) {
    this.options = options;
  }

  /** From now on it tells; before it is known that the torrent is not private nothing may be told. */
  open(): void {
    this.#isOpen = true;
    this.changed();
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** What is given to `Wire.use`. */
  extension(): WireExtension {
    const exchange = this;
    const bound = class extends ExchangingPeer {
      constructor(wire: Wire) {
        super(wire, exchange);
      }
    };
    return bound as typeof bound & WireExtension;
  }

  join(peer: ExchangingPeer): void {
    this.#peers.add(peer);
  }

  leave(peer: ExchangingPeer): void {
    if (this.#peers.delete(peer)) this.changed();
  }

  changed(): void {
    if (this.#isOpen) for (const peer of this.#peers) peer.tellSoon();
  }

  /** Who is connected and can be called, apart from whoever is to be told. */
  known(but: Wire): ReadonlyMap<string, Known> {
    const { addressOf, isBanned } = this.options;
    const found = new Map<string, Known>();
    for (const { wire } of this.#peers) {
      const address = wire === but || wire.destroyed ? undefined : addressOf(wire);
      if (address === undefined || isBanned(address)) continue;
      const flags = (wire.type.includes('Outgoing') ? REACHABLE : 0) | (wire.isSeeder ? SEED : 0);
      found.set(address, { wire, flags });
    }
    return found;
  }

  dispose(): void {
    this.#isOpen = false;
    for (const peer of this.#peers) peer.reset();
    this.#peers.clear();
  }
}

/** One peer's side of it, in the form of an extension of bittorrent-protocol. */
class ExchangingPeer extends EventEmitter {
  readonly wire: Wire;
  readonly #exchange: PeerExchange;
  readonly #told = new Set<string>();
  readonly #heard = new Set<string>();
  #speaks = false;
  #sentAt = Number.NEGATIVE_INFINITY;
  #heardAt = Number.NEGATIVE_INFINITY;
  #timer: Disposable | undefined;
  #isOver = false;

  constructor(wire: Wire, exchange: PeerExchange) {
    super();
    this.wire = wire;
    this.#exchange = exchange;
    exchange.join(this);
  }

  onExtendedHandshake(handshake: Readonly<Record<string, unknown>>): void {
    const { m } = handshake;
    const id: unknown = typeof m === 'object' && m !== null ? Reflect.get(m, 'ut_pex') : undefined;
    this.#speaks = typeof id === 'number' && id > 0;
    // The port at which it can be called is known now as well.
    this.#exchange.changed();
  }

  onMessage(message: Uint8Array): void {
    const now = this.#exchange.options.clock.now();
    if (now - this.#heardAt < TAKE_EACH || message.length > LONGEST) return;
    this.#heardAt = now;
    for (const address of addedIn(message)) {
      if (this.#heard.has(address) || this.#heard.size >= MOST_HEARD) continue;
      this.#heard.add(address);
      this.emit('peer', address);
    }
  }

  tellSoon(): void {
    if (this.#isOver || this.#timer || !this.#speaks) return;
    const { clock } = this.#exchange.options;
    const wait = Math.max(GATHERING, this.#sentAt + SEND_EACH - clock.now());
    this.#timer = clock.after(wait, () => {
      this.#timer = undefined;
      this.#tell();
    });
  }

  /** webtorrent calls it when the connection has ended. */
  reset(): void {
    this.#isOver = true;
    void this.#timer?.dispose();
    this.#exchange.leave(this);
  }

  #tell(): void {
    const { wire } = this;
    if (this.#isOver || wire.destroyed || !this.#exchange.isOpen) return;
    const known = this.#exchange.known(wire);
    const isOutside = isGlobal(wire.remoteAddress?.replace(/^::ffff:/, '') ?? '');
    const isNews = (address: string): boolean =>
      // Addresses of a private network tell those outside something of it, and lead them nowhere.
      !this.#told.has(address) &&
      !this.#heard.has(address) &&
      (!isOutside || isGlobal(parseAddress(address)?.host ?? ''));
    const news = [...known.keys()].filter(isNews);
    const gone = [...this.#told].filter((address) => !known.has(address));
    if (news.length + gone.length === 0) return;
    const added = news.slice(0, MOST_PEERS);
    const dropped = gone.slice(0, MOST_PEERS);
    for (const address of added) this.#told.add(address);
    for (const address of dropped) this.#told.delete(address);
    this.#sentAt = this.#exchange.options.clock.now();
    wire.extended(
      'ut_pex',
      messageOf(
        added.map((address) => [address, known.get(address)?.flags ?? 0]),
        dropped,
      ),
    );
    if (news.length > MOST_PEERS || gone.length > MOST_PEERS) this.tellSoon();
  }
}
Object.defineProperty(ExchangingPeer.prototype, 'name', { value: 'ut_pex' });

/** Peers that a message adds, at most 50 of either family. */
export function addedIn(message: Uint8Array): readonly string[] {
  try {
    const root = decodeBencode(message);
    if (!isDictionary(root)) return [];
    const added = root.entries.get('added');
    const added6 = root.entries.get('added6');
    return [
      ...(isBytes(added) ? peersOfCompact(added, 4, MOST_PEERS) : []),
      ...(isBytes(added6) ? peersOfCompact(added6, 6, MOST_PEERS) : []),
    ];
  } catch (error) {
    if (error instanceof BencodeError) return [];
    throw error;
  }
}

/** A message of BEP 11. */
export function messageOf(
  added: readonly (readonly [address: string, flags: number])[],
  dropped: readonly string[],
): Buffer {
  const parts: Record<string, Buffer[]> = {
    added: [],
    'added.f': [],
    added6: [],
    'added6.f': [],
    dropped: [],
    dropped6: [],
  };
  const put = (name: 'added' | 'dropped', address: string, flags?: number): void => {
    const at = parseAddress(address);
    const compact = at && compactOf(at.host, at.port);
    if (!compact) return;
    const key = compact.length === 6 ? name : `${name}6`;
    parts[key]?.push(compact);
    if (flags !== undefined) parts[`${key}.f`]?.push(Buffer.from([flags]));
  };
  for (const [address, flags] of added) put('added', address, flags);
  for (const address of dropped) put('dropped', address);
  const entries = Object.entries(parts).map(([key, list]) => {
    const bytes = Buffer.concat(list);
    return Buffer.concat([Buffer.from(`${key.length}:${key}${bytes.length}:`), bytes]);
  });
  return Buffer.concat([Buffer.from('d'), ...entries, Buffer.from('e')]);
}
