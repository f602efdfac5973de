import { connect, isIP, type LookupFunction, type Socket } from 'node:net';
import type { Clock } from '@kinoport/core';
import { type Dialer, type DialTimeouts, type Outcome, parseAddress, type Way } from './connections.ts';
import type { Peer, PeerSource, Wire, WtClient, WtTorrent } from './webtorrent.ts';

export interface TorrentDialerOptions {
  readonly clock: Clock;
  readonly client: WtClient;
  /** For peers that are named by a name. */
  readonly lookup: LookupFunction;
  /** `undefined` when nobody is to be called any more. */
  readonly torrent: () => WtTorrent | undefined;
  /** Whether bytes of this peer were of any use. */
  readonly isUseful: (wire: Wire) => boolean;
}

/** Makes connections for a torrent of webtorrent, in the way that is asked for and not in the one that it would take. */
export class TorrentDialer implements Dialer {
  readonly #options: TorrentDialerOptions;

  constructor(options: TorrentDialerOptions) {
    this.#options = options;
  }

  dial(
    address: string,
    way: Way,
    source: PeerSource,
    timeouts: DialTimeouts,
    done: (outcome: Outcome) => void,
  ): boolean {
    const { clock, isUseful } = this.#options;
    const torrent = this.#options.torrent();
    const at = parseAddress(address);
    if (!at || !torrent || isConnected(torrent, address)) return false;
    const peer = torrent._addPeer(address, way === 'utp' ? 'utp' : 'tcp', source);
    // Nobody drains the queue that it was put into as well.
    if (torrent._queue) torrent._queue.length = 0;
    if (!peer) return false;
    peer.secure = way === 'mse' ? 1 : 0;

    let wire: Wire | null = null;
    let isThrough = false;
    let isOver = false;
    const conn = this.#connect(way, at);
    peer.conn = conn;
    let timer = clock.after(timeouts.connect, () => peer.destroy(new Error('connect timeout')));
    conn.once('connect', () => {
      if (peer.destroyed) return;
      isThrough = true;
      void timer.dispose();
      timer = clock.after(timeouts.handshake, () => peer.destroy(new Error('handshake timeout')));
      peer.onConnect();
      wire = peer.wire;
      wire?.once('handshake', () => void timer.dispose());
    });
    conn.on('error', (error: Error) => peer.destroy(error));
    conn.once('close', () => {
      void timer.dispose();
      peer.destroy();
      if (isOver) return;
      isOver = true;
      if (wire && wire.peerId !== null) done({ lost: true, useful: isUseful(wire) });
      else done(isThrough ? 'refused' : 'unreachable');
    });
    return true;
  }

  #connect(way: Way, { host, port }: { readonly host: string; readonly port: number }): Socket {
    const { client, lookup } = this.#options;
    const server = client._utpServer;
    // It would resolve a name by itself.
    if (way === 'utp' && server && isIP(host) !== 0) return server.connect(port, host);
    return connect({ host, port, noDelay: true, lookup });
  }
}

function isConnected(torrent: WtTorrent, address: string): boolean {
  for (const peer of torrent._peers?.values() ?? [])
    if (peer.wire && listeningAddress(peer, peer.wire) === address) return true;
  return false;
}

/** Where others reach a peer: what we reached it at, or the port that it says. */
export function listeningAddress(peer: Peer, wire: Wire): string | undefined {
  if (peer.type.includes('Outgoing')) return peer.addr ?? undefined;
  const { p } = wire.peerExtendedHandshake;
  const host = wire.remoteAddress?.replace(/^::ffff:/, '');
  if (host === undefined || typeof p !== 'number' || !Number.isInteger(p) || p < 1 || p > 65_535)
    return undefined;
  return host.includes(':') ? `[${host}]:${p}` : `${host}:${p}`;
}
