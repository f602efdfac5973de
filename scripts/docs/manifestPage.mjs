// The reference of the manifest: structure and limits out of its schema, what things mean out of the docstrings.
import { readFileSync } from 'node:fs';
import { manifestSchema } from '../../core/src/manifestSchema.ts';
import { at } from '../lib/workspace.mjs';
import { docstrings } from './docstrings.mjs';

/** Which interface describes which object of the schema. Objects without a name of their own continue the one around. */
const INTERFACES = {
  '': 'PluginPackage',
  kinoport: 'PluginManifest',
  'kinoport.dependencies[]': 'PluginDependency',
  'kinoport.permissions': 'PluginPermissions',
  'kinoport.permissions.spawn[]': 'SpawnPermission',
  'kinoport.contributes': 'Contributions',
  'kinoport.contributes.players[]': 'PlayerContribution',
  'kinoport.contributes.sources[]': 'SourceContribution',
  'kinoport.contributes.commands[]': 'CommandContribution',
};

export function manifestPage() {
  const docs = docstrings(readFileSync(at('core/src/manifest.ts'), 'utf8'));
  const sections = [];
  collect(manifestSchema, '', '', docs, sections);
  return `${[
    '# The manifest',
    '',
    '<!-- Made by scripts/make-docs.mjs out of core/src/manifestSchema.ts and core/src/manifest.ts; change those. -->',
    '',
    "The manifest is the member `kinoport` of a plugin's `package.json`, with a few others. It is read and checked",
    'without running any code: routing and help come from it alone. A mistake in it is `PLUGIN_MANIFEST_INVALID` with',
    'the file, the place in it, and what was expected; it keeps no other plugin from working.',
    ...sections.flat(),
  ].join('\n')}\n`;
}

/** One section for each object, in the order of the schema. */
function collect(schema, path, around, docs, sections) {
  const type = INTERFACES[path] ?? around;
  const rows = [];
  const section = sections.push([]) - 1;
  for (const [key, value] of Object.entries(schema.properties)) {
    const text = docs.get(`${type}.${key}`);
    if (text === undefined) throw new Error(`core/src/manifest.ts says nothing about ${type}.${key}`);
    const required = schema.required?.includes(key) ? ' Required.' : '';
    const place = path === '' ? key : `${path}.${key}`;
    const inner = value.type === 'array' ? value.items : value;
    const innerPath = value.type === 'array' ? `${place}[]` : place;
    const isObject = inner?.properties !== undefined && key !== 'configuration';
    const link = isObject ? `[${heading(innerPath)}](#${anchor(heading(innerPath))})` : undefined;
    const said = escaped(text).replace(/ @experimental$/, ' Experimental.');
    rows.push(`| \`${key}\` | ${typeOf(value, link)} | ${said}${required} |`);
    if (isObject) collect(inner, innerPath, INTERFACES[innerPath] ?? `${type}.${key}`, docs, sections);
  }
  const intro = INTERFACES[path] === undefined ? undefined : docs.get(type);
  sections[section] = [
    '',
    `## ${heading(path)}`,
    ...(intro === undefined ? [] : ['', intro]),
    '',
    '| Key | Type | |',
    '|---|---|---|',
    ...rows,
  ];
}

const heading = (path) => `\`${path === '' ? 'package.json' : path}\``;
const anchor = (text) =>
  text
    .toLowerCase()
    .replace(/[^\w\- ]/g, '')
    .replaceAll(' ', '-');
const escaped = (text) => text.replaceAll('|', '\\|');

function typeOf(schema, link) {
  if (schema.enum) return schema.enum.map((value) => `\`"${value}"\``).join(' or ');
  if (schema.type === 'array') {
    const most = schema.maxItems === undefined ? '' : `, at most ${schema.maxItems}`;
    return `list of ${typeOf(schema.items, link)}${most}`;
  }
  if (Array.isArray(schema.type)) return schema.type.join(' or ');
  if (schema.type !== 'string') return link ?? schema.type ?? 'object';
  const length = schema.maxLength === undefined ? '' : `, at most ${schema.maxLength} characters`;
  return `text${length}${schema.pattern === undefined ? '' : `, \`${escaped(schema.pattern)}\``}`;
}
