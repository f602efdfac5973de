import { homedir } from 'node:os';
import { KinoportError } from '@kinoport/core';
import type { PluginAccess } from '../plugins/permissions/access.ts';
import { expandPath, includesPath } from '../plugins/permissions/paths.ts';
import { type Refusal, refused } from '../plugins/permissions/refusal.ts';
import { Peer } from '../rpc/peer.ts';

/** Whose process this is, and what it may do; known from `initialize` on. */
export interface Identity {
  readonly id: string;
  readonly access: PluginAccess;
}

/** The connection to the host; what Node denied the plugin arrives there as what it is. */
export class PluginPeer extends Peer {
  identity: Identity | undefined;

  override handle(method: string, handler: Parameters<Peer['handle']>[1]): ReturnType<Peer['handle']> {
    return super.handle(method, async (params, signal) => {
      try {
        return await handler(params, signal);
      } catch (error) {
        throw this.identity ? explained(error, this.identity) : error;
      }
    });
  }
}

/** An error of Node's permission model, or one caused by it, says what was denied and what to write in the manifest. */
export function explained(error: unknown, { id, access }: Identity): unknown {
  const denial = denialIn(error);
  if (denial === undefined || (error instanceof KinoportError && error.code.startsWith('PERMISSION_')))
    return error;
  const { permission, resource } = denial;
  const explain = (refusal: Refusal, wasRequested: boolean): KinoportError =>
    withCause(refused(id, refusal, wasRequested), error);
  const denied = (what: string, hint: string): KinoportError =>
    new KinoportError('PERMISSION_DENIED', `The plugin "${id}" may not ${what}.`, {
      hint,
      data: { plugin: id, permission, resource },
      cause: error,
    });
  switch (permission) {
    case 'FileSystemRead':
    case 'FileSystemWrite': {
      const kind = permission === 'FileSystemRead' ? 'read' : 'write';
      if (resource === '') return denied('make links', 'Copy the file instead.');
      const dependency = /[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)/.exec(resource)?.[1];
      if (kind === 'read' && dependency !== undefined) {
        const hint = `Name the package under "dependencies" in its package.json: "${dependency.replace('\\', '/')}".`;
        return denied(`read ${resource}`, hint);
      }
      const { fs } = access.requested;
      const asked = kind === 'read' ? [...(fs?.read ?? []), ...(fs?.write ?? [])] : (fs?.write ?? []);
      const home = homedir();
      return explain(
        { what: `${kind} ${resource}`, entry: `"fs": { "${kind}": [${JSON.stringify(resource)}] }` },
        asked.some((path) => includesPath(expandPath(path, home), resource)),
      );
    }
    case 'Net': {
      const what = `use the network${resource === '' ? '' : ` (${resource})`}`;
      return explain({ what, entry: '"net": ["loopback"]' }, (access.requested.net?.length ?? 0) > 0);
    }
    case 'NativeAddons':
      return explain({ what: 'load native code', entry: '"native": true' }, access.requested.native === true);
    case 'ChildProcess':
      return denied(
        'start programs by itself',
        'Start them with ctx.processes, and name them: "permissions": { "spawn": [{ "command": "..." }] }.',
      );
    case 'WorkerThreads':
      return denied('start threads', 'It has a process of its own; no permission allows more than that.');
    case 'Database':
      return denied(
        'use node:sqlite, which opens every file past its permissions',
        'Keep small values in ctx.storage, larger ones in files; or ask for "fs": { "read": ["*"], "write": ["*"] }.',
      );
    default:
      return denied(`use what Node calls ${permission}`, 'No permission allows it.');
  }
}

function denialIn(error: unknown): { readonly permission: string; readonly resource: string } | undefined {
  let each: unknown = error;
  for (let depth = 0; depth < 10 && typeof each === 'object' && each !== null; depth += 1) {
    const { code, permission, resource, message, cause, syscall, address, hostname } = each as Record<
      string,
      unknown
    >;
    if (code === 'ERR_DLOPEN_DISABLED') return { permission: 'NativeAddons', resource: '' };
    if (code === 'ERR_UNKNOWN_BUILTIN_MODULE' && String(message).includes('node:sqlite'))
      return { permission: 'Database', resource: '' };
    if (code === 'ERR_ACCESS_DENIED') {
      // A refused connection names neither, only what it was about to do, and to whom.
      if (permission === undefined && (syscall === 'connect' || syscall === 'getaddrinfo')) {
        const to = address ?? hostname;
        return { permission: 'Net', resource: typeof to === 'string' ? to : '' };
      }
      // Of links and descriptors it says only in its message what would be needed.
      const kind = typeof permission === 'string' && permission !== '' ? permission : 'FileSystemWrite';
      return { permission: kind, resource: typeof resource === 'string' ? resource : '' };
    }
    each = cause;
  }
  return undefined;
}

function withCause(error: KinoportError, cause: unknown): KinoportError {
  error.cause = cause;
  return error;
}

/**
 * What ends the process says so too: Node prints the stack of an uncaught error, and the host takes its line of the
 * message out of the log.
 */
export function explainUncaught(identity: () => Identity | undefined): void {
  process.on('uncaughtExceptionMonitor', (error) => {
    const who = identity();
    if (!who) return;
    const clear = explained(error, who);
    if (clear === error || !(clear instanceof KinoportError)) return;
    const frames = (error.stack ?? '').split('\n').filter((line) => line.startsWith('    at '));
    error.stack = [`Error: ${clear.message} ${clear.hint ?? ''} (${clear.code})`, ...frames].join('\n');
  });
}
