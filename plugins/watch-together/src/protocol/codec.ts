import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { CLIENT_MESSAGES, type ClientMessage } from './clientMessages.ts';
import { SERVER_MESSAGES, type ServerMessage } from './serverMessages.ts';

/** A frame read: a message, or why it is none. */
export type Decoded<M> =
  | { readonly ok: true; readonly message: M }
  | {
      readonly ok: false;
      /** json: no JSON object with a `type`; unknown: a type that this side does not know; invalid: known, but broken. */
      readonly why: 'json' | 'unknown' | 'invalid';
      readonly type?: string;
      /** The request's number, if it can be read, so that the refusal finds its way. */
      readonly id?: number;
      /** Where it is broken: `/settings/control must be ...`. Holds no value of the message. */
      readonly problem: string;
    };

interface Checker {
  check(value: unknown): boolean;
  problem(value: unknown): string;
}

function checkers(schemas: Readonly<Record<string, TSchema>>): ReadonlyMap<string, Checker> {
  return new Map(
    Object.entries(schemas).map(([type, schema]) => {
      // Compiled when first needed: a client never checks most of them.
      let compiled: ReturnType<typeof Compile> | undefined;
      const validator = () => (compiled ??= Compile(schema));
      return [
        type,
        {
          check: (value) => validator().Check(value),
          problem(value) {
            const [first] = validator().Errors(value);
            return `${first?.instancePath || '/'} ${first?.message ?? 'is not valid'}`;
          },
        },
      ];
    }),
  );
}

const CLIENT = checkers(CLIENT_MESSAGES);
const SERVER = checkers(SERVER_MESSAGES);

function decode<M>(text: string, known: ReadonlyMap<string, Checker>): Decoded<M> {
  const value = parsed(text);
  const type = value?.type;
  if (!value || typeof type !== 'string')
    return { ok: false, why: 'json', problem: 'is no JSON object with a type' };
  const id = Number.isSafeInteger(value.id) ? { id: value.id as number } : {};
  const checker = known.get(type);
  if (!checker)
    return { ok: false, why: 'unknown', type: type.slice(0, 32), ...id, problem: 'is of an unknown type' };
  if (!checker.check(value))
    return { ok: false, why: 'invalid', type, ...id, problem: checker.problem(value) };
  return { ok: true, message: value as M };
}

function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Reads a frame at the relay. */
export const decodeClientMessage = (text: string): Decoded<ClientMessage> => decode(text, CLIENT);

/** Reads a frame at a client. */
export const decodeServerMessage = (text: string): Decoded<ServerMessage> => decode(text, SERVER);

export const encode = (message: ClientMessage | ServerMessage): string => JSON.stringify(message);
