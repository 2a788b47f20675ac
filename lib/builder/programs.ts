/** Programs of `scripts/client`: they run on the user's machine. A test compares the list with the directory. */
export const CLIENT_PROGRAMS: readonly string[] = [];

/** Programs of `scripts/host`: they run on the builder. */
export const HOST_PROGRAMS: readonly string[] = [];
