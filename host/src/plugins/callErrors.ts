import { KinoportError } from '@kinoport/core';

/** Something a plugin threw that is no error of the contract. */
export function faultOf(id: string, logFile: string, error: KinoportError): KinoportError {
  return new KinoportError('INTERNAL', `The plugin "${id}" failed: ${error.message}`, {
    hint: `Report it to the author of the plugin; its log is ${logFile}.`,
    cause: error,
  });
}

/** It was replaced meanwhile, and is not to be asked once more. */
export function replacedWhileAsked(id: string, hint = 'Ask again.'): KinoportError {
  return new KinoportError('PLUGIN_REPLACED', `The plugin "${id}" was replaced while it worked on this.`, {
    hint,
  });
}
