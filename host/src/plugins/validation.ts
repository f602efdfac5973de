import { Ajv, type ValidateFunction } from 'ajv';

/** What is wrong with a value: where (JSON pointer) and what was expected. */
export interface ValidationProblem {
  readonly path: string;
  readonly message: string;
}

/** A schema compiled on first use, so that start-up does not pay for what is not needed. */
export interface CompiledSchema<T> {
  problem(value: unknown): ValidationProblem | undefined;
  is(value: unknown): value is T;
}

let shared: Ajv | undefined;

export function compileSchema<T>(schema: () => object): CompiledSchema<T> {
  let compiled: ValidateFunction | undefined;
  const get = (): ValidateFunction => {
    shared ??= new Ajv({ allErrors: false, strict: false, allowUnionTypes: true, validateSchema: false });
    compiled ??= shared.compile(schema());
    return compiled;
  };
  return {
    is: (value): value is T => get()(value),
    problem(value) {
      const validate = get();
      if (validate(value)) return undefined;
      const error = validate.errors?.[0];
      if (!error) return { path: '', message: 'is not valid' };
      const params = error.params as Record<string, unknown>;
      const detail =
        error.keyword === 'additionalProperties'
          ? `has the unknown key "${String(params['additionalProperty'])}"`
          : error.keyword === 'enum'
            ? `must be one of ${JSON.stringify(params['allowedValues'])}`
            : (error.message ?? 'is not valid');
      return { path: error.instancePath, message: detail };
    },
  };
}
