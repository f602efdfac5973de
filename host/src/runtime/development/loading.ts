import { registerHooks } from 'node:module';
import type { Peer } from '../../rpc/peer.ts';

/** What happened while the plugin's code was loaded. */
export interface LoadWatch {
  /** An import that led nowhere. */
  readonly unresolved: { readonly specifier: string; readonly parent: string } | undefined;
}

/**
 * Prepares the loading of a plugin that somebody works on: tells the host where debuggers attach, and with `wait`
 * does not go on before one has; it then finds itself at the first line of the entry module.
 */
export async function developing(
  peer: Peer,
  entry: string,
  { wait }: { readonly wait: boolean },
): Promise<LoadWatch> {
  let unresolved: LoadWatch['unresolved'];
  registerHooks({
    resolve(specifier, context, next) {
      try {
        return next(specifier, context);
      } catch (error) {
        unresolved = { specifier, parent: context.parentURL ?? entry };
        throw error;
      }
    },
    load(url, context, next) {
      const loaded = next(url, context);
      if (!wait || url !== entry || loaded.source === null || loaded.source === undefined) return loaded;
      return { ...loaded, source: `debugger;${textOf(loaded.source)}` };
    },
  });
  const inspector = process.getBuiltinModule('node:inspector');
  const url = inspector.url();
  if (url !== undefined) {
    await peer.notify('debug/listening', { port: Number(new URL(url).port) });
    if (wait) inspector.waitForDebugger();
  }
  return {
    get unresolved() {
      return unresolved;
    },
  };
}

function textOf(source: string | ArrayBuffer | NodeJS.TypedArray): string {
  return typeof source === 'string' ? source : new TextDecoder().decode(source);
}
