// @ts-check
/** @import { MakeConformance } from '@kinoport/core/conformance' */
import { createHash, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import bencode from 'bencode';
import Protocol from 'bittorrent-protocol';

const PIECE = 65_536;
const METADATA_PIECE = 16_384;
const { encode, decode } = /** @type {any} */ (bencode);

/**
 * For `kinoport plugin test`: a swarm on loopback with a film and five episodes, found by a tracker.
 * @type {MakeConformance}
 */
export default async function conformance({ folder, film, own }) {
  const bytes = await readFile(film);
  const numbers = ['01', '02', '03', '04', '10'];
  // Each its own content: what is the same film has the same key.
  const episodes = numbers.map((n) => ({
    name: `Show S01E${n}.mkv`,
    bytes: Buffer.from(`${n}${'x'.repeat(PIECE)}`),
  }));
  const single = torrentOf('Film.mkv', [{ name: 'Film.mkv', bytes }]);
  const show = torrentOf('Show', episodes);
  const text = torrentOf('read.txt', [{ name: 'read.txt', bytes: Buffer.from('Nothing to play.') }]);
  const port = await seed([single, show, text], own);
  const tracker = await track(port, own);
  const showFile = join(folder, 'show.torrent');
  const textFile = join(folder, 'text.torrent');
  await writeFile(showFile, show.file);
  await writeFile(textFile, text.file);
  return {
    config: {
      ...{ accepted: true, dht: false, localPeers: false, portMapping: false, utp: false },
      // Also the reason why it is asked on loopback at all.
      trackers: [tracker],
    },
    sources: {
      torrent: {
        samples: [
          { uri: `magnet:?xt=urn:btih:${single.infohash}&dn=Film`, kind: 'single', bytes },
          { uri: showFile, kind: 'folder', titles: numbers.map((n) => `Show - S01E${n}`) },
        ],
        missing: join(folder, 'missing.torrent'),
        empty: textFile,
      },
    },
  };
}

/**
 * @param {string} name
 * @param {readonly { readonly name: string, readonly bytes: Buffer }[]} files
 */
function torrentOf(name, files) {
  const bytes = Buffer.concat(files.map((file) => file.bytes));
  /** @type {Buffer[]} */
  const hashes = [];
  for (let at = 0; at < bytes.length; at += PIECE)
    hashes.push(
      createHash('sha1')
        .update(bytes.subarray(at, at + PIECE))
        .digest(),
    );
  const isSingle = files.length === 1 && files[0]?.name === name;
  const what = isSingle
    ? { length: bytes.length }
    : { files: files.map((file) => ({ length: file.bytes.length, path: [file.name] })) };
  const info = { ...what, name, 'piece length': PIECE, pieces: Buffer.concat(hashes) };
  const metadata = Buffer.from(encode(info));
  const infohash = createHash('sha1').update(metadata).digest('hex');
  return { bytes, metadata, infohash, file: encode({ info }) };
}

/**
 * A peer that has all of these torrents.
 * @param {readonly ReturnType<typeof torrentOf>[]} torrents
 * @param {Parameters<MakeConformance>[0]['own']} own
 */
async function seed(torrents, own) {
  const peerId = randomBytes(20).toString('hex');
  /** @type {Set<import('node:net').Socket>} */
  const sockets = new Set();
  const server = createServer((socket) => {
    sockets.add(socket);
    const wire = new /** @type {any} */ (Protocol)('tcpIncoming', 0);
    socket.on('data', (data) => wire.write(data));
    socket.on('error', () => wire.destroy());
    socket.once('close', () => wire.destroy());
    wire.on('data', (/** @type {Uint8Array} */ data) => socket.write(data));
    wire.on('error', () => socket.destroy());
    wire.once('close', () => socket.destroy());
    wire.once('handshake', (/** @type {string} */ infohash) => {
      const torrent = torrents.find((each) => each.infohash === infohash);
      if (!torrent) return socket.destroy();
      wire.use(metadataOf(torrent.metadata));
      wire.handshake(infohash, peerId, { fast: true, dht: false });
      wire.haveAll();
      wire.on('interested', () => wire.unchoke());
      wire.on('request', (/** @type {[piece: number, offset: number, length: number]} */ ...asked) => {
        const [piece, offset, length] = asked;
        const start = piece * PIECE + offset;
        wire.piece(piece, offset, torrent.bytes.subarray(start, start + length));
      });
      return undefined;
    });
  });
  own({
    dispose() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  });
  return listen(server);
}

/**
 * What is in a torrent, for who asks (BEP 9), in the form of an extension of bittorrent-protocol.
 * @param {Buffer} metadata
 */
function metadataOf(metadata) {
  class Metadata {
    /** @param {any} wire */
    constructor(wire) {
      this.wire = wire;
      wire.extendedHandshake.metadata_size = metadata.length;
    }

    /** @param {Uint8Array} message */
    onMessage(message) {
      const { msg_type: type, piece } = decode(message);
      if (type !== 0) return;
      const head = encode({ msg_type: 1, piece, total_size: metadata.length });
      const part = metadata.subarray(piece * METADATA_PIECE, (piece + 1) * METADATA_PIECE);
      this.wire.extended('ut_metadata', Buffer.concat([head, part]));
    }
  }
  Object.defineProperty(Metadata.prototype, 'name', { value: 'ut_metadata' });
  return Metadata;
}

/**
 * A tracker that knows one peer of everything.
 * @param {number} port
 * @param {Parameters<MakeConformance>[0]['own']} own
 */
async function track(port, own) {
  const peers = Buffer.from([127, 0, 0, 1, port >> 8, port & 255]);
  const server = createHttpServer((_request, response) => response.end(encode({ interval: 1800, peers })));
  own({
    dispose() {
      server.close();
      server.closeAllConnections();
    },
  });
  return `http://127.0.0.1:${await listen(server)}/announce`;
}

/** @param {import('node:net').Server} server */
async function listen(server) {
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
}
