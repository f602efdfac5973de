import { KinoportError } from '@kinoport/core';

/** Which room drives which playback session: two rooms would pull one player to and fro. */
export class PlayersInUse {
  readonly #rooms = new Map<string, object>();

  /** @throws KinoportError `ROOM_PLAYER_IN_USE` */
  take(playbackId: string, room: object): void {
    const holder = this.#rooms.get(playbackId);
    if (holder !== undefined && holder !== room)
      throw new KinoportError('ROOM_PLAYER_IN_USE', 'Another room drives that player already.', {
        hint: 'Leave that room first, or open the film in a player of its own.',
      });
    this.#rooms.set(playbackId, room);
  }

  has(playbackId: string): boolean {
    return this.#rooms.has(playbackId);
  }

  release(playbackId: string, room: object): void {
    if (this.#rooms.get(playbackId) === room) this.#rooms.delete(playbackId);
  }
}
