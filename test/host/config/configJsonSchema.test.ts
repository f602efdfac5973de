import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { configJsonSchema } from '../../../host/src/config/configJsonSchema.ts';

const schema = configJsonSchema([
  { id: 'mpv' },
  {
    id: 'torrent',
    displayName: 'Torrents',
    configuration: {
      type: 'object',
      properties: { port: { $ref: '#/definitions/port' } },
      definitions: { port: { type: 'integer' } },
    },
  },
]);
const accepts = new Ajv({ strict: false }).compile(schema);

describe('configJsonSchema', () => {
  it('is plain JSON that says which draft it is', () => {
    expect(JSON.parse(JSON.stringify(schema))).toEqual(schema);
    expect(schema.$schema).toBe('http://json-schema.org/draft-07/schema#');
  });

  it.each([
    {},
    { $schema: './config.schema.json', player: 'vlc', progress: { watchedAt: 0.8 } },
    { plugins: { mpv: true, torrent: { config: { port: 1 } }, '../mine': { config: { anything: 1 } } } },
  ])('accepts %j', (value) => {
    expect(accepts(value)).toBe(true);
  });

  it.each([
    { plaver: 'vlc' },
    { progress: { watchedAt: 90 } },
    { plugins: { mpv: 1 } },
    { plugins: { torrent: { config: { port: 'x' } } } },
    { plugins: { torrent: { config: { prot: 1 } } } },
  ])('refuses %j', (value) => {
    expect(accepts(value)).toBe(false);
  });
});
