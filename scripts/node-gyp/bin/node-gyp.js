#!/usr/bin/env node
// better-sqlite3 brings its binaries and says `"gypfile": false`, which npm forgets when it installs from a lock file:
// it would compile them, for which a machine needs Python, a compiler and Node's headers. So in this checkout node-gyp
// first asks the package itself, and only then is what npm has.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

if (JSON.parse(readFileSync('package.json', 'utf8')).gypfile === false) process.exit(0);

const own = fileURLToPath(import.meta.url);
const { npm_config_node_gyp: configured, npm_execpath: npm } = process.env;
const beside = npm && join(dirname(realpathSync(npm)), '../node_modules/node-gyp/bin/node-gyp.js');
const real = [configured, beside].find((path) => path && existsSync(path) && realpathSync(path) !== own);
if (!real) {
  console.error(
    'This package has to be compiled by node-gyp, which npm did not bring: npm install --global node-gyp',
  );
  process.exit(1);
}
process.exit(spawnSync(process.execPath, [real, ...process.argv.slice(2)], { stdio: 'inherit' }).status ?? 1);
