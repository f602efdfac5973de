import Type from 'typebox';
import { checkedSchema } from '../../../../plugins/validation.ts';

/** What an error of a plugin in work says of its place in the sources; line and column from 1. */
export interface SourceFault {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
  /** The line. */
  readonly source?: string;
  /** Calls in the plugin's own files, the last one first. */
  readonly frames?: readonly string[];
}

const fault = checkedSchema<SourceFault>(() =>
  Type.Object({
    file: Type.String({ minLength: 1 }),
    line: Type.Optional(Type.Integer({ minimum: 1 })),
    column: Type.Optional(Type.Integer({ minimum: 1 })),
    source: Type.Optional(Type.String()),
    frames: Type.Optional(Type.Array(Type.String())),
  }),
);

export function isFault(value: unknown): value is SourceFault {
  return fault.is(value);
}
