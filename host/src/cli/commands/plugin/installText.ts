import type { PreparedInstall } from '../../../plugins/install/views.ts';
import type { PackageBuild, WorkerProgress } from '../../../plugins/install/worker/protocol.ts';
import { formatBytes } from '../../terminal/time.ts';
import { printable } from '../../terminal/width.ts';

/** What a person reads before he allows something. */
export function preparedText(prepared: PreparedInstall): readonly string[] {
  const { id, name, version, description, resolved, integrity, installed, dependencies } = prepared;
  const before = installed ? ` (${installed.isSame ? 'again' : `now ${installed.version}`})` : '';
  const asked = installed ? prepared.newPermissionWords : prepared.permissionWords;
  const all = prepared.permissionWords.length;
  const lines = [
    `${id} ${version}${before}: ${name}`,
    ...(description === '' ? [] : [`  ${description}`]),
    `  from ${resolved}`,
    `  ${prepared.files} files, ${formatBytes(prepared.bytes)}, ${integrity}`,
    ...dependencyText(dependencies),
    ...prepared.warnings.map((warning) => `  Note: ${warning}`),
    '',
    ...permissionText(asked, all, installed !== null),
    ...(prepared.fullTrust
      ? ['', 'That is full trust: what it starts or loads can do whatever you can.']
      : []),
  ];
  return lines.map(printable);
}

function permissionText(
  asked: PreparedInstall['permissionWords'],
  all: number,
  isUpdate: boolean,
): readonly string[] {
  if (isUpdate && asked.length === 0) return ['It asks for nothing that it may not do already.'];
  if (all === 0) return ['It asks for no permission beyond its own folders.'];
  return [
    isUpdate ? 'It now asks as well to:' : 'It asks to:',
    ...asked.map(({ text, key }) => `  - ${text}  (${key})`),
  ];
}

function dependencyText(dependencies: PreparedInstall['dependencies']): readonly string[] {
  if (dependencies.length === 0) return [];
  const names = dependencies.map(({ name, version }) => `${name} ${version}`);
  const shown = names.slice(0, 6).join(', ');
  return [
    `  with ${names.length} ${names.length === 1 ? 'package' : 'packages'}: ${shown}${names.length > 6 ? ', ...' : ''}`,
  ];
}

/** A package that wants to run install scripts, and which. */
export function buildText({ name, version, scripts }: PackageBuild): string {
  const what = scripts.length === 0 ? '' : ` (${scripts.join('; ')})`;
  return printable(`${name} ${version} wants to run install scripts${what}.`);
}

/** What is done at the moment. */
export function progressText({ stage, text }: WorkerProgress): string {
  const words = {
    fetching: 'Fetching',
    checking: 'Checking',
    resolving: 'Looking for its dependencies',
    installing: 'Installing its dependencies',
    building: 'Running install scripts of',
  }[stage];
  return printable(`${words}${text ? ` ${text}` : ''} ...`);
}
