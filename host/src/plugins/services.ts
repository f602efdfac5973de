import { KinoportError } from '@kinoport/core';
import Type from 'typebox';
import type { PluginCalls } from './calls.ts';
import type { PluginManager } from './manager.ts';
import type { Plugin } from './plugin.ts';
import { checkedSchema } from './validation.ts';

interface ServicesCall {
  readonly service: string;
  readonly method: string;
  readonly params: unknown;
}

const check = checkedSchema<ServicesCall>(() =>
  Type.Object({
    service: Type.String({ minLength: 1, maxLength: 64 }),
    method: Type.String({ minLength: 1, maxLength: 64 }),
    params: Type.Unknown(),
  }),
);

/** `ctx.services.call` of every plugin: to the one that offers it, when the caller depends on it. */
export function servePluginServices(calls: PluginCalls, plugins: () => PluginManager): void {
  calls.onCall(
    'services/call',
    async ({ service, method, params }, caller, signal) => {
      const provider = plugins().serviceProvider(service);
      if (!provider || (provider !== caller && !dependsOn(caller, provider, service))) {
        throw new KinoportError(
          'SERVICE_UNKNOWN',
          provider
            ? `The plugin "${caller.id}" does not depend on the service "${service}".`
            : `No plugin offers the service "${service}".`,
          {
            hint: provider
              ? `Add { "contract": "service:${service}" } to its dependencies in package.json.`
              : 'Enable a plugin that does.',
          },
        );
      }
      const call = { service, method, params, caller: caller.id };
      return provider.call('service/call', call, {
        signal,
        timeout: Number.POSITIVE_INFINITY,
        repeat: false,
      });
    },
    check,
  );
}

function dependsOn(caller: Plugin, provider: Plugin, service: string): boolean {
  const dependencies = caller.definition.manifest.package.kinoport.dependencies ?? [];
  return dependencies.some((dependency) =>
    'plugin' in dependency ? dependency.plugin === provider.id : dependency.contract === `service:${service}`,
  );
}
