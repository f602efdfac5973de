import type { Disposable, SyncEndReason } from '@kinoport/core';
import type { ClientMessages, ClientRequest, ServerMessage, ServerMessages } from '../protocol/index.ts';

type Body<T> = T extends { readonly id: number } ? Omit<T, 'id'> : never;

/** What one enters a room by. */
export type Entry = Body<ClientMessages['create' | 'join' | 'resume']>;
/** What a member asks of its room. */
export type MemberRequest = Body<Exclude<ClientRequest, { type: 'create' | 'join' | 'resume' }>>;

/** What a member is told. */
export interface MemberListener {
  /** In the room again after a lost connection; all of it may have changed. */
  resumed(room: ServerMessages['joined']['room']): void;
  received(message: ServerMessage): void;
  /** The connection is lost; it is tried again. */
  lost(): void;
  /** For good; nothing comes after it. */
  ended(reason: SyncEndReason): void;
}

/** A member of a room: commands in; timeline, people and talk out. What carries them is behind it. */
export interface RoomMember extends Disposable {
  /** Public id of this member. */
  readonly id: string;
  /** The room as it was entered. */
  readonly room: ServerMessages['joined']['room'];
  readonly connected: boolean;
  /** Monotonic milliseconds of the last sign of life. */
  readonly heardAt: number;
  /** Begins to tell; what has come since the room was entered comes first. Once. */
  listen(listener: MemberListener): void;
  /**
   * Resolves when the room has done it.
   * @throws KinoportError the room's refusal; `RELAY_UNREACHABLE` while the connection is lost, `ROOM_CLOSED`
   */
  request(request: MemberRequest): Promise<void>;
  /** Without an answer; lost while there is no connection. */
  tell(message: ClientMessages['status' | 'time']): void;
  /** Looks at once whether the connection still holds. */
  check(): void;
  /** Gives the seat up. */
  leave(): Promise<void>;
}
