/** Name of the list of generated files, at the top of every file root. */
export const MANIFEST = "gantry.json";

/** Why a generated file must not have this path, or nothing when it may. Paths are relative, with `/`, below the file root. */
export function pathFault(path: string): string | undefined {
  if (path === "") return "the path is empty";
  if (/[\0-\x1f\x7f]/.test(path)) return "the path has a control character";
  if (path.includes("\\")) return 'the path has a backslash; write "/"';
  if (path.startsWith("/") || /^[A-Za-z]:/.test(path))
    return "the path is absolute; write it relative to the file root";
  const segments = path.split("/");
  if (segments.includes("..")) return 'the path leaves the file root through ".."';
  if (segments.includes("") || segments.includes(".")) return 'the path has an empty or a "." segment';
  if (segments.some((segment) => segment.toLowerCase() === ".git")) return 'the path is in ".git"';
  if (path.toLowerCase() === MANIFEST) return `"${MANIFEST}" is the list of generated files itself`;
  return undefined;
}

/** Keeps paths apart, also on file systems that do not tell upper from lower case. */
export class PathClaims {
  private readonly files = new Map<string, { path: string; owner: string }>();
  private readonly directories = new Map<string, string>();

  /** Takes `path` for the construct `owner`; says what stands there already when it is taken. */
  claim(path: string, owner: string): string | undefined {
    const key = path.toLowerCase();
    const same = this.files.get(key);
    if (same) {
      const how = same.path === path ? "is made twice" : `differs from ${same.path} by upper and lower case only`;
      return `${how}; the other is [${same.owner}]`;
    }
    const inside = this.directories.get(key);
    if (inside !== undefined) return `is a file where [${inside}] needs a directory`;
    const segments = key.split("/");
    const above = segments.slice(1).map((_, i) => segments.slice(0, i + 1).join("/"));
    for (const directory of above) {
      const file = this.files.get(directory);
      if (file) return `needs a directory where [${file.owner}] puts a file`;
    }
    this.files.set(key, { path, owner });
    for (const directory of above) this.directories.set(directory, owner);
    return undefined;
  }
}
