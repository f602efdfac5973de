import { PRODUCT } from '@kinoport/core';

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
