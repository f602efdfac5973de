import { describe, expect, it } from 'vitest';
import { CLOSE } from '../../../../../plugins/watch-together/src/protocol/index.ts';
import { Guest, Table } from '../table.ts';

describe('a room', () => {
  it('is entered by its code in any case, and tells all of itself to who enters, and of who enters to all', async () => {
    const table = new Table();
    const ann = await table.host({ title: '  The\u202e Film\n ', name: ' Ann\u0007 ' });
    expect(table.code).toMatch(/^[A-HJ-NP-Z2-9]{6}$/);
    table.code = ` ${table.code.toLowerCase()} `;
    const bob = await table.join('Bob');
    expect(bob.heard.map(({ type }) => type)).toEqual(['joined']);
    expect(bob.room).toMatchObject({
      code: table.code.trim().toUpperCase(),
      title: 'The Film',
      host: 'p1',
      locked: false,
      settings: { control: 'everyone', buffering: 'grace', mismatch: 'warn', matchPrivacy: 'hashed' },
      timeline: { phase: 'idle', position: 0, rate: 1, media: null },
      participants: [
        { id: 'p1', name: 'Ann' },
        { id: 'p2', name: 'Bob', connected: true, ready: false },
      ],
    });
    expect(ann.last('participant').participant).toMatchObject({ id: 'p2', name: 'Bob' });
  });

  it('lets nobody pass for somebody else', async () => {
    const table = new Table();
    const ann = await table.host();
    for (const name of ['ann', ' Ann\u200b', 'A'.repeat(40), 'A'.repeat(40)]) await table.join(name);
    const names = ann.all('participant').map(({ participant }) => participant.name);
    expect(names).toEqual(['ann 2', 'Ann 3', 'A'.repeat(40), `${'A'.repeat(38)} 2`]);
  });

  it('knows no other code', async () => {
    const table = new Table();
    await table.host();
    for (const code of ['ZZZZZZ', 'short', '__proto__'])
      await expect(table.join('Bob', { code })).rejects.toMatchObject({ code: 'ROOM_NOT_FOUND' });
    expect(table.rooms.size).toBe(1);
  });

  it('has a password that is nowhere in its state', async () => {
    const table = new Table();
    const ann = await table.host({ password: 'open sesame' });
    for (const password of [undefined, 'sesame', 'Open sesame'])
      await expect(table.join('Bob', { password })).rejects.toMatchObject({ code: 'ROOM_PASSWORD' });
    const bob = await table.join('Bob', { password: 'open sesame' });
    expect(bob.room.locked).toBe(true);
    expect(JSON.stringify(bob.heard)).not.toContain('sesame');
    await table.store.update(table.code, (state) => {
      expect(JSON.stringify(state)).not.toContain('sesame');
      expect(JSON.stringify(state)).not.toContain(bob.joined.token);
      return { state, effects: [], wakeAt: 0, result: undefined };
    });
    await ann.ask({ type: 'settings', settings: {}, password: null });
    await table.join('Cleo');
  });

  it('has as many members as it may', async () => {
    const table = new Table({ policy: { members: 2 }, maxRooms: 1 });
    await table.host();
    await table.join();
    await expect(table.join()).rejects.toMatchObject({ code: 'ROOM_FULL' });
    await expect(table.host()).rejects.toMatchObject({ code: 'RELAY_FULL' });
  });

  it('ends with its last member', async () => {
    const table = new Table();
    const ann = await table.host();
    await ann.ask({ type: 'leave' });
    expect(await table.store.count()).toBe(0);
    expect(table.clock.pendingTimers).toBe(0);
    await expect(table.join()).rejects.toMatchObject({ code: 'ROOM_NOT_FOUND' });
  });

  it('ends when nobody has done anything for long', async () => {
    const table = new Table({ policy: { idle: 3_600_000 } });
    const ann = await table.host();
    await table.pass(3_000_000);
    await ann.ask({ type: 'chat', text: 'still here' });
    await table.pass(3_000_000);
    expect(ann.closed).toBeUndefined();
    await table.pass(600_000);
    expect(ann.closed).toEqual({ code: CLOSE.NORMAL, goodbye: { type: 'goodbye', reason: 'expired' } });
    expect(await table.store.count()).toBe(0);
    expect(await ann.answer({ type: 'play' })).toMatchObject({ type: 'error', code: 'ROOM_CLOSED' });
  });
});

describe('a lost connection', () => {
  it('leaves the seat, which its token takes again', async () => {
    const table = new Table();
    const ann = await table.host();
    const bob = await table.join();
    await bob.ask({ type: 'ready', ready: true });
    await bob.lose();
    expect(ann.last('participant').participant).toMatchObject({ id: 'p2', connected: false, ready: true });
    await table.pass(299_000);
    const again = await table.resume(bob);
    expect(again.joined).toMatchObject({ participant: 'p2', token: bob.joined.token });
    expect(ann.last('participant').participant).toMatchObject({ id: 'p2', connected: true, ready: true });
    await again.ask({ type: 'chat', text: 'back' });
    expect(ann.last('chat')).toMatchObject({ from: 'p2', text: 'back' });
  });

  it('a seat is not taken without its token, nor with that of another', async () => {
    const table = new Table();
    const ann = await table.host();
    const bob = await table.join();
    await ann.lose();
    for (const token of ['a-token-that-is-none', bob.joined.token])
      await expect(table.resume(ann, new Guest(), token)).rejects.toMatchObject({
        code: 'ROOM_SEAT_INVALID',
      });
    expect(bob.last('participant').participant).toMatchObject({ id: 'p1', connected: false });
  });

  it('the seat goes when it does not come back', async () => {
    const table = new Table();
    const ann = await table.host();
    const bob = await table.join();
    await bob.lose();
    await table.pass(300_000);
    expect(ann.last('left')).toEqual({ type: 'left', participant: 'p2', reason: 'gone' });
    await expect(table.resume(bob)).rejects.toMatchObject({ code: 'ROOM_SEAT_INVALID' });
  });

  it('of all of them: the room is kept as long as a seat, and then gone', async () => {
    const table = new Table();
    const ann = await table.host();
    await ann.lose();
    await table.pass(299_999);
    expect(await table.store.count()).toBe(1);
    await table.pass(1);
    expect(await table.store.count()).toBe(0);
    expect([table.rooms.size, table.clock.pendingTimers]).toEqual([0, 0]);
  });

  it('a second connection takes the seat over from the first, whose end changes nothing', async () => {
    const table = new Table();
    const ann = await table.host();
    const bob = await table.join();
    const again = await table.resume(bob);
    expect(bob.closed).toEqual({ code: CLOSE.REPLACED, goodbye: { type: 'goodbye', reason: 'replaced' } });
    await bob.lose();
    expect(ann.last('participant').participant.connected).toBe(true);
    expect(await bob.answer({ type: 'pause' })).toMatchObject({ code: 'ROOM_CLOSED' });
    await again.ask({ type: 'chat', text: 'mine' });
  });
});

describe('the host', () => {
  it('who leaves is followed by the oldest who is there', async () => {
    const table = new Table();
    const ann = await table.host();
    const [bob, cleo] = [await table.join(), await table.join('Cleo')];
    await bob.lose();
    await ann.ask({ type: 'leave' });
    expect(cleo.last('host')).toEqual({ type: 'host', participant: 'p3', cause: 'migrated' });
    await cleo.ask({ type: 'start', force: true });
  });

  it('who is lost stays the host for 20 s', async () => {
    const table = new Table();
    const ann = await table.host();
    const bob = await table.join();
    await ann.lose();
    await table.pass(19_999);
    expect(bob.all('host')).toHaveLength(0);
    await table.pass(1);
    expect(bob.last('host').participant).toBe('p2');
    const again = await table.resume(ann);
    expect(again.room.host).toBe('p2');
  });

  it('is whoever comes back first, when all were lost', async () => {
    const table = new Table();
    const ann = await table.host();
    const bob = await table.join();
    await ann.lose();
    await bob.lose();
    await table.pass(60_000);
    const again = await table.resume(bob);
    await table.pass(1);
    expect(again.last('host').participant).toBe('p2');
  });

  it('makes another one the host', async () => {
    const table = new Table();
    const ann = await table.host();
    const bob = await table.join();
    await ann.ask({ type: 'transfer', participant: 'p2' });
    expect(ann.last('host')).toEqual({ type: 'host', participant: 'p2', cause: 'transferred' });
    await expect(ann.ask({ type: 'kick', participant: 'p2' })).rejects.toMatchObject({
      code: 'ROOM_FORBIDDEN',
    });
    await bob.ask({ type: 'kick', participant: 'p1' });
  });

  it('sends somebody out, who stays out for a while, and nobody with him', async () => {
    const table = new Table();
    const ann = await table.host();
    const bob = await table.join('Bob', {}, new Guest('198.51.100.7'));
    const cleo = await table.join('Cleo', {}, new Guest('203.0.113.8'));
    await ann.ask({ type: 'kick', participant: 'p2' });
    expect(bob.closed).toEqual({ code: CLOSE.KICKED, goodbye: { type: 'goodbye', reason: 'kicked' } });
    expect(cleo.last('left')).toEqual({ type: 'left', participant: 'p2', reason: 'kicked' });
    await expect(table.resume(bob)).rejects.toMatchObject({ code: 'ROOM_SEAT_INVALID' });
    const again = () => table.join('Rob', {}, new Guest('198.51.100.7'));
    await expect(again()).rejects.toMatchObject({ code: 'ROOM_KICKED' });
    await table.join('Dan', {}, new Guest('203.0.113.8'));
    await table.pass(600_000);
    await again();
    await expect(ann.ask({ type: 'kick', participant: 'p1' })).rejects.toMatchObject({ code: 'ROOM_STATE' });
    await expect(ann.ask({ type: 'kick', participant: 'p99' })).rejects.toMatchObject({ code: 'ROOM_STATE' });
  });
});

describe('news', () => {
  it('of what a request has changed come before its answer, to all', async () => {
    const table = new Table();
    const ann = await table.host();
    const bob = await table.join();
    const before = ann.heard.length;
    const answer = ann.answer({ type: 'chat', text: '\u001b[2J Hello\u202e  you ' });
    expect(await answer).toMatchObject({ type: 'ok' });
    expect(ann.heard.length).toBe(before + 1);
    expect(bob.last('chat')).toEqual({ type: 'chat', from: 'p1', name: 'Ann', text: '[2J Hello you' });
    await expect(ann.ask({ type: 'chat', text: '\u200b' })).rejects.toMatchObject({ code: 'RELAY_PROTOCOL' });
  });

  it('of how members do are gathered, and the rest is not told twice', async () => {
    const table = new Table();
    const ann = await table.host();
    const bob = await table.join();
    for (let second = 0; second < 4; second += 1) {
      await bob.status({ drift: second });
      await ann.status({ drift: -second });
      await table.pass(1000);
    }
    expect(ann.all('status')).toHaveLength(0);
    await table.pass(1000);
    expect(ann.all('status')).toEqual([
      {
        type: 'status',
        members: [
          { participant: 'p2', status: { buffering: false, drift: 3 } },
          { participant: 'p1', status: { buffering: false, drift: -3 } },
        ],
      },
    ]);
    await table.pass(60_000);
    expect(ann.all('status')).toHaveLength(1);
  });
});
