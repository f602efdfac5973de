import type { Clause } from '../clause.ts';
import type { Trial } from '../trial.ts';
import { UNSEEN } from './entering.ts';
import { both, PATIENCE } from './stage.ts';
import type { SyncSubject } from './subject.ts';

/** What people say. */
export const talkClauses: readonly Clause<SyncSubject>[] = [
  {
    id: 'sync.talk.said',
    title: 'what is said is heard by all, the sender included, with who said it',
    why: 'All see the same conversation.',
    async run(subject, t: Trial) {
      const { host, guest } = await both(subject, t);
      await guest.room.say('Hello 👋 <b>all</b>');
      for (const { messages } of [host, guest]) {
        await t.until('what was said', PATIENCE, () => messages.length > 0);
        t.equal('the text', messages[0]?.text, 'Hello 👋 <b>all</b>');
        t.equal('from', messages[0]?.from, guest.id);
        t.equal('the name', messages[0]?.name, 'Bob');
      }
    },
  },
  {
    id: 'sync.talk.order',
    title: 'what is said is heard once each, in the order in which it was said',
    why: 'Answers come after questions.',
    async run(subject, t: Trial) {
      const { host, guest } = await both(subject, t);
      const said = Array.from({ length: 8 }, (_, index) => `line ${index}`);
      await Promise.all(said.map((text) => host.room.say(text)));
      await host.room.say('end');
      await t.until('the last of it', PATIENCE, () => guest.messages.some(({ text }) => text === 'end'));
      t.equal('what was heard', guest.messages.map(({ text }) => text).join(), [...said, 'end'].join());
    },
  },
  {
    id: 'sync.talk.clean',
    title: 'what is heard is one line without controls and marks of direction',
    why: 'It is printed on the terminals of others.',
    async run(subject, t: Trial) {
      const { host, guest } = await both(subject, t);
      await host.room.say('one\ntwo\u001b[2J\u0000\u202ethree\u009b');
      await t.until('what was said', PATIENCE, () => guest.messages.length > 0);
      const { text = '' } = guest.messages[0] ?? {};
      t.ok(!UNSEEN.test(text) && text.includes('two'), `it is ${JSON.stringify(text)}`);
    },
  },
  {
    id: 'sync.talk.length',
    title:
      'what is longer than 500 characters is cut; where nothing is left, that is refused: INVALID_ARGUMENT',
    why: 'One person cannot fill the screens of all.',
    async run(subject, t: Trial) {
      const { host, guest } = await both(subject, t);
      for (const text of ['', '  ', '\u0000\u001b'])
        await t.rejects(`say of ${JSON.stringify(text)}`, () => host.room.say(text), 'INVALID_ARGUMENT');
      await host.room.say('x'.repeat(5_000));
      await t.until('what was said', PATIENCE, () => guest.messages.length > 0);
      t.equal('the length of what is heard', guest.messages[0]?.text.length, 500);
    },
  },
];
