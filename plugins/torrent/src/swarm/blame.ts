import { hash } from 'node:crypto';
import { BLOCK_LENGTH } from '../torrent.ts';
import type { SourceWire } from './blockWire.ts';

interface Suspicion {
  readonly block: number;
  readonly digest: string;
  readonly wire: SourceWire;
}

const MOST_PIECES = 64;

/**
 * Finds out who gives wrong bytes. Of a wrong piece that one alone gave the case is clear. Of one that several gave it
 * is clear when the piece has come again and is right: whose block differs lied. Until then one of them alone is asked
 * for that piece, or somebody else, so that each wrong piece brings the proof nearer.
 */
export class Blame {
  readonly #onLiar: (wire: SourceWire) => void;
  readonly #suspicions = new Map<number, Suspicion[]>();

  constructor(onLiar: (wire: SourceWire) => void) {
    this.#onLiar = onLiar;
  }

  /** @param wires who gave each block of it */
  wrong(piece: number, bytes: Uint8Array, wires: readonly SourceWire[]): void {
    const givers = [...new Set(wires)];
    const [only, ...others] = givers;
    if (!only) return;
    if (others.length === 0) {
      this.#onLiar(only);
      return;
    }
    const suspicions = this.#suspicions.get(piece) ?? [];
    this.#suspicions.delete(piece);
    this.#suspicions.set(piece, suspicions);
    wires.forEach((wire, block) => {
      const digest = digestOf(bytes, block);
      if (
        !suspicions.some((known) => known.block === block && known.wire === wire && known.digest === digest)
      )
        suspicions.push({ block, digest, wire });
    });
    for (const wire of others) wire.suspected.add(piece);
    if (this.#suspicions.size > MOST_PIECES) this.#forgetOldest();
  }

  right(piece: number, bytes: Uint8Array): void {
    const suspicions = this.#suspicions.get(piece);
    if (!suspicions) return;
    this.#forget(piece);
    const digests = new Map<number, string>();
    const liars = new Set<SourceWire>();
    for (const { block, digest, wire } of suspicions) {
      const right = digests.get(block) ?? digestOf(bytes, block);
      digests.set(block, right);
      if (digest !== right) liars.add(wire);
    }
    for (const wire of liars) this.#onLiar(wire);
  }

  dispose(): void {
    this.#suspicions.clear();
  }

  #forget(piece: number): void {
    for (const { wire } of this.#suspicions.get(piece) ?? []) wire.suspected.delete(piece);
    this.#suspicions.delete(piece);
  }

  #forgetOldest(): void {
    for (const piece of this.#suspicions.keys()) {
      this.#forget(piece);
      return;
    }
  }
}

function digestOf(bytes: Uint8Array, block: number): string {
  return hash('sha1', bytes.subarray(block * BLOCK_LENGTH, (block + 1) * BLOCK_LENGTH), 'base64');
}
