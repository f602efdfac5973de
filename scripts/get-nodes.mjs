// `node scripts/get-nodes.mjs 22 24`: other versions of Node for the tests that go over all of them, as the npm package
// `node` brings them: some 10 s and 190 MB each, which not everybody who installs the repository is to pay for.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { at } from './lib/workspace.mjs';

for (const major of process.argv.slice(2)) {
  const folder = at('node_modules/.cache/nodes', major);
  if (existsSync(`${folder}/node_modules/node/bin/node`)) continue;
  const args = [
    'install',
    '--silent',
    '--no-save',
    '--no-audit',
    '--no-fund',
    '--prefix',
    folder,
    `node@${major}`,
  ];
  execFileSync('npm', args, { stdio: 'inherit', shell: process.platform === 'win32' });
}
