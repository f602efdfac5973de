import {
  type Attention,
  type JsonValue,
  KinoportError,
  type PluginSecrets,
  type Services,
} from '@kinoport/core';
import type { Redactor } from '../log/redactor.ts';
import type { Peer } from '../rpc/peer.ts';
import type { ServiceCallParams } from '../rpc/protocol.ts';
import type { RegistryImpl } from './registry.ts';

export type ServiceMethods = Parameters<Services['register']>[1];

/** `ctx.services`: answers the calls of other plugins, and sends this one's own through the host. */
export function createServices(peer: Peer, registry: RegistryImpl<ServiceMethods>): Services {
  peer.handle('service/call', async (params, signal) => {
    const { service, method, params: value, caller } = params as ServiceCallParams;
    const methods = registry.get(service);
    const run = Object.hasOwn(methods, method) ? methods[method] : undefined;
    if (!run)
      throw new KinoportError('METHOD_NOT_FOUND', `The service "${service}" has no method "${method}".`);
    return run(value ?? null, { signal, caller });
  });
  return {
    register: (id, methods) => registry.register(id, methods),
    call: (service, method, params = null, options = {}) =>
      peer.call<JsonValue>('services/call', { service, method, params }, options),
  };
}

/** `ctx.secrets`: the host keeps them. */
export function createSecrets(peer: Peer, redactor: Redactor): PluginSecrets {
  return {
    async get(name) {
      const { value } = await peer.call<{ readonly value?: string }>('secrets/get', { name });
      redactor.add(value);
      return value;
    },
    async set(name, value) {
      redactor.add(value);
      await peer.call('secrets/set', { name, ...(value === undefined ? {} : { value }) });
    },
  };
}

/** `ctx.attention`: a note to the host. */
export function createAttention(peer: Peer): Attention {
  const tell = (request: unknown): void => {
    peer.notify('attention/changed', { request }).catch(() => undefined);
  };
  return { request: tell, clear: () => tell(null) };
}
