export type { CreateOptions } from './choose.ts';
export { type Created, type CreateEnvironment, create, nextSteps, runCreate } from './cli.ts';
export { createPlugin } from './create.ts';
export { KINDS, LANGUAGES, type Language, type PluginKind, type PluginPlan, TAKEN } from './plan.ts';
