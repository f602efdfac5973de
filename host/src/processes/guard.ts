import type { Disposable } from '@kinoport/core';
import type { InjectionToken } from 'tsyringe';

export interface GuardOptions {
  /** It leads a process group, which ends with it. */
  readonly group?: boolean;
}

/**
 * Sees to it that processes end with the host even when the host is killed. A healthy plugin ends by itself when its
 * pipe closes; one in a busy loop or stopped cannot. On Windows nobody does this.
 */
export interface ProcessGuard extends Disposable {
  /** Guards a child of the host until disposed, which is for when it has ended. To be called right after its start. */
  watch(pid: number, options?: GuardOptions): Disposable;
  /** Ends the guarding; what is still guarded is killed. */
  dispose(): Promise<void>;
}

export const ProcessGuard: InjectionToken<ProcessGuard> = Symbol('ProcessGuard');
