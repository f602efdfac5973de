import type { PluginSecrets } from '@kinoport/core';
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';

const Seat = Type.Object({
  code: Type.String({ maxLength: 64 }),
  /** Address of the relay. */
  relay: Type.String({ maxLength: 2048 }),
  participant: Type.String({ maxLength: 64 }),
  token: Type.String({ minLength: 16, maxLength: 128 }),
});
/** What takes a seat again. */
export type Seat = Readonly<Static<typeof Seat>>;

const stored = Compile(Type.Array(Seat));
const NAME = 'seats';
/** Older ones have long been given away. */
const MOST = 10;

/** Seats of this machine, so that it comes back into them whatever has ended in between. Tokens are secrets. */
export class KeptSeats {
  readonly #secrets: PluginSecrets;
  #last: Promise<unknown> = Promise.resolve();

  constructor(secrets: PluginSecrets) {
    this.#secrets = secrets;
  }

  async of(code: string, relay: string): Promise<Seat | undefined> {
    return (await this.#read()).find((seat) => seat.code === code && seat.relay === relay);
  }

  keep(seat: Seat): Promise<void> {
    return this.#change((seats) => [seat, ...others(seats, seat)].slice(0, MOST));
  }

  forget(seat: Pick<Seat, 'code' | 'relay'>): Promise<void> {
    return this.#change((seats) => others(seats, seat));
  }

  async #read(): Promise<readonly Seat[]> {
    const text = await this.#secrets.get(NAME);
    try {
      const value: unknown = JSON.parse(text ?? '[]');
      return stored.Check(value) ? value : [];
    } catch {
      return [];
    }
  }

  #change(change: (seats: readonly Seat[]) => readonly Seat[]): Promise<void> {
    const done = this.#last.then(async () => {
      const seats = change(await this.#read());
      await this.#secrets.set(NAME, seats.length > 0 ? JSON.stringify(seats) : undefined);
    });
    this.#last = done.catch(() => undefined);
    return done;
  }
}

const others = (seats: readonly Seat[], { code, relay }: Pick<Seat, 'code' | 'relay'>): readonly Seat[] =>
  seats.filter((seat) => seat.code !== code || seat.relay !== relay);
