import { Check, Errors } from 'typebox/schema';

/** What is wrong with a value: where (JSON pointer) and what was expected. */
export interface ValidationProblem {
  readonly path: string;
  readonly message: string;
}

/**
 * A JSON Schema to check values against. Interpreted, not compiled: a check costs some 20 µs, and none of the
 * 5 to 15 ms a schema that a compiler takes on the way to the first frame.
 */
export interface CheckedSchema<T> {
  problem(value: unknown): ValidationProblem | undefined;
  is(value: unknown): value is T;
}

export function checkedSchema<T>(make: () => object): CheckedSchema<T> {
  let made: object | undefined;
  const schema = (): object => {
    made ??= make();
    return made;
  };
  const is = (value: unknown): value is T => Check(schema(), value);
  return {
    is,
    problem(value) {
      if (is(value)) return undefined;
      const [, errors] = Errors(schema(), value);
      // An unknown key also shows as a value that nothing is allowed to be.
      const error = errors.find((each) => each.keyword !== 'boolean') ?? errors[0];
      if (!error) return { path: '', message: 'is not valid' };
      const params = error.params as Readonly<Record<string, unknown>>;
      const detail =
        error.keyword === 'additionalProperties'
          ? `has the unknown key ${[params.additionalProperties].flat().map((key) => `"${String(key)}"`)}`
          : error.keyword === 'enum'
            ? `must be one of ${JSON.stringify(params.allowedValues)}`
            : error.message;
      return { path: error.instancePath, message: detail };
    },
  };
}
