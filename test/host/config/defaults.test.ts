import { describe, expect, it } from 'vitest';
import { schemaDefaults } from '../../../host/src/config/defaults.ts';
import { defaultConfig } from '../../../host/src/config/parseConfig.ts';
import { HostConfigSchema } from '../../../host/src/config/schema.ts';
import { validate } from '../../../host/src/config/validator.ts';

describe('the defaults of a schema', () => {
  it('are the same as the validator fills into an empty config file', () => {
    const { plugins: _, ...expected } = validate(HostConfigSchema, {}).value as Record<string, unknown>;
    expect(defaultConfig()).toEqual({ ...expected, plugins: {} });
  });

  it('reach into objects that have a default, and leave out what has none', () => {
    const schema = {
      type: 'object',
      properties: {
        path: { type: 'string' },
        depth: { type: 'number', default: 8 },
        net: { type: 'object', default: {}, properties: { port: { type: 'number', default: 80 } } },
        list: { type: 'array', default: ['a'] },
      },
    };
    expect(schemaDefaults(schema)).toEqual({ depth: 8, net: { port: 80 }, list: ['a'] });
    expect(validate(schema, {}).value).toEqual(schemaDefaults(schema));
  });
});
