import { type Disposable, isKinoportError, KinoportError, toKinoportError } from '@kinoport/core';
import { type Copy, claimOf } from '../media/claim.ts';
import type { Recognition, Shelf } from '../media/shelf.ts';
import type { QueueItem } from '../protocol/index.ts';
import type { Binding } from './binding.ts';
import type { MemberRequest } from './member.ts';
import { matchOf, type RoomView } from './roomView.ts';

export interface MediaKeeperOptions {
  readonly shelf: Shelf;
  readonly self: string;
  readonly view: () => RoomView;
  readonly ask: (request: MemberRequest) => Promise<void>;
  /** Looks further for an item that the viewer has not brought. */
  readonly find: (item: QueueItem, by: Recognition) => Promise<Copy | undefined>;
  readonly warn: (error: KinoportError) => void;
  /** `loaded` has changed. */
  readonly changed: () => void;
}

/** Keeps the room's item in the player, and tells the room what this copy of it is. */
export class MediaKeeper implements Disposable {
  readonly #options: MediaKeeperOptions;
  readonly #over = new AbortController();
  #binding: Binding | undefined;
  #loaded: string | null | undefined;
  #claimed = '';
  #missed: string | undefined;
  #failed: string | undefined;
  /** Item of the queue that cannot be had here. */
  #lacks: string | undefined;
  #isLetGo = false;
  /** What was asked of the player, until an item begins there. */
  #expected: { readonly id: string; readonly starts: number } | undefined;
  /** Content keys of what the player made of what was asked for: an address may lead to something of another name. */
  readonly #accepted = new Map<string, string>();
  #work: Promise<void> | undefined;
  #again = false;

  constructor(options: MediaKeeperOptions) {
    this.#options = options;
  }

  /** Item of the queue that is in the player; null: none of it; undefined: there is no player. */
  get loaded(): string | null | undefined {
    return this.#loaded;
  }

  /** What the room plays now cannot be had here. */
  get isLacking(): boolean {
    return this.#lacks !== undefined && this.#lacks === this.#options.view().timeline.media;
  }

  bind(binding: Binding | undefined): Promise<void> {
    this.#binding = binding;
    this.#lacks = undefined;
    this.#isLetGo = false;
    this.#claimed = '';
    this.#missed = undefined;
    this.#failed = undefined;
    this.#expected = undefined;
    this.#accepted.clear();
    this.#setLoaded(binding === undefined ? undefined : null);
    return this.update();
  }

  /** The room plays another item, or something has changed in the player. */
  update(): Promise<void> {
    this.#again = true;
    this.#work ??= this.#run().finally(() => {
      this.#work = undefined;
    });
    return this.#work;
  }

  /** The timeline has changed: the player is where it says, if it has the item. */
  follow(): void {
    this.#isLetGo = false;
    const { timeline } = this.#options.view();
    if (timeline.media === this.#loaded && !this.#binding?.isGone) this.#binding?.follow(timeline);
    else void this.update();
  }

  /** Leaves the player alone until the room says again where it is. @returns false: it was so already */
  letGo(): boolean {
    if (this.#isLetGo || !this.#binding || this.#binding.isGone) return false;
    this.#isLetGo = true;
    this.#binding.follow({ ...this.#options.view().timeline, phase: 'idle' });
    return true;
  }

  /** Tells anew what is here: the room is another one, or has forgotten. */
  forget(): void {
    this.#claimed = '';
    void this.update();
  }

  dispose(): void {
    this.#over.abort();
    this.#binding = undefined;
  }

  async #run(): Promise<void> {
    while (this.#again && !this.#over.signal.aborted) {
      this.#again = false;
      await this.#settle();
    }
  }

  async #settle(): Promise<void> {
    const binding = this.#binding;
    const { queue, timeline, salt, settings } = this.#options.view();
    if (!binding || binding.isGone) return;
    const wanted = queue.find(({ id }) => id === timeline.media);
    if (!wanted) {
      this.#setLoaded(null);
      return;
    }
    const expected = this.#expected?.id === wanted.id ? this.#expected : undefined;
    if (expected && binding.starts === expected.starts) return;
    this.#expected = undefined;
    if (expected) this.#accepted.set(wanted.id, binding.item.key);
    const by = { privacy: settings.matchPrivacy, salt };
    if (this.#accepted.get(wanted.id) === binding.item.key) {
      if (binding.isOpen) await this.#have(binding, wanted, by);
      return;
    }
    const copy = await this.#copyOf(wanted, queue, by);
    if (this.#binding !== binding || this.#again) return;
    if (!copy) this.#miss(binding, wanted);
    else if (!isIn(binding, copy)) await this.#load(binding, wanted, copy);
    else if (binding.isOpen) await this.#have(binding, wanted, by);
  }

  async #copyOf(item: QueueItem, queue: readonly QueueItem[], by: Recognition): Promise<Copy | undefined> {
    const { shelf, find } = this.#options;
    const known = shelf.copyOf(item.id, queue, by);
    if (known || this.#missed === item.id) return known;
    try {
      const found = await find(item, by);
      if (found) shelf.found(item.id, found);
      return found;
    } catch (error) {
      this.#options.warn(toKinoportError(error));
      return undefined;
    }
  }

  async #have(binding: Binding, item: QueueItem, by: Recognition): Promise<void> {
    if (this.#loaded !== item.id) {
      this.#lacks = undefined;
      this.#setLoaded(item.id);
      binding.follow(this.#options.view().timeline);
    }
    const media = claimOf(binding.item, by.privacy, by.salt, binding.duration);
    const claim = `${item.id} ${JSON.stringify(media)}`;
    if (claim === this.#claimed) return;
    this.#claimed = claim;
    try {
      await this.#options.ask({ type: 'claim', item: item.id, media });
      if (matchOf(this.#options.view(), this.#options.self) === 'different') this.#options.warn(otherFilm());
    } catch (error) {
      if (isKinoportError(error, 'RELAY_UNREACHABLE', 'ROOM_CLOSED')) this.#claimed = '';
      // The item is no longer in the queue: that has been told, or is about to be.
      else if (!isKinoportError(error, 'ROOM_STATE')) this.#options.warn(toKinoportError(error));
    }
  }

  async #load(binding: Binding, item: QueueItem, copy: Copy): Promise<void> {
    const load = `${item.id} ${copy.uri}`;
    if (this.#failed === load) return;
    this.#setLoaded(null);
    this.#expected = { id: item.id, starts: binding.starts };
    try {
      await binding.load(copy.uri, this.#over.signal);
      this.#failed = undefined;
    } catch (error) {
      this.#expected = undefined;
      if (this.#over.signal.aborted || isKinoportError(error, 'PLAYER_GONE', 'SESSION_NOT_FOUND')) return;
      this.#failed = load;
      this.#lacks = item.id;
      this.#options.warn(toKinoportError(error));
      this.#options.changed();
    }
  }

  #miss(binding: Binding, item: QueueItem): void {
    this.#setLoaded(null);
    if (this.#missed === item.id) return;
    this.#missed = item.id;
    this.#lacks = item.id;
    this.#options.changed();
    const name = item.title === undefined ? 'what the room watches now' : `"${item.title}"`;
    this.#options.warn(
      new KinoportError('ROOM_MEDIA_MISSING', `This machine has no ${name}.`, {
        hint: 'Leave, and join again with your file of it.',
      }),
    );
    binding.pause().catch((error: unknown) => {
      if (!isKinoportError(error, 'PLAYER_GONE', 'SESSION_NOT_FOUND'))
        this.#options.warn(toKinoportError(error));
    });
  }

  #setLoaded(loaded: string | null | undefined): void {
    if (this.#loaded === loaded) return;
    this.#loaded = loaded;
    // What is in the player is not what the room's timeline speaks of.
    if (loaded === null && this.#binding && !this.#binding.isGone)
      this.#binding.follow({ ...this.#options.view().timeline, phase: 'idle' });
    this.#options.changed();
  }
}

const isIn = ({ item }: Binding, copy: Copy): boolean => item.key === copy.key || item.uri === copy.uri;

const otherFilm = (): KinoportError =>
  new KinoportError(
    'ROOM_MEDIA_MISMATCH',
    'This is another film than the others have, or another cut of it.',
  );
