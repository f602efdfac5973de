import type { Item } from '../../item.ts';
import type { Source, SourceStream, StreamRecord } from '../../source.ts';
import type { Trial } from '../trial.ts';
import type { KnownItem, Published, SourceSubject } from './subject.ts';

export const PATIENCE = 15_000;

/** Errors that `resolve` and `open` may end with. */
export const SOURCE_CODES = [
  'SOURCE_NOT_FOUND',
  'SOURCE_NOT_MEDIA',
  'SOURCE_EMPTY',
  'SOURCE_FORBIDDEN',
  'SOURCE_UNREACHABLE',
  'SOURCE_UNSUPPORTED',
  'SOURCE_FAILED',
] as const;

/** The first item of the first sample; clauses about `resolve` itself do not use this. */
export async function firstItem(subject: SourceSubject, t: Trial): Promise<Item> {
  const { items } = await subject.source.resolve(subject.samples[0].uri, { signal: t.signal });
  return items[0] ?? t.skip('the first sample leads to nothing, see source.resolve.kind');
}

export async function knownItem(subject: SourceSubject, t: Trial): Promise<KnownItem> {
  const { bytes } = subject.samples[0];
  if (!bytes) t.skip('the bytes of the first sample are not known');
  return { item: await firstItem(subject, t), bytes };
}

/** An open stream of a clause, released after it. */
export class OpenStream {
  readonly id: string;
  readonly item: Item;
  readonly stream: SourceStream;
  readonly #subject: SourceSubject;
  readonly #t: Trial;
  readonly #published: Published | undefined;

  private constructor(
    subject: SourceSubject,
    t: Trial,
    own: Pick<OpenStream, 'id' | 'item' | 'stream'>,
    published: Published | undefined,
  ) {
    this.#subject = subject;
    this.#t = t;
    this.id = own.id;
    this.item = own.item;
    this.stream = own.stream;
    this.#published = published;
  }

  static async of(
    subject: SourceSubject,
    t: Trial,
    own: Pick<OpenStream, 'id' | 'item' | 'stream'>,
  ): Promise<OpenStream> {
    return new OpenStream(subject, t, own, await subject.streams.look(own.id));
  }

  /** All bytes of a range, as a player gets them. */
  async bytes(start: number, end: number | undefined): Promise<Uint8Array> {
    return this.#t.within('the bytes', PATIENCE, this.#collect(start, end));
  }

  async *chunks(start: number, end: number | undefined, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const { location } = this.stream;
    const { streams } = this.#subject;
    if (location.type === 'published') this.published();
    if (location.type === 'published') yield* streams.read(this.id, start, end, signal);
    else if (streams.readFile) yield* streams.readFile(location.path, start, end);
    else this.#t.skip('the source gives paths, and nobody reads files (streams.readFile)');
  }

  /** What was published with `open`; a clause about anything else than that is skipped where nothing was. */
  published(): Published {
    if (this.stream.location.type === 'path') this.#t.skip('the player opens the file itself');
    return this.#published ?? this.#t.skip('nothing is published, see source.open.published');
  }

  /** As the host keeps it. */
  get record(): StreamRecord {
    const { size, validators, record = {} } = this.stream;
    return JSON.parse(
      JSON.stringify({ streamId: this.id, item: this.item, size, validators, record }),
    ) as StreamRecord;
  }

  async #collect(start: number, end: number | undefined): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    for await (const chunk of this.chunks(start, end, this.#t.signal)) parts.push(Uint8Array.from(chunk));
    return joined(parts);
  }
}

export async function openItem(
  subject: SourceSubject,
  t: Trial,
  item: Item,
  id: string = newStreamId(),
): Promise<OpenStream> {
  const { source } = subject;
  const opening = source.open(item, { streamId: id, signal: t.signal });
  t.defer(async () => {
    if (await opening.catch(() => undefined)) await source.release(id);
  });
  return OpenStream.of(subject, t, { id, item, stream: await opening });
}

/** Opened, thrown away, and opened again from its record, as after a crash. */
export async function reopened(
  subject: SourceSubject,
  t: Trial,
  item: Item,
): Promise<{ readonly before: OpenStream; readonly after: OpenStream }> {
  const before = await openItem(subject, t, item);
  const source: Source = subject.again ? await subject.again() : subject.source;
  if (!source.reopen) t.skip('it does not reopen streams');
  const reopening = source.reopen(before.record, { signal: t.signal });
  t.defer(async () => {
    if (await reopening.catch(() => undefined)) await source.release(before.id);
  });
  const own = { id: before.id, item, stream: await reopening };
  return { before, after: await OpenStream.of(subject, t, own) };
}

/** 128 random bits, as the host's. */
export function newStreamId(): string {
  return crypto.randomUUID().replaceAll('-', '');
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

/** Fails with the first place where they differ. */
export function expectBytes(t: Trial, what: string, actual: Uint8Array, expected: Uint8Array): void {
  t.equal(`the length of ${what}`, actual.length, expected.length);
  const at = actual.findIndex((byte, index) => byte !== expected[index]);
  t.ok(at < 0, `${what} differ at byte ${at}`);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
