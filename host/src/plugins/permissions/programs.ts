import { homedir } from 'node:os';
import { isAbsolute, normalize } from 'node:path';
import { type JsonObject, KinoportError, type PluginPermissions, type SpawnPermission } from '@kinoport/core';
import type { ProcessBroker } from '../../processes/broker.ts';
import type { Asker } from './access.ts';
import { isLoader, mayBeSet } from './environment.ts';
import { expandPath } from './paths.ts';
import { matches } from './patterns.ts';
import { refused } from './refusal.ts';

/** What a plugin wants to start, or to find. */
export interface ProgramRequest {
  readonly command: string;
  /** Absent: it is only looked for. */
  readonly args?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** Holds programs that plugins start against their permissions. */
export class ProgramPermissions {
  readonly #broker: Pick<ProcessBroker, 'which'>;
  readonly #userHome: string;

  constructor(broker: Pick<ProcessBroker, 'which'>, userHome: string = homedir()) {
    this.#broker = broker;
    this.#userHome = userHome;
  }

  /** @throws KinoportError `PERMISSION_DENIED`, `PERMISSION_NOT_GRANTED` */
  async check(owner: Asker, request: ProgramRequest): Promise<void> {
    const { command, args, environment = {} } = request;
    const entries = await this.#entriesFor(owner, command, owner.access.granted);
    const asked = await this.#entriesFor(owner, command, owner.access.requested);
    const entry = `"spawn": [{ "command": ${JSON.stringify(command)} }]`;
    if (entries.length === 0)
      throw refused(owner.id, { what: `start "${command}"`, entry }, asked.length > 0);
    if (args === undefined) return;

    const fitting = entries.filter((each) => accepts(each, args));
    if (fitting.length === 0) {
      const odd = args.find((arg) => !entries.some((each) => accepts(each, [arg]))) ?? args[0] ?? '';
      const what = `start "${command}" with the argument ${quoted(odd)}`;
      const withArgs = `"spawn": [{ "command": ${JSON.stringify(command)}, "args": [${quoted(odd)}, ...] }]`;
      throw refused(
        owner.id,
        { what, entry: withArgs },
        asked.some((each) => accepts(each, args)),
      );
    }
    const names = Object.keys(environment);
    const settable = (each: SpawnPermission): boolean =>
      names.every((name) => mayBeSet(name, each.environment));
    if (fitting.some(settable)) return;
    const loader = names.find(isLoader);
    if (loader !== undefined) {
      throw new KinoportError(
        'PERMISSION_DENIED',
        `The plugin "${owner.id}" may not start "${command}" with ${loader} set, which gets other code into it.`,
        { hint: 'No plugin may set this variable.', data: { plugin: owner.id, variable: loader } },
      );
    }
    const name =
      names.find((each) => !fitting.some((one) => mayBeSet(each, one.environment))) ?? names[0] ?? '';
    const what = `start "${command}" with ${name} set`;
    const named = `"spawn": [{ "command": ${JSON.stringify(command)}, "environment": ["${name}"] }]`;
    throw refused(
      owner.id,
      { what, entry: named },
      asked.some((each) => accepts(each, args) && settable(each)),
    );
  }

  async #entriesFor(
    owner: Asker,
    command: string,
    permissions: PluginPermissions,
  ): Promise<readonly SpawnPermission[]> {
    const config = await owner.config();
    const entries: SpawnPermission[] = [];
    for (const entry of permissions.spawn ?? []) {
      const program = this.#programOf(entry.command, config);
      if (program !== undefined && (await this.#isProgram(program, command))) entries.push(entry);
    }
    return entries;
  }

  /** The program that an entry speaks of: a name or a path; `undefined` when it is a setting that has no value. */
  #programOf(command: string, config: JsonObject): string | undefined {
    const setting = /^\$\{config\.([^}]+)\}$/.exec(command)?.[1];
    if (setting === undefined) return command.startsWith('~') ? expandPath(command, this.#userHome) : command;
    const value = Object.hasOwn(config, setting) ? config[setting] : undefined;
    return typeof value === 'string' && value !== '' ? value : undefined;
  }

  /** A name stands for the program of that name on PATH as well, and for no other of that name elsewhere. */
  async #isProgram(program: string, command: string): Promise<boolean> {
    if (program === command) return true;
    if (/[\\/]/.test(program)) return isAbsolute(command) && normalize(program) === normalize(command);
    return isAbsolute(command) && (await this.#broker.which(program)) === command;
  }
}

function accepts({ args: patterns }: SpawnPermission, args: readonly string[]): boolean {
  return patterns === undefined || args.every((arg) => patterns.some((pattern) => matches(pattern, arg)));
}

/** An argument in a message: whole where it is short, since it may hold anything. */
function quoted(arg: string): string {
  return JSON.stringify(arg.length > 80 ? `${arg.slice(0, 77)}...` : arg);
}
