// One stack, synthesized once: its Terraform JSON and its generated files, for tests of constructs.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import { App, LocalBackend, Manifest, TerraformStack, Testing } from "cdktf";

/** Arguments of a resource or a data source, as `cdk.tf.json` has them. */
export type Arguments = Readonly<Record<string, unknown>>;

/** The parts of `cdk.tf.json` that tests read. */
interface TerraformJson {
  readonly resource?: Readonly<Record<string, Readonly<Record<string, Arguments>>>>;
  readonly data?: Readonly<Record<string, Readonly<Record<string, Arguments>>>>;
  readonly output?: Readonly<Record<string, { readonly value: string }>>;
}

/** The only key that a test needs: nobody has its private half. */
export const PUBLIC_KEY =
  "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl me@example.com";

export class Template {
  private constructor(
    /** All of `cdk.tf.json`. */
    readonly json: TerraformJson,
    private readonly files: ReadonlyMap<string, { readonly text: string; readonly mode: number }>,
    /** Warnings of the stack, with the path of the construct they are about. */
    readonly warnings: readonly string[],
  ) {}

  /** Declares a stack called "lab" in us-west-2 and synthesizes it. */
  static of(declare: (stack: TerraformStack) => void, { aws = true, stackId = "lab" } = {}): Template {
    const outdir = mkdtempSync(join(tmpdir(), "gantry-template-"));
    try {
      const app = Testing.stubVersion(new App({ outdir, stackTraces: false }));
      const stack = new TerraformStack(app, stackId);
      new LocalBackend(stack, { path: "lab.tfstate" });
      if (aws) new AwsProvider(stack, "aws", { region: "us-west-2" });
      declare(stack);
      app.synth();
      return Template.read(outdir, stackId);
    } finally {
      rmSync(outdir, { recursive: true, force: true });
    }
  }

  private static read(outdir: string, stackId: string): Template {
    const manifest = JSON.parse(readFileSync(join(outdir, Manifest.fileName), "utf8")) as Manifest;
    const annotations = manifest.stacks[stackId]?.annotations ?? [];
    const stack = join(outdir, "stacks", stackId);
    const root = join(stack, "files");
    const entries = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const files = entries.map(({ parentPath, name }) => {
      const path = join(parentPath, name);
      return [relative(root, path), { text: readFileSync(path, "utf8"), mode: statSync(path).mode & 0o777 }] as const;
    });
    return new Template(
      JSON.parse(readFileSync(join(stack, "cdk.tf.json"), "utf8")) as TerraformJson,
      new Map(files.sort()),
      annotations.map(({ constructPath, message }) => `[${constructPath}] ${message}`),
    );
  }

  /** Types of all resources, each as often as there are resources of it. */
  get types(): string[] {
    return Object.entries(this.json.resource ?? {}).flatMap(([type, all]) => Object.keys(all).map(() => type));
  }

  /** All resources of a type, by logical id. */
  resources(type: string): Readonly<Record<string, Arguments>> {
    return this.json.resource?.[type] ?? {};
  }

  /** The one resource of a type. */
  resource(type: string): Arguments {
    return only(type, this.resources(type));
  }

  /** The one data source of a type. */
  data(type: string): Arguments {
    return only(`data.${type}`, this.json.data?.[type] ?? {});
  }

  /** Value of an output. */
  output(name: string): string | undefined {
    return this.json.output?.[name]?.value;
  }

  /** Paths of the generated files. */
  get paths(): string[] {
    return [...this.files.keys()];
  }

  /** Text of a generated file. */
  file(path: string): string {
    return this.entry(path).text;
  }

  isExecutable(path: string): boolean {
    return this.entry(path).mode === 0o755;
  }

  /** Settings of a generated `*.env` without awkward values. */
  env(path: string): Record<string, string> {
    const lines = [...this.file(path).matchAll(/^(\w+)='([^']*)'$/gm)];
    return Object.fromEntries(lines.map(([, key = "", value = ""]) => [key, value]));
  }

  private entry(path: string) {
    const entry = this.files.get(path);
    if (!entry) throw new Error(`no file ${path}; there are ${this.paths.join(", ")}`);
    return entry;
  }
}

function only(type: string, found: Readonly<Record<string, Arguments>>): Arguments {
  const [first, ...others] = Object.values(found);
  if (first === undefined || others.length > 0) {
    throw new Error(`expected one ${type}, found ${Object.keys(found).join(", ") || "none"}`);
  }
  return first;
}
