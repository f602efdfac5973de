/** What is said between the lab and the process in which its seeders live. One JSON message a line. */

/** How a peer of the lab behaves. Empty: it has everything, is as fast as the machine and 20 to 40 ms away. */
export interface Seeder {
  /** Where it listens; any where it is left out. */
  readonly port?: number;
  /** Bytes a second that it sends, to all together. */
  readonly rate?: number;
  /** Milliseconds in each direction. */
  readonly delay?: number;
  /** Stays connected and answers nothing any more when it has sent this many bytes. */
  readonly silentAfter?: number;
  /** The part of its pieces, 0 to 1, that are wrong; always the same ones. */
  readonly corrupt?: number;
  /** Closes a connection that it has sent this many bytes to. It can be connected to again. */
  readonly dropAfter?: number;
  /** Milliseconds between chokes, and how long each lasts. */
  readonly chokes?: { readonly every: number; readonly length: number };
  /** What it has: a part, 0 to 1, spread evenly; or these pieces. */
  readonly has?: number | readonly number[];
  /** Pieces a second that it gets from elsewhere, of those it has not; it tells of each. */
  readonly gains?: number;
  /** `handshake`: noise in place of it · `messages`: noise after it, and then closes. */
  readonly garbage?: 'handshake' | 'messages';
  /** Speaks with those only that use MSE. */
  readonly encryptedOnly?: boolean;
  readonly neverUnchokes?: boolean;
  /** Claims to have everything, and refuses every request. */
  readonly refuses?: boolean;
  /** `silent`: says that it has the metadata and never sends them · `wrong`: sends other ones. Default true. */
  readonly metadata?: boolean | 'silent' | 'wrong';
  /** BEP 6. Default true; without, a request that is choked or cancelled is not answered. */
  readonly fast?: boolean;
  /** Takes what it can get of the other's pieces, and counts it. */
  readonly leech?: boolean;
}

/** What a seeder has seen. */
export interface SeederStats {
  readonly address: string;
  readonly connections: number;
  readonly open: number;
  readonly handshakes: number;
  readonly interested: number;
  readonly requests: number;
  readonly cancels: number;
  /** Requests that were still waiting when they were cancelled. */
  readonly cancelledInTime: number;
  /** Bytes of pieces that were sent. */
  readonly sent: number;
  /** Pieces that were asked of it and are wrong. */
  readonly corrupted: number;
  /** Bytes of pieces that it took (`leech`), and of these the wrong ones. */
  readonly taken: number;
  readonly takenWrong: number;
}

export interface SwarmReport {
  readonly seeders: readonly SeederStats[];
  /** Bytes of pieces that were sent by all. */
  readonly sent: number;
  /** Of these the bytes of blocks that had been sent before, by whomever. */
  readonly repeated: number;
  readonly requests: number;
  readonly cancels: number;
  /** Bytes that web seeds gave. */
  readonly webSeed: number;
  readonly announces: number;
}

export interface StartParams {
  readonly torrentFile: string;
  /** The files of the torrent on disk, in its order. */
  readonly files: readonly string[];
  readonly seeders: readonly Seeder[];
  readonly tracker: boolean;
  readonly dht: boolean;
  /** Bytes a second of each, and how far away it is; as with seeders. */
  readonly webSeeds: readonly Pick<Seeder, 'rate' | 'delay'>[];
}

export interface Started {
  readonly peers: readonly string[];
  readonly tracker: string | null;
  readonly dht: string | null;
  readonly webSeeds: readonly string[];
}

export type Request =
  | { readonly id: number; readonly method: 'start'; readonly params: StartParams }
  | { readonly id: number; readonly method: 'add'; readonly params: Seeder }
  | {
      readonly id: number;
      readonly method: 'change';
      readonly params: { readonly index: number; readonly to: Seeder };
    }
  | { readonly id: number; readonly method: 'remove'; readonly params: { readonly index: number } }
  | { readonly id: number; readonly method: 'stats' }
  | { readonly id: number; readonly method: 'reset' };

export type Reply =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: string };
