import type { SerializedError } from '@kinoport/core';
import Type from 'typebox';

export const DIAGNOSTICS_METHODS = {
  /** Starts the plugins that declare diagnostics. */
  'plugins.diagnose': Type.Object({}),
} as const;

/** What one plugin tells about itself, or why it could not. */
export type PluginDiagnostics =
  | { readonly plugin: string; readonly error: SerializedError }
  | {
      readonly plugin: string;
      readonly error?: undefined;
      readonly diagnostics: readonly {
        readonly label: string;
        readonly value: string;
        /** False: less works than should. */
        readonly ok: boolean;
        readonly hint: string | null;
      }[];
    };

export interface DiagnosticsResults {
  'plugins.diagnose': readonly PluginDiagnostics[];
}
