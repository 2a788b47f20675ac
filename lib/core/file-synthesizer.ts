import { relative, resolve, sep } from "node:path";
import { App, Token, type IStackSynthesizer, type ISynthesisSession, type TerraformStack } from "cdktf";
import type { IConstruct } from "constructs";
import { PathClaims, pathFault } from "./file-path";
import { writeTrees, type FileTree } from "./file-tree";

/** What a file may want to know about where it will stand. Both are relative paths, the same on every machine. */
export interface RenderContext {
  /** From the file root to the directory that holds `cdk.tf.json`, for example `".."`. */
  readonly stackDirectory: string;
  /** Whether the stack named its file root, so that the root is the project's own directory. */
  readonly adoptedRoot: boolean;
}

/** What this module needs of a `GeneratedFile`. */
interface RenderableFile extends IConstruct {
  readonly path: string;
  readonly executable: boolean;
  render(context: RenderContext): string;
}

const MARK = Symbol.for("cdktf-gantry/FileSynthesizer");
const CONTEXT_KEY = "gantry:root";

/**
 * Wraps `stack.synthesizer`: cdktf synthesizes and validates, this renders and checks the files as part of that
 * validation, and the files of all stacks are written together once the last stack is through. So a synth that
 * fails anywhere leaves every file root as it was.
 */
export class FileSynthesizer implements IStackSynthesizer {
  /** The stack's file synthesizer; put in place on first use. */
  static install(stack: TerraformStack): FileSynthesizer {
    const current = stack.synthesizer as Partial<FileSynthesizer>;
    return current[MARK] ? (current as FileSynthesizer) : new FileSynthesizer(stack);
  }

  readonly [MARK] = true;
  /** Directory of the files, relative to the working directory; `undefined`: below the stack's own output. */
  root: string | undefined;

  private readonly inner: IStackSynthesizer;
  private readonly files: RenderableFile[] = [];
  private readonly peers: FileSynthesizer[];
  private tree: FileTree | undefined;
  private done: ISynthesisSession | undefined;

  private constructor(private readonly stack: TerraformStack) {
    this.inner = stack.synthesizer;
    this.peers = peersOf(stack);
    this.peers.push(this);
    stack.synthesizer = this;
    stack.node.addValidation({ validate: () => this.render() });
  }

  add(file: RenderableFile): void {
    this.files.push(file);
  }

  /** A generated file as a program started in the stack's directory (Terraform, its provisioners) finds it. Call it at synth. */
  fromStackDirectory(path: string): string {
    return posix(relative(this.stackDirectory(), resolve(this.rootDirectory(), path)));
  }

  synthesize(session: ISynthesisSession): void {
    this.tree = undefined;
    this.inner.synthesize(session);
    if (this.tree === undefined) {
      const faults = this.render(); // validations are switched off: these are not, a wrong path is never written
      if (faults.length > 0) throw new Error(`[${this.stack.node.path}] files not written:\n  ${faults.join("\n  ")}`);
    }
    this.done = session;
    if (this.peers.every(({ done }) => done === session)) {
      writeTrees(this.peers.flatMap(({ tree }) => tree ?? []));
    }
  }

  /** Renders all files into {@link tree}; returns what is wrong. */
  private render(): string[] {
    const faults: string[] = [];
    const context = this.context();
    const claims = new PathClaims();
    const files = this.files.flatMap((file) => {
      const where = `[${file.node.path}] ${JSON.stringify(file.path)}`;
      const fault = Token.isUnresolved(file.path) ? "the path is a Terraform reference" : (pathFault(file.path) ?? claims.claim(file.path, file.node.path));
      if (fault !== undefined) {
        faults.push(`${where}: ${fault}`);
        return [];
      }
      try {
        const content = file.render(context);
        const token = findToken(content);
        if (token !== undefined) {
          faults.push(`${where}: the text holds a Terraform reference (${token}), known only after apply; read it from an output at run time`);
        }
        return { path: file.path, content, executable: file.executable, construct: file.node.path };
      } catch (error) {
        faults.push(`${where}: ${error instanceof Error ? error.message : String(error)}`);
        return [];
      }
    });
    this.tree = { root: this.rootDirectory(), stack: this.stack.node.path, files };
    return faults;
  }

  private rootDirectory(): string {
    const named = this.namedRoot();
    return named === undefined ? resolve(this.stackDirectory(), "files") : resolve(named);
  }

  private namedRoot(): string | undefined {
    return this.root ?? (this.stack.node.tryGetContext(CONTEXT_KEY) as string | undefined);
  }

  private stackDirectory(): string {
    const app = App.of(this.stack);
    return resolve(app.outdir, app.manifest.forStack(this.stack).workingDirectory);
  }

  private context(): RenderContext {
    const stackDirectory = posix(relative(this.rootDirectory(), this.stackDirectory()));
    return { stackDirectory: stackDirectory || ".", adoptedRoot: this.namedRoot() !== undefined };
  }
}

function posix(path: string): string {
  return path.split(sep).join("/");
}

const peersByApp = new WeakMap<IConstruct, FileSynthesizer[]>();

function peersOf(stack: TerraformStack): FileSynthesizer[] {
  const app = stack.node.root;
  const peers = peersByApp.get(app) ?? [];
  peersByApp.set(app, peers);
  return peers;
}

/** Finds what a Terraform reference looks like once it was pasted into text: string, list and number tokens. */
function findToken(text: string): string | undefined {
  const marked = /[$#]\{TfToken\[[^\]]*\]\}|TfToken\[[^\]]*\]/.exec(text);
  if (marked) return "a text or list reference";
  for (const [number] of text.matchAll(/-\d\.\d+e\+\d{3}/g)) {
    if (Token.isUnresolved(Number(number))) return "a number reference";
  }
  return undefined;
}
