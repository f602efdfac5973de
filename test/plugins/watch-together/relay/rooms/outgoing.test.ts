import { expect, it } from 'vitest';
import {
  Outgoing,
  type RoomConnection,
} from '../../../../../plugins/watch-together/relay/src/rooms/connection.ts';
import { Guest, Table } from '../table.ts';

/** Takes messages as a transport does. */
class Encoding extends Guest {
  static readonly written: string[] = [];

  override receive(outgoing: Outgoing): void {
    outgoing.encoded(write);
    super.receive(outgoing);
  }
}

const write = (json: string): Buffer => {
  Encoding.written.push(json);
  return Buffer.from(json);
};

it('what goes to all of a room is written out once', async () => {
  const table = new Table();
  const ann = await table.host({}, new Encoding());
  const others: RoomConnection[] = [];
  for (let index = 0; index < 9; index += 1) others.push(await table.join('Bob', {}, new Encoding()));
  Encoding.written.length = 0;
  await ann.ask({ type: 'start', force: true });
  expect(others.map((guest) => (guest as Guest).last('timeline').timeline.phase)).toEqual(
    Array.from({ length: 9 }, () => 'playing'),
  );
  expect(Encoding.written.filter((json) => json.startsWith('{"type":"timeline"'))).toHaveLength(1);
});

it('another transport writes it its own way', () => {
  const outgoing = new Outgoing({ type: 'ok', id: 1 });
  const [plain, line] = [(json: string) => Buffer.from(json), (json: string) => Buffer.from(`${json}\r\n`)];
  expect(outgoing.encoded(plain).toString()).toBe('{"type":"ok","id":1}');
  expect(outgoing.encoded(line).toString()).toBe('{"type":"ok","id":1}\r\n');
  expect(outgoing.encoded(line)).toBe(outgoing.encoded(line));
});
