import type { PlayerState } from '@kinoport/core';
import { VirtualClock } from '@kinoport/core/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { IntentReader } from '../../../../plugins/watch-together/src/control/intentReader.ts';
import { OwnCommands } from '../../../../plugins/watch-together/src/control/ownCommands.ts';

let clock: VirtualClock;
let own: OwnCommands;
let reader: IntentReader;
let state: PlayerState;

/** The next state of the player, as it is told. */
const tell = (change: Partial<PlayerState>) => {
  state = { ...state, at: clock.now(), ...change };
  return reader.read(state);
};

beforeEach(() => {
  clock = new VirtualClock();
  own = new OwnCommands(clock, 'room');
  reader = new IntentReader(clock, own);
  state = {
    itemToken: 'a',
    status: 'playing',
    position: 50,
    at: clock.now(),
    duration: 100,
    rate: 1,
    volume: 100,
    muted: false,
    seekable: true,
    epoch: 5,
    cause: 'user',
    tracks: [],
  };
  reader.read(state);
});

describe('what a viewer did', () => {
  it('is a pause, a seek and a rate that nobody else explains', () => {
    expect(tell({ status: 'paused' })).toEqual([{ kind: 'pause', paused: true }]);
    expect(tell({})).toEqual([]);
    expect(tell({ status: 'seeking', epoch: 6 })).toEqual([]);
    expect(tell({ status: 'paused', position: 70 })).toEqual([{ kind: 'seek', position: 70 }]);
    expect(tell({ rate: 1.5 })).toEqual([{ kind: 'rate', rate: 1.5 }]);
  });

  it('is also what another program asked the host for', () => {
    expect(tell({ status: 'paused', cause: 'cli-7' })).toEqual([{ kind: 'pause', paused: true }]);
  });

  it('is not in a state that comes late: of an epoch that is over', () => {
    tell({ epoch: 7, cause: own.issue({ kind: 'seek', position: 20 }).id, position: 20 });
    expect(tell({ epoch: 6, status: 'paused', cause: 'user' })).toBeUndefined();
    expect(tell({ epoch: 7, status: 'playing', cause: 'user' })).toEqual([]);
  });

  it('is no waiting for bytes, no end and no other item', () => {
    expect(tell({ status: 'buffering' })).toEqual([]);
    expect(tell({ status: 'playing' })).toEqual([]);
    expect(tell({ status: 'ended' })).toEqual([]);
    expect(tell({ status: 'paused' })).toEqual([]);
    expect(tell({ status: 'paused', itemToken: 'b', epoch: 6, position: 0 })).toEqual([]);
  });
});

describe('what we did', () => {
  it('is known by its id, however late', async () => {
    const pause = own.issue({ kind: 'pause', paused: true });
    pause.settled();
    await clock.advance(10_000);
    expect(tell({ status: 'paused', cause: pause.id })).toEqual([]);
  });

  it('is known by its value where states were merged', () => {
    own.issue({ kind: 'seek', position: 20 });
    own.issue({ kind: 'pause', paused: true });
    const rate = own.issue({ kind: 'rate', rate: 1.01 });
    expect(tell({ epoch: 6, position: 20, status: 'paused', rate: 1.01, cause: rate.id })).toEqual([]);
  });

  it('does not hide what the viewer did at the same time', () => {
    const rate = own.issue({ kind: 'rate', rate: 1.01 });
    expect(tell({ status: 'paused', rate: 1.01, cause: rate.id })).toEqual([{ kind: 'pause', paused: true }]);
    own.issue({ kind: 'seek', position: 20 });
    expect(tell({ epoch: 6, position: 80, cause: 'user' })).toEqual([{ kind: 'seek', position: 80 }]);
  });

  it('explains one change, and only for a second', async () => {
    const pause = own.issue({ kind: 'pause', paused: true });
    expect(tell({ status: 'paused', cause: pause.id })).toEqual([]);
    expect(tell({ status: 'playing', cause: 'user' })).toEqual([{ kind: 'pause', paused: false }]);
    expect(tell({ status: 'paused', cause: 'user' })).toEqual([{ kind: 'pause', paused: true }]);
    const play = own.issue({ kind: 'pause', paused: false });
    play.settled();
    await clock.advance(1500);
    expect(tell({ status: 'playing', cause: 'user' })).toEqual([{ kind: 'pause', paused: false }]);
  });

  it('explains nothing before the instant for which it is scheduled', () => {
    tell({ status: 'paused' });
    own.issue({ kind: 'pause', paused: false }, clock.now() + 500);
    expect(tell({ status: 'playing', cause: 'user' })).toEqual([{ kind: 'pause', paused: false }]);
  });
});
