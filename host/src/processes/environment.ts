import { PRODUCT } from '@kinoport/core';

/** Variables that say where a viewer's screen and sound are. */
export const DISPLAY_NAMES = [
  'DISPLAY',
  'WAYLAND_DISPLAY',
  'XDG_RUNTIME_DIR',
  'XAUTHORITY',
  'DBUS_SESSION_BUS_ADDRESS',
  'PULSE_SERVER',
] as const;

/** A host that was started elsewhere (over ssh, by a service) does not know the viewer's screen and sound. */
export function displayEnvironment(environment: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    DISPLAY_NAMES.flatMap((name) => {
      const value = environment[name];
      return value ? [[name, value] as const] : [];
    }),
  );
}

/** The environment of a program: the host's own without the product's variables, and what is given. */
export function programEnvironment(
  own: NodeJS.ProcessEnv,
  added: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const result: Record<string, string> = {};
  for (const [name, value] of Object.entries(own)) {
    if (value !== undefined && !name.toUpperCase().startsWith(PRODUCT.envPrefix)) result[name] = value;
  }
  return { ...result, ...added };
}
