import type { PieceStore } from '../store/ports.ts';
import type { UploadGate } from './uploads.ts';
import type { ChunkStore } from './webtorrent.ts';

/**
 * Our pieces as webtorrent reads them for others, at the rate that others are given. It never writes any.
 * @param storeOf `undefined` while there are none
 */
export function chunksOf(
  storeOf: () => PieceStore | undefined,
  gate: UploadGate,
): new (
  chunkLength: number,
) => ChunkStore {
  return class implements ChunkStore {
    readonly chunkLength: number;

    constructor(chunkLength: number) {
      this.chunkLength = chunkLength;
    }

    get: ChunkStore['get'] = (piece, options, done) => {
      const { offset = 0, length = 0 } = options ?? {};
      if (!storeOf()?.has(piece)) {
        done(new Error('It is not here.'));
        return;
      }
      gate.pass(length, () => {
        const store = storeOf();
        if (!store?.has(piece)) {
          done(new Error('It is not here any more.'));
          return;
        }
        store.read(piece, offset, length).then(
          (bytes) => done(null, bytes),
          () => done(new Error('It cannot be read.')),
        );
      });
    };

    put: ChunkStore['put'] = (_piece, _bytes, done) => done(new Error('Pieces do not come this way.'));
    close: ChunkStore['close'] = (done) => done();
    destroy: ChunkStore['destroy'] = (done) => done();
  };
}
