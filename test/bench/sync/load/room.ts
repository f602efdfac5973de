/** How often a simulated client speaks by itself, milliseconds; 0: never. Syncplay's answer what the server asks. */
export interface Rhythm {
  readonly time: number;
  readonly status: number;
}

/** A room of simulated clients. */
export interface SimulatedRoom {
  readonly members: readonly SimulatedMember[];
  /** The film begins. Called once, when all are in. */
  begin(): Promise<void>;
  /** One of the members plays or pauses; the others note when they hear of it. */
  toggle(): void;
}

export interface SimulatedMember {
  /** Bytes of payload since it is there. */
  readonly wire: { readonly read: number; readonly written: number };
  /** Messages since it is there. */
  readonly messages: { readonly read: number; readonly written: number };
  time(): void;
  status(): void;
  end(): void;
}

/** Milliseconds from one member's command to another's hearing of it, collected. */
export class Propagation {
  readonly delays: number[] = [];
  /** Those that have to hear of it still. */
  open = 0;

  begun(others: number): void {
    this.open += others;
  }

  heard(since: number): void {
    this.open -= 1;
    this.delays.push(performance.now() - since);
  }
}

export type OpenRoom = (options: {
  /** Number of the room's first client, of all of the run. */
  readonly first: number;
  readonly size: number;
  readonly port: number;
  readonly propagation: Propagation;
  /** A connection that nobody has ended is over. */
  readonly lost: () => void;
  /** Those whose connection is lost come back into their seats, and note it here; none: they stay away. */
  readonly returns?: Returns;
}) => Promise<SimulatedRoom>;

/** A seat that was lost and taken again: monotonic milliseconds of the machine. */
export interface Return {
  readonly lost: number;
  readonly back: number;
}

/** Seats that were lost, collected. */
export class Returns {
  readonly done: Return[] = [];
  /** Lost, and not taken again yet. */
  away = 0;
  /** What a relay said to those whom it did not let back in for good. */
  readonly refused: string[] = [];
}
