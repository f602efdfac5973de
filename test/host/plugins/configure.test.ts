/** Settings that a plugin's command changes for whoever runs it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CliHome } from './support/cliHome.ts';

let home: CliHome;

beforeEach(() => {
  home = new CliHome();
  const configuration = {
    type: 'object',
    additionalProperties: false,
    properties: {
      limit: { type: 'integer', minimum: 5, default: 10 },
      names: { type: 'array', items: { type: 'string' } },
      token: { type: 'string', secret: true },
    },
  };
  const commands = [{ command: 'limit', title: 'Sets', args: [{ name: 'json', required: true }] }];
  home.plugin(
    'limiter',
    { contributes: { commands, configuration } },
    `import { definePlugin } from '@kinoport/core';
     export default definePlugin({ activate(ctx) {
       ctx.commands.register('limit', async ({ args }, io) => {
         await io.configure(JSON.parse(args.json));
         io.line(JSON.stringify(ctx.config.value));
       });
     } });`,
  );
});
afterEach(() => home.dispose());

const file = (): string => join(home.folder, 'config.jsonc');
const TEXT = '{\n  // mine\n  "plugins": { "./limiter": true }\n}\n';

describe('a command that changes settings', () => {
  it('has them in force when it goes on, and leaves the rest of the file', async () => {
    writeFileSync(file(), TEXT);
    expect(await home.run('limit', '{"limit":7,"names":["a"]}')).toMatchObject({
      code: 0,
      stdout: '{"limit":7,"names":["a"]}\n',
    });
    expect((await home.run('limit', '{"limit":8}')).stdout).toBe('{"limit":8,"names":["a"]}\n');
    expect(readFileSync(file(), 'utf8')).toContain('// mine');
    expect((await home.run('config', 'check')).code).toBe(0);
  });

  it('is refused what the manifest does not have, and nothing is written', async () => {
    writeFileSync(file(), TEXT);
    const refused = [
      ['{"limit":4}', /"limit" must be/],
      ['{"limit":7,"other":1}', /no setting "other"/],
      ['{"token":"open-sesame"}', /no setting "token"/],
      ['{"constructor":1}', /no setting "constructor"/],
      ['{}', /INVALID_ARGUMENT/],
      ['[]', /INVALID_ARGUMENT/],
    ] as const;
    const runs = refused.map(([json, text]) => home.run('limit', json).then((run) => ({ run, json, text })));
    for (const { run, json, text } of await Promise.all(runs)) {
      expect(run.stderr, json).toMatch(text);
      expect(run.code, json).toBe(2);
    }
    expect(readFileSync(file(), 'utf8')).toBe(TEXT);
  });
});
