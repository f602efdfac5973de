/** Ctrl-C, as shells tell it. */
export const EXIT_INTERRUPTED = 130;
