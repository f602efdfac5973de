import type { Item, JsonObject, StreamRecord } from '@kinoport/core';
import type { InjectionToken } from 'tsyringe';

/** How one item of a session is being played; enough to find everything again after a crash. */
export interface JournalEntry {
  readonly id: string;
  /** Wall clock. */
  readonly startedAt: number;
  readonly player: string;
  readonly source: string;
  /** Of the player plugin: absent until it has told one. */
  readonly endpoint?: JsonObject;
  readonly pid?: number;
  /** Opaque start time of the process, to tell a reused pid. */
  readonly pidStart?: string;
  readonly epoch: number;
  readonly item: Item;
  readonly itemToken: string;
  readonly index: number;
  readonly queue: readonly Item[];
  /** How the queue came about, and what was asked for with `play`; opaque to the store. */
  readonly options: JsonObject;
  /** The open stream, when the item goes through the stream front. */
  readonly stream?: StreamRecord;
}

/** A row is written before a player is spawned, and closed when the session is over. */
export interface SessionJournal {
  /** Insert or replace, durable. */
  put(entry: JournalEntry): void;
  /** `undefined` takes a member away. Nothing happens when the row is closed already. Outlives the process. */
  patch(id: string, change: Partial<Omit<JournalEntry, 'id'>>): void;
  close(id: string): void;
  listOpen(): readonly JournalEntry[];
  /** The player of an open row; `undefined` when there is no such row. */
  playerOf(id: string): string | undefined;
}

export const SessionJournal: InjectionToken<SessionJournal> = Symbol('SessionJournal');
