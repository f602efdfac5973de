import { type CommandArguments, type JsonObject, PRODUCT } from '@kinoport/core';
import type { PluginAccess } from '../plugins/permissions/access.ts';

/** What the process of a standalone command is told at its start, by the client that started it. */
export interface StandaloneOrder {
  readonly command: string;
  readonly plugin: { readonly id: string; readonly version: string; readonly root: string };
  /** What it may do, for the words of what Node denies it. */
  readonly access: PluginAccess;
  /** File URL of the module. */
  readonly module: string;
  readonly input: CommandArguments;
  readonly config: JsonObject;
  readonly display: Readonly<Record<string, string>>;
  readonly output: { readonly json: boolean; readonly quiet: boolean; readonly verbose: boolean };
}

/** Holds the order of a command without a client, which nobody tells anything later. */
export const ORDER_VARIABLE = `${PRODUCT.envPrefix}STANDALONE_ORDER`;

/** What the client tells it later. */
export type StandaloneNote = { readonly signal: 'interrupt' | 'terminate' | 'hangUp' | 'reload' };
