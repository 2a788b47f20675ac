import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, relative, resolve, sep } from "node:path";
import {
  AnnotationMetadataEntryType,
  App,
  TerraformStack,
  Token,
  type IStackSynthesizer,
  type ISynthesisSession,
} from "cdktf";
import type { IConstruct } from "constructs";
import { realDirectory } from "./disk";
import { GantryError, reasonOf } from "./errors";
import { PathClaims } from "./file-path";
import type { FileTree, RenderedFile } from "./file-plan";
import { checkDirectory, writeTrees } from "./file-tree";

/** What a file may want to know about where it will stand. Both are relative paths, the same on every machine. */
export interface RenderContext {
  /** From the file root to the directory that holds `cdk.tf.json`, for example `".."`. */
  readonly stackDirectory: string;
  /** Whether the stack named its file root, so that the root is the project's own directory. */
  readonly adoptedRoot: boolean;
}

/** What this module needs of a `GeneratedFile`. */
export interface RenderableFile extends IConstruct {
  readonly [FILE_MARK]: true;
  readonly path: string;
  readonly executable: boolean;
  /** Whether an equal file of another stack on the same root is the same file. Absent in older copies of the library. */
  readonly shared?: boolean;
  render(context: RenderContext): string;
}

/** Marks the constructs that {@link FileSynthesizer} writes. */
export const FILE_MARK = Symbol.for("cdktf-gantry/GeneratedFile");
const MARK = Symbol.for("cdktf-gantry/FileSynthesizer");
const CONTEXT_KEY = "gantry:root";

/**
 * Wraps `stack.synthesizer`: cdktf synthesizes and validates, this renders and checks the files as part of that
 * validation, and the files of all stacks are written together once the last stack is through. So a synth that
 * fails anywhere leaves every file root as it was, and puts back the Terraform JSON that cdktf has written by then.
 */
export class FileSynthesizer implements IStackSynthesizer {
  /** The stack's file synthesizer; put in place on first use. */
  static install(stack: TerraformStack): FileSynthesizer {
    const installed = (stack as Marked)[MARK];
    if (installed !== undefined) return installed;
    const made = new FileSynthesizer(stack);
    const first = firstStack(stack.node.root);
    if (first !== undefined) FileSynthesizer.install(first); // nothing may be written before ours looks
    return made;
  }

  /** Directory of the files, relative to the working directory; `undefined`: below the stack's own output. */
  root: string | undefined;

  private readonly inner: IStackSynthesizer;
  private tree: FileTree | undefined;
  private faults = new Map<IConstruct, string>();
  private session: ISynthesisSession | undefined;

  private constructor(private readonly stack: TerraformStack) {
    this.inner = stack.synthesizer;
    stack.synthesizer = this;
    // On the stack and not in a map of this module: another copy of the library must find it too.
    Object.defineProperty(stack, MARK, { value: this });
    stack.node.addValidation({ validate: () => this.render() });
  }

  /** What was wrong with a file when the stack was last validated, its own validation asks. */
  faultOf(file: IConstruct): string[] {
    const fault = this.faults.get(file);
    return fault === undefined ? [] : [fault];
  }

  /** A generated file as a program started in the stack's directory (Terraform, its provisioners) finds it. Call it at synth. */
  fromStackDirectory(path: string): string {
    return posix(relative(this.stackDirectory(), resolve(this.rootDirectory(), path)));
  }

  synthesize(session: ISynthesisSession): void {
    const run = runOf(session, this.stack);
    this.session = session;
    this.tree = undefined;
    for (const path of configurations(session, this.stack)) run.before.set(path, read(path));
    try {
      this.inner.synthesize(session);
      if (this.tree === undefined) this.renderUnvalidated();
      if (this.tree !== undefined) run.trees.push(this.tree);
      if (run.last === this.stack) finish(run, session);
    } catch (error) {
      putBack(run);
      throw error;
    } finally {
      this.session = undefined;
    }
  }

  /** With validations switched off these still run: a wrong path is never written. */
  private renderUnvalidated(): void {
    const general = this.render().map((message) => ({ property: `[${this.stack.node.path}]`, message }));
    const faults = [...this.faults].map(([file, message]) => ({ property: `[${file.node.path}]`, message }));
    if (general.length + faults.length === 0) return;
    throw new GantryError("generated files: nothing was written", [...general, ...faults]);
  }

  /** Renders all files into {@link tree}, with what is wrong with single ones in {@link faults}; returns what else is. */
  private render(): string[] {
    this.faults = new Map();
    let context: RenderContext;
    try {
      context = this.context();
    } catch (error) {
      return [reasonOf(error)];
    }
    const claims = new PathClaims();
    const files = filesOf(this.stack).flatMap((file): RenderedFile[] => {
      try {
        const taken = claims.claim(file.path, file.node.path);
        if (taken !== undefined) throw new Error(taken);
        const content = file.render(context);
        assertText(content);
        return [
          {
            path: file.path,
            content,
            executable: file.executable,
            shared: file.shared === true,
            construct: file.node.path,
          },
        ];
      } catch (error) {
        this.faults.set(file, `${file.path}: ${reasonOf(error)}`);
        return [];
      }
    });
    this.tree = { root: this.rootDirectory(), stack: this.stack.node.path, files };
    return [];
  }

  /** A session that is not the app's own, such as that of `Testing.fullSynth`, keeps to its own output. */
  private isForeign(): boolean {
    return this.session !== undefined && this.session.manifest !== App.of(this.stack).manifest;
  }

  private rootDirectory(): string {
    const named = this.namedRoot();
    const directory =
      named === undefined || this.isForeign() ? resolve(this.stackDirectory(), "files") : resolve(named);
    return realDirectory(directory); // `..` must lead where it leads a program that stands there
  }

  private namedRoot(): string | undefined {
    if (this.root !== undefined) return this.root;
    const named: unknown = this.stack.node.tryGetContext(CONTEXT_KEY);
    if (named === undefined || (typeof named === "string" && named !== "" && !Token.isUnresolved(named))) return named;
    throw new Error(`context "${CONTEXT_KEY}": got ${JSON.stringify(named)}; allowed: a directory, such as "."`);
  }

  private stackDirectory(): string {
    const app = App.of(this.stack);
    const { outdir, manifest } = this.session ?? app;
    return realDirectory(resolve(outdir, manifest.forStack(this.stack).workingDirectory));
  }

  private context(): RenderContext {
    const stackDirectory = posix(relative(this.rootDirectory(), this.stackDirectory()));
    return { stackDirectory: stackDirectory || ".", adoptedRoot: this.namedRoot() !== undefined };
  }
}

interface Marked extends TerraformStack {
  readonly [MARK]?: FileSynthesizer;
}

/** One synthesis of an app: its last stack, the trees gathered so far, and what cdktf writes over. */
interface Run {
  readonly last: TerraformStack;
  readonly trees: FileTree[];
  /** Terraform's configuration as it was before, by path; `undefined`: there was none. */
  readonly before: Map<string, Buffer | undefined>;
}

const runs = new WeakMap<ISynthesisSession, Run>();

/**
 * cdktf tells a synthesizer of one stack, and offers nothing to hook in after all of them. It asks the stacks in tree
 * order, each for its synthesizer when its turn comes: so all others get ours, too, where they make no files. It is the
 * first to fail that puts back, and the last that writes.
 */
function runOf(session: ISynthesisSession, stack: TerraformStack): Run {
  let run = runs.get(session);
  if (run === undefined) {
    const app = App.of(stack);
    const stacks = session.manifest === app.manifest ? app.node.findAll().filter(TerraformStack.isStack) : [stack];
    for (const each of stacks) FileSynthesizer.install(each);
    run = { last: stacks.at(-1) ?? stack, trees: [], before: new Map() };
    runs.set(session, run);
  }
  return run;
}

/** The files that cdktf writes for a stack. */
function configurations({ outdir, manifest }: ISynthesisSession, stack: TerraformStack): string[] {
  const { synthesizedStackPath, stackMetadataPath } = manifest.forStack(stack);
  return [synthesizedStackPath, ...(stackMetadataPath ? [stackMetadataPath] : [])].map((path) => resolve(outdir, path));
}

function read(path: string): Buffer | undefined {
  return existsSync(path) ? readFileSync(path) : undefined;
}

/** Makes Terraform's configuration what it was before the run. */
function putBack({ before }: Run): void {
  for (const [path, content] of before) {
    if (content !== undefined) {
      if (!read(path)?.equals(content)) writeFileSync(path, content);
    } else if (existsSync(path)) {
      rmSync(path);
      if (readdirSync(dirname(path)).length === 0) rmdirSync(dirname(path));
    }
  }
}

/** The first stack in tree order, which cdktf synthesizes first. */
function firstStack(node: IConstruct): TerraformStack | undefined {
  if (TerraformStack.isStack(node)) return node;
  for (const child of node.node.children) {
    const found = firstStack(child);
    if (found !== undefined) return found;
  }
  return undefined;
}

function finish(run: Run, session: ISynthesisSession): void {
  // cdktf-cli has error annotations collected and fails afterwards; the app's own validations come after this, too.
  const annotations = Object.values(session.manifest.stacks).flatMap((stack) => stack.annotations);
  if (annotations.some(({ level }) => level === AnnotationMetadataEntryType.ERROR)) return;
  if (!session.skipValidation && App.of(run.last).node.validate().length > 0) {
    putBack(run); // the app refuses as soon as this returns
    return;
  }
  writeTrees(run.trees);
  if (checkDirectory(process.env) !== undefined) putBack(run); // a check changes nothing
}

/** The stack's files, without those of stacks nested in it. */
function filesOf(stack: TerraformStack): RenderableFile[] {
  const isFile = (node: IConstruct): node is RenderableFile => FILE_MARK in node;
  return stack.node.findAll().filter((node) => isFile(node) && TerraformStack.of(node) === stack) as RenderableFile[];
}

function posix(path: string): string {
  return path.split(sep).join("/");
}

/** Refuses text that a Terraform reference (text, list, map or number) was pasted into. */
function assertText(content: unknown): asserts content is string {
  if (typeof content !== "string") throw new Error(`the content is ${typeof content}, not text`);
  const numbers = [...content.matchAll(/-\d(?:\.\d+)?e\+\d{3}/g)].map(([text]) => Number(text));
  const holdsToken =
    /[$#&]\{TfToken\[/.test(content) ||
    numbers.some((number) => Token.isUnresolved(number) || Token.isUnresolved([number]));
  if (holdsToken) {
    throw new Error("the text holds a Terraform reference, known only after apply; read it from an output at run time");
  }
}
