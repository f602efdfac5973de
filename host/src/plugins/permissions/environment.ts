import type { PluginPermissions } from '@kinoport/core';

/** What programs need to find their way about. */
const USUAL = [
  ...['PATH', 'HOME', 'USER', 'LOGNAME', 'LANG', 'LANGUAGE', 'TZ'],
  ...['XDG_CONFIG_HOME', 'XDG_DATA_HOME', 'XDG_STATE_HOME', 'XDG_CACHE_HOME'],
];
const USUAL_ON_WINDOWS = [
  ...['SYSTEMROOT', 'SYSTEMDRIVE', 'WINDIR', 'PATHEXT', 'COMSPEC', 'USERNAME', 'USERPROFILE', 'HOMEDRIVE'],
  ...['HOMEPATH', 'APPDATA', 'LOCALAPPDATA', 'PROGRAMDATA', 'PROGRAMFILES', 'PROGRAMFILES(X86)'],
  ...['PROGRAMW6432', 'NUMBER_OF_PROCESSORS', 'PROCESSOR_ARCHITECTURE'],
];
/** Where screen and sound are. */
const DESKTOP = [
  ...['DISPLAY', 'WAYLAND_DISPLAY', 'XAUTHORITY', 'XDG_RUNTIME_DIR', 'XDG_SESSION_TYPE'],
  ...['XDG_CURRENT_DESKTOP', 'DBUS_SESSION_BUS_ADDRESS', 'PULSE_SERVER', 'PIPEWIRE_REMOTE'],
];
/** How the network is reached. */
const NETWORK = [
  ...['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY', 'NODE_USE_ENV_PROXY'],
  ...['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'SSL_CERT_DIR'],
];

/** Variables with which other code gets into a program. */
const LOADERS =
  /^(LD_|DYLD_|NODE_(OPTIONS|PATH|REPL)|BASH_ENV$|ENV$|SHELLOPTS$|IFS$|PYTHON|PERL5|PERLLIB$|RUBY(OPT|LIB)$|JAVA_TOOL_OPTIONS$|GCONV_PATH$|PATH$)/;

/** What a plugin's process sees of the host's environment. */
export function pluginEnvironment(
  own: NodeJS.ProcessEnv,
  granted: PluginPermissions,
  platform: NodeJS.Platform = process.platform,
): Record<string, string> {
  const windows = platform === 'win32';
  const names = new Set([
    ...USUAL,
    ...(windows ? USUAL_ON_WINDOWS : []),
    ...(granted.spawn?.length ? DESKTOP : []),
    ...(granted.net?.length ? NETWORK : []),
  ]);
  const asked = new Set(granted.environment?.filter((name) => !isLoader(name)));
  const seen = (name: string): boolean =>
    names.has(name.toUpperCase()) || name.startsWith('LC_') || asked.has(name);
  return Object.fromEntries(
    Object.entries(own).filter(
      (entry): entry is [string, string] => entry[1] !== undefined && seen(entry[0]),
    ),
  );
}

/** Whether a plugin may set a variable for a program that it starts. */
export function mayBeSet(name: string, named: readonly string[] = []): boolean {
  if (isLoader(name)) return false;
  return /^LC_/.test(name) || ['LANG', 'LANGUAGE', 'TZ', ...DESKTOP].includes(name) || named.includes(name);
}

/** Whether a variable gets other code into a program; nobody sets those. */
export function isLoader(name: string): boolean {
  return LOADERS.test(name.toUpperCase());
}
