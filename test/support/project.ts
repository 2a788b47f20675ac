// A project directory of its own for tests of synthesis.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { App, Testing, type AppConfig } from "cdktf";

/** A directory that a test synthesizes in, and what it looks for there. */
export class Project {
  readonly directory: string;

  /** `prefix`: how the name of the directory begins, for tests that want odd ones. */
  constructor(prefix = "gantry-project-") {
    this.directory = realpathSync(mkdtempSync(join(tmpdir(), prefix)));
  }

  path(...segments: string[]): string {
    return join(this.directory, ...segments);
  }

  /** An app with its output in this project's `cdktf.out`, without a version that changes. */
  app(config: AppConfig = {}): App {
    return Testing.stubVersion(new App({ outdir: this.path("cdktf.out"), stackTraces: false, ...config }));
  }

  /** Declares an app and synthesizes it. */
  synth(declare: (app: App) => void, config: AppConfig = {}): void {
    const app = this.app(config);
    declare(app);
    app.synth();
  }

  read(path: string): string {
    return readFileSync(this.path(path), "utf8");
  }

  has(path: string): boolean {
    return existsSync(this.path(path));
  }

  mode(path: string): string {
    return (statSync(this.path(path)).mode & 0o777).toString(8).padStart(4, "0");
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(this.path(path)), { recursive: true });
    writeFileSync(this.path(path), text);
  }

  /** Paths of all files and links below a directory, sorted; empty directories end with a slash. */
  list(directory = "."): string[] {
    if (!this.has(directory)) return [];
    return readdirSync(this.path(directory), { recursive: true, withFileTypes: true })
      .map((entry) => {
        const path = join(entry.parentPath, entry.name);
        const name = relative(this.path(directory), path);
        if (!entry.isDirectory()) return name;
        return readdirSync(path).length === 0 ? `${name}/` : "";
      })
      .filter((name) => name !== "")
      .sort();
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** The text of the error that `action` throws. */
export function messageOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("expected an error");
}
