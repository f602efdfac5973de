import type { Clause } from '../clause.ts';
import { plain } from '../plain.ts';
import type { Trial } from '../trial.ts';
import { both, create, invitationFor, join, PATIENCE, started } from './stage.ts';
import type { SyncSubject } from './subject.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
export const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/u;

/** Opening a room, and coming into one. */
export const enteringClauses: readonly Clause<SyncSubject>[] = [
  {
    id: 'sync.create.room',
    title: 'a new room has a code, an invitation, its title, and one in it: oneself, the host, in the lobby',
    why: 'It is what the person pastes into a chat.',
    async run(subject, t: Trial) {
      const { room, self } = await create(subject, t, { title: 'A film' });
      t.ok(room.code.trim() !== '', 'the code is empty');
      t.ok(/^\S+$/.test(room.invitation), `"${room.invitation}" is not one word`);
      t.equal('the title', room.title, 'A film');
      t.equal('the count of participants', room.participants.length, 1);
      t.equal('isHost', self.isHost, true);
      t.equal('connected', self.connected, true);
      t.equal('the name', self.name, 'Ann');
      t.equal('the phase', room.timeline.phase, 'idle');
      t.equal('the connection', room.status.connection, 'connected');
    },
  },
  {
    id: 'sync.create.settings',
    title: 'a room has the settings that it was opened with, and others join it with the same',
    why: 'Whoever opened it for the host alone to steer means that.',
    async run(subject, t: Trial) {
      const settings = { control: 'host', buffering: 'off', mismatch: 'warn' } as const;
      const { host, guest } = await both(subject, t, settings);
      for (const { room } of [host, guest])
        for (const [name, value] of Object.entries(settings))
          t.equal(name, room.settings[name as keyof typeof settings], value);
    },
  },
  {
    id: 'sync.join.invitation',
    title: 'who joins by the invitation is in the same room, and each sees the other',
    why: 'It is the whole way in.',
    async run(subject, t: Trial) {
      const { host, guest } = await both(subject, t, { title: 'A film' });
      t.equal('the code', guest.room.code, host.room.code);
      t.equal('the title', guest.room.title, 'A film');
      t.equal('the count of participants', guest.room.participants.length, 2);
      t.ok(host.id !== guest.id, 'both have the same id');
      t.equal('the name of the host', guest.sees(host.id).name, 'Ann');
      t.equal('isHost of the host', guest.sees(host.id).isHost, true);
      t.equal('the name of the guest', host.sees(guest.id).name, 'Bob');
      t.equal('isHost of the guest', guest.self.isHost, false);
    },
  },
  {
    id: 'sync.join.blanks',
    title: 'blanks around an invitation do not count',
    why: 'It is pasted.',
    async run(subject, t: Trial) {
      const { room } = await create(subject, t);
      const [, person] = subject.people;
      const entering = person.sync.join(`  ${await invitationFor(person, room)}\n`, { name: 'Bob' });
      t.defer(async () => {
        await (await entering.catch(() => undefined))?.dispose();
      });
      t.equal('the code', (await t.within('the room', PATIENCE, entering)).code, room.code);
    },
  },
  {
    id: 'sync.join.password',
    title: 'a room with a password lets nobody in without it: ROOM_PASSWORD',
    why: 'A code can be read over a shoulder.',
    async run(subject, t: Trial) {
      const { room } = await create(subject, t, { password: 'sesame' });
      const refused = (password?: string) =>
        t.rejects(
          'join',
          async () => join(subject, t, room, password === undefined ? {} : { password }),
          'ROOM_PASSWORD',
        );
      await refused();
      await refused('another');
      t.equal('the count of participants', room.participants.length, 1);
      const guest = await join(subject, t, room, { password: 'sesame' });
      t.equal('the code', guest.room.code, room.code);
    },
  },
  {
    id: 'sync.join.nonsense',
    title: 'what is no invitation is refused as that: ROOM_CODE_INVALID',
    why: 'A typing error is told apart from a room that is over.',
    async run(subject, t: Trial) {
      const [, { sync }] = subject.people;
      for (const text of ['', ' ', 'this is no room!', '\u001b[2J\u0000', '\u202eABC', 'x'.repeat(10_000)])
        await t.rejects('join', () => sync.join(text, { name: 'Bob' }), 'ROOM_CODE_INVALID');
    },
  },
  {
    id: 'sync.join.over',
    title: 'a room that everybody has left is not found any more: ROOM_NOT_FOUND',
    why: 'An old invitation must not lead strangers together.',
    async run(subject, t: Trial) {
      const { room } = await create(subject, t);
      await room.leave();
      await t.rejects('join', async () => join(subject, t, room), 'ROOM_NOT_FOUND');
    },
  },
  {
    id: 'sync.join.late',
    title: 'who joins while the film runs has the timeline of the others at once',
    why: 'Somebody is always late.',
    async run(subject, t: Trial) {
      const host = await create(subject, t);
      await host.room.start({ force: true, position: 10 });
      await host.room.setRate(1.25);
      const guest = await join(subject, t, host.room);
      for (const key of ['seq', 'phase', 'position', 'at', 'rate', 'media'] as const)
        t.equal(`${key} of the timeline`, guest.timeline[key], host.timeline[key]);
    },
  },
  {
    id: 'sync.enter.abort',
    title: 'create and join with a signal that has fired reject with ABORTED',
    why: 'The person has thought better of it.',
    async run(subject, t: Trial) {
      const { room } = await create(subject, t);
      const [first, second] = subject.people;
      const signal = AbortSignal.abort();
      await t.rejects('create', () => first.sync.create({ name: 'Ann', signal }), 'ABORTED');
      const invitation = await invitationFor(second, room);
      await t.rejects('join', () => second.sync.join(invitation, { name: 'Bob', signal }), 'ABORTED');
      t.equal('the count of participants', room.participants.length, 1);
    },
  },
  {
    id: 'sync.enter.signal',
    title: 'a signal ends the attempt, not the room',
    why: 'What waited for the attempt is over long before the film is.',
    async run(subject, t: Trial) {
      const abort = new AbortController();
      const host = await create(subject, t, { signal: abort.signal });
      abort.abort();
      await t.sleep(100);
      t.equal('the count of ends', host.ends.length, 0);
      await host.room.setReady(true);
    },
  },
  {
    id: 'sync.enter.session',
    title: 'a playback session that is not there is refused as that: SESSION_NOT_FOUND',
    why: 'The player was closed in the meantime.',
    async run(subject, t: Trial) {
      if (!subject.people[0].playback) t.skip('there are no players (playback)');
      const gone = 'conformance-gone';
      await t.rejects('create', async () => create(subject, t, { playbackId: gone }), 'SESSION_NOT_FOUND');
      const { room } = await create(subject, t);
      await t.rejects('bind', () => room.bind(gone), 'SESSION_NOT_FOUND');
      t.equal('the connection', room.status.connection, 'connected');
    },
  },
  {
    id: 'sync.name.clean',
    title: 'names have no controls and at most 40 characters, for the others and for oneself',
    why: 'They are printed on the terminals of others.',
    async run(subject, t: Trial) {
      const host = await create(subject, t, { name: `\u001b[2J\u202eAn\nn\u0000${'n'.repeat(100)}` });
      const guest = await join(subject, t, host.room, { name: '\u0007' });
      for (const { room } of [host, guest]) {
        await t.until('two participants', PATIENCE, () => room.participants.length === 2);
        for (const { name } of room.participants)
          t.ok(
            !UNSEEN.test(name) && name.trim() !== '' && name.length <= 40,
            `a name is ${JSON.stringify(name)}`,
          );
      }
    },
  },
  {
    id: 'sync.room.plain',
    title: 'what a room tells is plain JSON',
    why: 'It is shown by other processes.',
    async run(subject, t: Trial) {
      const { host } = await started(subject, t);
      const { code, invitation, title, settings, participants, timeline, queue, status } = host.room;
      plain(t, 'the room', { code, invitation, title, settings, participants, timeline, queue, status });
      for (const change of host.changes) plain(t, 'a change of the timeline', change);
    },
  },
];
