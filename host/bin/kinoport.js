#!/usr/bin/env node
// Syntax of 2019: an old Node has to get as far as saying what is wrong. Nothing native is loaded before the
// check, because better-sqlite3 ends an old Node with SIGSEGV.
const minimum = [22, 19];
const version = process.versions.node.split('.').map(Number);

if (version[0] < minimum[0] || (version[0] === minimum[0] && version[1] < minimum[1])) {
  const message = `Node.js ${process.versions.node} is too old; Kinoport needs ${minimum.join('.')} or newer.`;
  const hint = 'Install a newer one from https://nodejs.org; in a checkout, "npx kinoport" brings its own.';
  if (process.argv.indexOf('--json') >= 0) {
    console.log(JSON.stringify({ error: { code: 'NODE_TOO_OLD', message: message, hint: hint } }));
  } else {
    console.error(`kinoport: ${message}\n${hint} (NODE_TOO_OLD)`);
  }
  process.exit(1);
} else {
  // The compiled code of one start serves the next.
  process.getBuiltinModule('module').enableCompileCache();
  import('../dist/cli.js').catch((error) => {
    if (error.code === 'ERR_MODULE_NOT_FOUND' && /dist.cli\.js/.test(error.message)) {
      console.error('kinoport: The program is not built.\nRun "npm run build" in the checkout. (INTERNAL)');
    } else {
      console.error(error);
    }
    process.exit(1);
  });
}
