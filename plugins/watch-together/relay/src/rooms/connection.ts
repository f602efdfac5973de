import type { Answer, ServerMessage, ServerMessages, Status } from '../../../src/protocol/index.ts';
import type { MemberRequest } from '../room/room.ts';

/** A message on its way to several connections, written out once for all of them. */
export class Outgoing {
  readonly message: ServerMessage;
  #json: string | undefined;
  #encoded: { readonly by: (json: string) => Buffer; readonly bytes: Buffer } | undefined;

  constructor(message: ServerMessage) {
    this.message = message;
  }

  get json(): string {
    this.#json ??= JSON.stringify(this.message);
    return this.#json;
  }

  /** What a transport makes of the JSON: made once for all connections of that transport. */
  encoded(by: (json: string) => Buffer): Buffer {
    if (this.#encoded?.by !== by) this.#encoded = { by, bytes: by(this.json) };
    return this.#encoded.bytes;
  }
}

/**
 * The far end of a member, with whatever transport behind it: a WebSocket, another program's protocol, the local
 * network. Rooms know members by nothing else.
 */
export interface RoomConnection {
  /** Key of the address that it comes from, see net/addressKey.ts. */
  readonly address: string;
  /** Messages of the room, in order. Never throws. */
  receive(outgoing: Outgoing): void;
  /** The room is done with it: says goodbye and ends it. {@link RoomMember.lost} may follow and does nothing. */
  close(code: number, goodbye: ServerMessages['goodbye']): void;
}

/** What a transport has of the room for its member: commands in. Requests are taken in the order of the calls. */
export interface RoomMember {
  readonly participant: string;
  readonly code: string;
  /**
   * The answer, a refusal too; everything that the request has changed was received before. Never rejects. Once `leave`
   * is answered with `ok` the transport ends the connection itself.
   */
  request(request: MemberRequest): Promise<Answer>;
  /** How it does, see `status` of the protocol. */
  status(status: Status): void;
  /** Milliseconds that the transport has measured; from then on what the member tells of it is not believed. */
  roundTrip(ms: number): void;
  /** `seq` of the room's timeline, as this process last heard of it. */
  readonly timelineSeq: number;
  /** The connection is lost. The seat is kept. */
  lost(): void;
}

/** Holds messages of the room back until whoever enters has been told of the room itself. */
export class Gate implements RoomConnection {
  readonly #behind: RoomConnection;
  #held: (() => void)[] | undefined = [];

  constructor(behind: RoomConnection) {
    this.#behind = behind;
  }

  get address(): string {
    return this.#behind.address;
  }

  receive(outgoing: Outgoing): void {
    if (this.#held) this.#held.push(() => this.#behind.receive(outgoing));
    else this.#behind.receive(outgoing);
  }

  close(code: number, goodbye: ServerMessages['goodbye']): void {
    if (this.#held) this.#held.push(() => this.#behind.close(code, goodbye));
    else this.#behind.close(code, goodbye);
  }

  open(first: Outgoing): void {
    this.#behind.receive(first);
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const run of held) run();
  }
}
