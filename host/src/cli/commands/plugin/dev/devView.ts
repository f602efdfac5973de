import { relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { type Clock, deserializeError, type KinoportError, PRODUCT } from '@kinoport/core';
import type { PluginView } from '../../../../api/protocol.ts';
import { errorView, type Output } from '../../../terminal/output.ts';
import { printable } from '../../../terminal/width.ts';
import { isFault, type SourceFault } from './sourceFault.ts';

/** What `plugin dev` tells, as lines for people or as one JSON object a line. */
export interface DevView {
  watching(root: string, inspectPort: number | null): void;
  changed(files: readonly string[]): void;
  /** @param ms from the request to the routing switch */
  loaded(plugin: PluginView, ms: number, isFirst: boolean): void;
  /** @param running the generation that goes on, if one does */
  failed(error: KinoportError, fault: SourceFault | undefined, running: number | undefined): void;
  /** Something happened to it by itself. */
  happened(plugin: PluginView): void;
  log(line: string): void;
}

/** What an error says of its place, where it does. */
export function faultOf({ data }: KinoportError): SourceFault | undefined {
  return isFault(data) ? data : undefined;
}

export class JsonDevView implements DevView {
  readonly #output: Output;

  constructor(output: Output) {
    this.#output = output;
  }

  watching(root: string, inspectPort: number | null): void {
    this.#output.value({ event: 'watching', root, inspectPort });
  }

  changed(files: readonly string[]): void {
    this.#output.value({ event: 'changed', files });
  }

  loaded({ id, version, generation, pid }: PluginView, ms: number, isFirst: boolean): void {
    this.#output.value({
      event: isFirst ? 'loaded' : 'reloaded',
      id,
      version,
      generation,
      pid,
      ms: Math.round(ms * 10) / 10,
    });
  }

  failed(error: KinoportError, fault: SourceFault | undefined, running: number | undefined): void {
    this.#output.value({
      event: 'failed',
      ...errorView(error),
      fault: fault ?? null,
      running: running ?? null,
    });
  }

  happened({ id, state, generation, pid, unresponsive, attention, error }: PluginView): void {
    this.#output.value({
      event: 'state',
      id,
      state,
      generation,
      pid,
      unresponsive,
      attention,
      error: error ? errorView(deserializeError(error)) : null,
    });
  }

  log(line: string): void {
    this.#output.value({ event: 'log', line });
  }
}

export class TextDevView implements DevView {
  readonly #output: Output;
  readonly #clock: Clock;
  readonly #cwd: string;
  #last: PluginView | undefined;

  constructor(output: Output, clock: Clock, cwd: string) {
    this.#output = output;
    this.#clock = clock;
    this.#cwd = cwd;
  }

  watching(root: string, inspectPort: number | null): void {
    if (inspectPort !== null)
      this.#output.info(`Debuggers attach on 127.0.0.1:${inspectPort}, which stays over reloads.`);
    this.#output.info(`Watching ${root}. Ctrl-C ends it.`);
  }

  changed(files: readonly string[]): void {
    const [shown, more] = [files.slice(0, 5), files.length - 5];
    this.#line(`changed: ${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`);
  }

  loaded(plugin: PluginView, ms: number, isFirst: boolean): void {
    this.#last = plugin;
    const { id, version, generation } = plugin;
    const name = isFirst ? `${id}${version === '' ? '' : ` ${version}`} loaded` : 'reloaded';
    this.#line(`${name} in ${Math.round(ms)} ms (generation ${generation})`);
  }

  failed(error: KinoportError, fault: SourceFault | undefined, running: number | undefined): void {
    this.#output.error(fault?.line === undefined ? error : withoutHint(error));
    if (fault?.line !== undefined) for (const line of this.#placeLines(fault)) this.#output.note(line);
    this.#line(
      running === undefined
        ? 'not loaded; waiting for a change'
        : `not reloaded; generation ${running} goes on`,
    );
  }

  happened(plugin: PluginView): void {
    const last = this.#last;
    this.#last = plugin;
    const { state, generation, unresponsive, attention, error } = plugin;
    if (attention && attention.message !== last?.attention?.message)
      this.#line(
        `needs attention: ${printable(attention.message)}${attention.action ? ` ${printable(attention.action)}` : ''} (${attention.code})`,
      );
    if (unresponsive !== (last?.unresponsive ?? false))
      this.#line(unresponsive ? 'does not answer' : 'answers again');
    if (error && error.message !== last?.error?.message)
      this.#line(`${printable(error.message)} (${error.code})`);
    if (state !== last?.state && state !== 'active')
      this.#line(state === 'resolved' ? 'not running until it is needed' : state);
    if (state === 'active' && last && last.generation !== generation)
      this.#line(`started again (generation ${generation})`);
  }

  log(line: string): void {
    const text = this.#output.isTTY ? printable(stripVTControlCharacters(line)) : line;
    const [, rest] = /^\d{4}-\d\d-\d\dT\S+Z (.*)$/.exec(text) ?? [];
    if (rest === undefined) this.#output.data(`          ${text}`);
    else this.#line(rest);
  }

  #line(text: string): void {
    const at = new Date(this.#clock.wall()).toTimeString().slice(0, 8);
    this.#output.data(`${at}  ${text}`);
  }

  /** The place, the line with a mark under what is meant, and how it came there. */
  #placeLines({ file, line, column, source, frames = [] }: SourceFault): readonly string[] {
    const name = relative(this.#cwd, file);
    const short = name.startsWith('..') ? file : name;
    const lines = [`  ${[short, line, column].filter((part) => part !== undefined).join(':')}`];
    if (line !== undefined && source !== undefined) {
      const number = String(line);
      // As wide as the line is shown, tabs and all.
      const before = source.slice(0, (column ?? 1) - 1).replace(/[^\t]/g, ' ');
      lines.push(`  ${number} | ${source}`);
      if (column !== undefined) lines.push(`  ${' '.repeat(number.length)} | ${before}^`);
    }
    return [...lines, ...frames.slice(0, 5).map((frame) => `    ${frame}`)];
  }
}

/** The hint is the place, which is shown with more around it. */
function withoutHint({ code, message, stack }: KinoportError): KinoportError {
  return deserializeError({ code, message, ...(stack === undefined ? {} : { stack }) });
}

/** The one error of a command whose host has gone. */
export const HOST_GONE = `The host has ended; "${PRODUCT.command} plugin dev" starts one again.`;
