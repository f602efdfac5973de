import { VirtualClock } from '@kinoport/core/testing';
import { expect, it } from 'vitest';
import { RoomFeed } from '../../../../../plugins/watch-together/relay/src/redis/roomFeed.ts';
import { newRoom } from '../../../../../plugins/watch-together/relay/src/room/room.ts';
import type { Delivery } from '../../../../../plugins/watch-together/relay/src/rooms/store.ts';
import { SALT } from '../table.ts';

const arrival = { connection: 'a/1', address: '192.0.2.1', token: 'token' };
const { state } = newRoom('ABC234', { type: 'create', id: 1, name: 'Ann', salt: SALT }, arrival, 0);
const kept = (version: number) => ({ version, state, wakeAt: 1000 });
const change = (version: number) => ({ kept: kept(version), effects: [], jump: false });

it('what is heard of on the way into a room is no beginning, and what comes behind it is told', () => {
  const told: Delivery[] = [];
  const feed = new RoomFeed(new VirtualClock(), (delivery) => told.push(delivery));
  feed.hear(change(5));
  expect(feed.newest).toBeUndefined();
  expect(told).toEqual([]);
  feed.begin(kept(5));
  expect(feed.newest?.version).toBe(5);
  feed.hear(change(6));
  expect(told).toHaveLength(1);
  expect(feed.newest?.version).toBe(6);
  feed.dispose();
});
