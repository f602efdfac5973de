// Adds to package-lock.json the optional packages of other platforms that the registry in use did not have, so that
// `npm ci` works on those platforms and with any registry. With --check only says whether some are missing.
import { readFileSync, writeFileSync } from 'node:fs';
import { at } from './lib/workspace.mjs';

const SYSTEMS = [
  'aix',
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
];
const PROCESSORS = [
  'arm64',
  'arm',
  'ia32',
  'loong64',
  'mips64el',
  'ppc64',
  'riscv64',
  's390x',
  'wasm32',
  'x64',
];

const file = at('package-lock.json');
const lock = JSON.parse(readFileSync(file, 'utf8'));
const missing = Object.values(lock.packages).flatMap((parent) =>
  Object.entries(parent.optionalDependencies ?? {})
    .filter(([name]) => !(`node_modules/${name}` in lock.packages))
    .map(([name, version]) => ({ name, version, dev: parent.dev === true })),
);

if (process.argv.includes('--check')) {
  if (missing.length === 0) process.exit(0);
  console.error(`package-lock.json lacks ${missing.map(({ name }) => name).join(', ')}.`);
  console.error('Run: node scripts/complete-lock.mjs');
  process.exit(1);
}

for (const { name, version, dev } of missing) {
  const words = name.split(/[/\-.]/);
  const system = SYSTEMS.find((candidate) => words.includes(candidate));
  const processor = PROCESSORS.find((candidate) => words.includes(candidate));
  if (!/^\d/.test(version)) throw new Error(`${name}@${version}: not an exact version, add it by hand.`);
  lock.packages[`node_modules/${name}`] = {
    version,
    ...(processor ? { cpu: [processor] } : {}),
    ...(dev ? { dev: true } : {}),
    ...(words.includes('musl') ? { libc: ['musl'] } : {}),
    optional: true,
    ...(system ? { os: [system] } : {}),
  };
  if (!system && !processor) console.warn(`${name}: the name tells no platform.`);
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`${missing.length} packages added.`);
