// What plugins are kept from, out of the table that the tests go through.
import { BORDER, isStopped, NODE_OPTIONS } from '../../host/src/plugins/permissions/border.ts';

export function protectionPage() {
  const versions = Object.keys(NODE_OPTIONS);
  const cell = (row, version) =>
    isStopped(row, { options: new Set(NODE_OPTIONS[version]) }) ? 'stopped' : '**not stopped**';
  return `${[
    '# What plugins are kept from',
    '',
    '<!-- Made by scripts/make-docs.mjs out of host/src/plugins/permissions/border.ts; change that and run it again. -->',
    '',
    'What a plugin without the [permission](permissions.md) for it might try, and whether something stops it:',
    "Node's permission model, the host, or the environment that the plugin's process is given. Tests try each of it with a",
    'real plugin on each of these versions, and fail as well where something is stopped that is said not to be.',
    '',
    `| A plugin can | ${versions.map((version) => `Node ${version}`).join(' | ')} |`,
    `|---|${versions.map(() => '---|').join('')}`,
    ...BORDER.map((row) => {
      const note = row.note === undefined ? '' : ` (${row.note.replace(/\.$/, '')})`;
      return `| ${row.what}${note} | ${versions.map((version) => cell(row, version)).join(' | ')} |`;
    }),
    '',
    'And what follows from a permission that a plugin has:',
    '',
    '- With any entry under `net` it reaches every host: Node knows only all of the network or nothing of it.',
    '- A program that it may start with any arguments does what it is told: a player runs scripts.',
    '- Native code, and programs that are started, are bound by none of this.',
    "- With everything to read and the network to use it can read the token of the host's API, and do what the command",
    '  line does.',
    '',
    '`kinoport doctor -v` tells for each plugin what of this it can do, on the Node that runs it.',
  ].join('\n')}\n`;
}
