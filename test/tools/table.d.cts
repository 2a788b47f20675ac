/** Where tools are built and kept. */
export const cache: string;
/** The PATH the tests see. */
export const searchPath: string;
/** Where a program is, or nothing. An absolute path is taken as it is. */
export function which(program: string): string | undefined;
/** Where a tool of the table is, or nothing. */
export function findTool(name: string): string | undefined;
/** One line: how a person gets the tool. */
export function howToGet(name: string): string;
