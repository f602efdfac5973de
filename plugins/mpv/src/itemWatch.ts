import {
  type Clock,
  type Disposable,
  DisposableStore,
  type JsonObject,
  type JsonValue,
  KinoportError,
  type PlayerEnd,
  type PlayerLoadOptions,
  type PlayerMedia,
  type PlayerRequest,
  type PlayerState,
} from '@kinoport/core';
import { Causes, UNNAMED_COMMAND, USER } from './causes.ts';
import { Confirmations } from './confirmations.ts';
import type { MpvEndpoint } from './endpoint.ts';
import { errorOfFile, reasonOfEof } from './ends.ts';
import { goneError, type IpcClient, type MpvEvent } from './ipc.ts';
import { readJournal } from './journal.ts';
import { OBSERVED, type Observed, PlayState } from './playState.ts';
import { Seeks } from './seeks.ts';
import { currentEntry, takeOverItem, toldOnce } from './takeOver.ts';

/** The load that is in the window now. */
export interface CurrentItem {
  readonly token: string;
  readonly media?: PlayerMedia;
  readonly load?: PlayerLoadOptions;
  entry: number | undefined;
  ended: boolean;
}

export interface ItemWatchOptions {
  readonly ipc: IpcClient;
  readonly clock: Clock;
  readonly endpoint: MpvEndpoint;
  readonly epoch: number;
  readonly onState: (state: PlayerState) => void;
  readonly onEnd: (end: PlayerEnd) => void;
  readonly onRequest: (request: PlayerRequest) => void;
  readonly onFirstFrame: (media: PlayerMedia, load: PlayerLoadOptions) => Promise<void>;
  readonly onGone: () => Promise<void>;
  /** Something went wrong in work that nobody waits for. */
  readonly onFault: (error: unknown) => void;
}

/** Reads everything mpv says: which item it speaks of, what its state is, and how the item ended. */
export class ItemWatch implements Disposable {
  readonly causes: Causes;
  readonly seeks = new Seeks();
  readonly confirmations: Confirmations;
  /** `stop` was called: the end of the player is wanted. */
  stopping = false;

  readonly #options: ItemWatchOptions;
  readonly #ipc: IpcClient;
  readonly #state: PlayState;
  readonly #owned = new DisposableStore();
  #current: CurrentItem | undefined;
  #foreign = false;
  #observed: Promise<unknown> | undefined;
  #quitSeen = false;
  #disposed = false;

  constructor(options: ItemWatchOptions) {
    this.#options = options;
    this.#ipc = options.ipc;
    this.causes = new Causes(options.clock);
    this.confirmations = new Confirmations(
      options.clock,
      () => this.state,
      () => this.#ipc.closed,
    );
    this.#state = this.#owned.add(
      new PlayState({
        clock: options.clock,
        causes: this.causes,
        epoch: options.epoch,
        onChange: (state) => {
          if (!this.#disposed) options.onState(state);
        },
      }),
    );
    this.#owned.add(this.#ipc.onDidReceive((event) => this.#event(event)));
    this.#owned.add(
      this.#ipc.onDidSettle(() => {
        this.#state.settle();
        this.confirmations.check();
      }),
    );
    this.#owned.add(this.#ipc.onDidClose(() => this.#closed().catch(options.onFault)));
  }

  get state(): PlayerState {
    return this.#state.current;
  }

  get paused(): boolean {
    return this.#state.value('pause') === true;
  }

  /** Whether the viewer has opened something of his own in the window. */
  async isForeign(): Promise<boolean> {
    if (this.#foreign) return true;
    // mpv tells the end of our item a moment before it begins with the other.
    const playlist = await this.#ipc.command(['get_property', 'playlist']);
    const entry = currentEntry(playlist);
    return entry !== undefined && entry !== this.#current?.entry;
  }

  /** Asks mpv for the news that the state is made of; once for each connection. */
  observe(): Promise<unknown> {
    this.#observed ??= Promise.all(
      OBSERVED.map((name, index) => this.#ipc.command(['observe_property', index + 1, name])),
    );
    return this.#observed;
  }

  /** mpv has taken a load; called while its reply is read. */
  loaded(media: PlayerMedia, load: PlayerLoadOptions, reply: JsonValue | undefined): void {
    this.#end('stopped');
    this.seeks.failAll(itemOverError());
    const entry = (reply as JsonObject | undefined)?.playlist_entry_id;
    this.#foreign = false;
    this.#current = {
      token: load.itemToken,
      media,
      load,
      entry: typeof entry === 'number' ? entry : undefined,
      ended: false,
    };
    this.#state.load(load.itemToken, load.start, media.duration, UNNAMED_COMMAND);
  }

  /** Begins with an mpv that already plays: its item, its state, and an end that nobody saw. */
  async takeOver(): Promise<void> {
    const found = await takeOverItem(this.#ipc, this.#options.endpoint);
    this.#current = found.item;
    this.#state.load(found.item?.token ?? '', found.position, found.duration, USER);
    if (found.open) this.#state.started();
    const told = toldOnce(this.#ipc, OBSERVED);
    await Promise.all([this.observe(), told]);
    if (found.open && typeof this.#state.value('time-pos') === 'number') this.#state.restarted();
    this.#state.settle();
    if (found.end === 'error') this.#fail(found.error);
    else if (found.end === 'eof') this.#eof();
    else if (found.end !== undefined) {
      this.#end('stopped');
      this.#state.over();
    }
    if (this.#state.opened && this.#state.value('eof-reached') === true) this.#eof();
  }

  dispose(): Promise<void> {
    this.#disposed = true;
    this.seeks.failAll(goneError());
    return this.#owned.dispose();
  }

  #event(event: MpvEvent): void {
    switch (event.event) {
      case 'property-change':
        this.#property(event);
        break;
      case 'start-file':
        this.#startFile(event.playlist_entry_id);
        break;
      case 'seek':
        this.#state.seekBegan(this.seeks.begin() ?? USER);
        break;
      case 'playback-restart':
        this.#restarted();
        break;
      case 'end-file':
        this.#endFile(event);
        break;
      case 'shutdown':
        this.#quitSeen = true;
        break;
      case 'client-message':
        this.#message(event.args);
        break;
      default:
    }
  }

  #property(event: MpvEvent): void {
    const name = event.name as Observed;
    this.#state.property(name, event.data);
    if (name === 'eof-reached' && event.data === true && this.#state.speaksOfItem) this.#eof();
  }

  #startFile(entry: JsonValue | undefined): void {
    const current = this.#current;
    if (current === undefined) return;
    current.entry ??= typeof entry === 'number' ? entry : undefined;
    if (entry === undefined || entry === current.entry) this.#state.started();
    else this.#foreign = true;
  }

  #restarted(): void {
    if (this.#foreign) return;
    const first = !this.#state.opened;
    this.#state.restarted();
    this.seeks.land();
    const current = this.#current;
    if (!first || current?.media === undefined || current.load === undefined) return;
    this.#options.onFirstFrame(current.media, current.load).catch(this.#options.onFault);
  }

  #endFile(event: MpvEvent): void {
    const { reason } = event;
    if (reason === 'quit') this.#quitSeen = true;
    const current = this.#current;
    const entry = event.playlist_entry_id;
    if (current === undefined || (entry !== undefined && entry !== current.entry)) return;
    if (reason === 'redirect') {
      if (typeof event.playlist_insert_id === 'number') current.entry = event.playlist_insert_id;
      return;
    }
    this.seeks.failAll(reason === 'quit' ? goneError() : itemOverError());
    if (reason === 'error') {
      this.#fail(typeof event.file_error === 'string' ? event.file_error : undefined);
    } else if (reason === 'eof') {
      this.#eof();
      this.#state.over();
    } else {
      this.#end('stopped');
      if (reason !== 'quit') this.#state.over();
    }
  }

  #message(args: JsonValue | undefined): void {
    if (!Array.isArray(args) || args[0] !== 'kinoport-request') return;
    if (args[1] === 'next' || args[1] === 'previous') this.#options.onRequest(args[1]);
  }

  #eof(): void {
    this.seeks.land();
    const { position, duration } = this.state;
    // At the end the last frame's time is what counts, not that of the sound, which may be shorter.
    const last = this.#state.value('time-pos');
    const reached = typeof last === 'number' ? Math.max(last, position) : position;
    this.#end(reasonOfEof(reached, this.#duration() ?? duration, this.#current?.media), reached);
  }

  #fail(fileError: string | undefined): void {
    // Once there was a picture the file is one that mpv can play: then it is the bytes that failed.
    if (this.#state.opened) {
      this.#end('interrupted');
      this.#state.over();
      return;
    }
    this.#end('failed', undefined, errorOfFile(fileError, this.#current?.media));
    this.#state.failed();
  }

  #end(reason: PlayerEnd['reason'], position = this.state.position, error?: PlayerEnd['error']): void {
    const current = this.#current;
    if (current === undefined || current.ended) return;
    current.ended = true;
    const duration = this.#duration() ?? this.state.duration;
    this.#options.onEnd({
      reason,
      itemToken: current.token,
      position,
      ...(duration === undefined ? {} : { duration }),
      ...(error === undefined ? {} : { error }),
    });
  }

  #duration(): number | undefined {
    const value = this.#state.value('duration');
    return this.#state.opened && typeof value === 'number' ? value : undefined;
  }

  async #closed(): Promise<void> {
    if (this.#disposed) return;
    this.seeks.failAll(goneError());
    this.confirmations.check();
    if (this.#current?.ended === false) {
      // The last event may be lost with the socket; the tracker has noted an orderly end in its journal.
      const orderly = this.stopping || this.#quitSeen || (await this.#quitInJournal());
      this.#end(orderly ? 'stopped' : 'killed');
    }
    this.#state.gone();
    await this.dispose();
    await this.#options.onGone();
  }

  async #quitInJournal(): Promise<boolean> {
    const journal = await readJournal(this.#options.endpoint.journal);
    return journal?.item === this.#current?.token && journal?.ended === 'quit';
  }
}

function itemOverError(): KinoportError {
  return new KinoportError('PLAYER_COMMAND_FAILED', 'The item was over before the seek landed.', {
    hint: 'Seek in the item that plays now.',
  });
}
