import { type FileBytes, NoBytes } from './fileBytes.ts';
import type { MediaIndex, OnHead } from './ports.ts';

interface Element {
  readonly id: number;
  readonly start: number;
  readonly body: number;
  /** Exclusive; `Infinity` for one whose size its writer did not know. */
  readonly end: number;
}

const EBML = 0x1a45dfa3;
const SEGMENT = 0x18538067;
const SEEK_HEAD = 0x114d9b74;
const SEEK = 0x4dbb;
const SEEK_ID = 0x53ab;
const SEEK_POSITION = 0x53ac;
const INFO = 0x1549a966;
const TIMESTAMP_SCALE = 0x2ad7b1;
const DURATION = 0x4489;
const CLUSTER = 0x1f43b675;
const CUES = 0x1c53bb6b;

/** What players read before they show a picture, wherever it stands: index, tags, chapters, fonts. */
const NEEDED = [CUES, 0x1254c367, 0x1043a770, 0x1941a469];

const MAX_ELEMENTS = 500;
/** As much of an element that was not read yet as tells its length. */
const BEGINNING = 64;

interface Found {
  readonly ranges: Map<number, { readonly start: number; readonly end: number }>;
  /** Places that a SeekHead names, and what is there. */
  readonly seeks: Map<number, number>;
  duration?: number;
}

/** Matroska and WebM (RFC 9559); `undefined`: it is none. */
export async function probeMatroska(file: FileBytes, onHead?: OnHead): Promise<MediaIndex | undefined> {
  const header = await elementAt(file, 0);
  if (header?.id !== EBML) return undefined;
  const found: Found = { ranges: new Map(), seeks: new Map() };
  try {
    const segment = await elementAt(file, header.end);
    if (segment?.id === SEGMENT) await inSegment(file, segment, found, () => onHead?.(indexOf(file, found)));
  } catch (error) {
    if (!(error instanceof NoBytes)) throw error;
  }
  found.seeks.clear();
  return indexOf(file, found);
}

function indexOf(file: FileBytes, { ranges, seeks, duration }: Found): MediaIndex {
  const known = [...ranges.values()];
  const begun = [...seeks.keys()]
    .filter((start) => !ranges.has(start))
    .map((start) => ({ start, end: Math.min(file.size, start + BEGINNING) }));
  return {
    container: 'matroska',
    ranges: [...known, ...begun].sort((a, b) => a.start - b.start),
    ...(duration === undefined ? {} : { duration }),
  };
}

/** What stands before the first cluster, and then what the SeekHead names beyond it. */
async function inSegment(file: FileBytes, segment: Element, found: Found, onHead: () => void): Promise<void> {
  let at = segment.body;
  for (let count = 0; count < MAX_ELEMENTS && at < Math.min(segment.end, file.size); count++) {
    const element = await elementAt(file, at);
    if (!element || element.id === CLUSTER) break;
    await take(file, segment, element, found);
    at = element.end;
  }
  onHead();
  // A SeekHead may name another one, which names more: the map grows while it is gone through.
  let left = 20;
  for (const [start, id] of found.seeks) {
    if (--left < 0) break;
    const element = await elementAt(file, start).catch((error: unknown) => {
      if (!(error instanceof NoBytes)) throw error;
      return undefined;
    });
    if (element?.id === id) await take(file, segment, element, found);
  }
}

async function take(file: FileBytes, segment: Element, element: Element, found: Found): Promise<void> {
  const { id, start, end } = element;
  if (NEEDED.includes(id)) found.ranges.set(start, { start, end: Math.min(end, file.size) });
  if (id === SEEK_HEAD) {
    for await (const seek of children(file, element))
      if (seek.id === SEEK) await takeSeek(file, segment, seek, found);
  }
  if (id === INFO && found.duration === undefined) {
    const duration = await durationOf(file, element);
    if (duration !== undefined) found.duration = duration;
  }
}

async function takeSeek(file: FileBytes, segment: Element, seek: Element, found: Found): Promise<void> {
  let id: number | undefined;
  let position: number | undefined;
  for await (const child of children(file, seek)) {
    if (child.id === SEEK_ID) id = await unsigned(file, child);
    if (child.id === SEEK_POSITION) position = await unsigned(file, child);
  }
  if (id === undefined || position === undefined) return;
  const start = segment.body + position;
  if (start < file.size && [...NEEDED, SEEK_HEAD, INFO].includes(id)) found.seeks.set(start, id);
}

async function durationOf(file: FileBytes, info: Element): Promise<number | undefined> {
  let scale = 1_000_000;
  let units: number | undefined;
  for await (const child of children(file, info)) {
    if (child.id === TIMESTAMP_SCALE) scale = (await unsigned(file, child)) ?? scale;
    if (child.id !== DURATION) continue;
    const length = child.end - child.body;
    if (length !== 4 && length !== 8) continue;
    const data = await file.at(child.body, length);
    units = length === 4 ? data.getFloat32(0) : data.getFloat64(0);
  }
  const seconds = ((units ?? Number.NaN) * scale) / 1e9;
  return seconds > 0 && seconds < 1e7 ? seconds : undefined;
}

async function* children(file: FileBytes, parent: Element): AsyncGenerator<Element> {
  let at = parent.body;
  for (let count = 0; count < MAX_ELEMENTS && at < parent.end; count++) {
    const child = await elementAt(file, at);
    if (!child || child.end > parent.end) return;
    yield child;
    at = child.end;
  }
}

async function elementAt(file: FileBytes, start: number): Promise<Element | undefined> {
  const head = await file.upTo(start, 12);
  const idLength = vintLength(head, 0);
  if (idLength === undefined || idLength > 4) return undefined;
  let id = 0;
  for (let at = 0; at < idLength; at++) id = id * 256 + head.getUint8(at);
  const sizeLength = vintLength(head, idLength);
  if (sizeLength === undefined) return undefined;
  let size = head.getUint8(idLength) & (0xff >> sizeLength);
  let isUnknown = size === 0xff >> sizeLength;
  for (let at = idLength + 1; at < idLength + sizeLength; at++) {
    size = size * 256 + head.getUint8(at);
    isUnknown &&= head.getUint8(at) === 0xff;
  }
  const body = start + idLength + sizeLength;
  return { id, start, body, end: isUnknown ? Number.POSITIVE_INFINITY : body + size };
}

/** Length of a variable-size integer; `undefined` when it makes no sense or is cut off. */
function vintLength(data: DataView, at: number): number | undefined {
  if (at >= data.byteLength) return undefined;
  const length = Math.clz32(data.getUint8(at)) - 23;
  return length > 8 || at + length > data.byteLength ? undefined : length;
}

async function unsigned(file: FileBytes, { body, end }: Element): Promise<number | undefined> {
  if (end - body > 8) return undefined;
  const data = await file.at(body, end - body);
  let value = 0;
  for (let at = 0; at < data.byteLength; at++) value = value * 256 + data.getUint8(at);
  return value;
}
