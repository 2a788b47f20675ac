// TypeScript from documents: what it leaves out is put in front, then the compiler reads it, and where it is an app it is run.
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import * as gantry from "../../lib";
import * as builder from "../../lib/builder";
import * as cluster from "../../lib/cluster";
import * as image from "../../lib/image";
import { root } from "./documents";

/** Code and where it stands. */
export interface Snippet {
  readonly where: string;
  readonly code: string;
}

const entryPoints: Readonly<Record<string, object>> = {
  "cdktf-gantry": gantry,
  "cdktf-gantry/builder": builder,
  "cdktf-gantry/cluster": cluster,
  "cdktf-gantry/image": image,
};

/** What a snippet may use without importing it. */
const importable = new Map<string, string>([
  ...Object.entries(entryPoints).flatMap(([module, names]) =>
    Object.keys(names).map((name): [string, string] => [name, module]),
  ),
  ...["App", "TerraformStack", "LocalBackend"].map((name): [string, string] => [name, "cdktf"]),
  ["AwsProvider", "@cdktf/provider-aws/lib/provider"],
]);

/** What a snippet may use without making it. */
const given: Readonly<Record<string, string>> = { app: "App", stack: "TerraformStack", builder: "GpuBuilder" };

/** A module of a snippet: with the imports and declarations that it takes for granted. */
export function asModule({ code }: Snippet): string {
  const text = code.replace(/"(?:[^"\\\n]|\\.)*"|\/\/.*/g, '""'); // names in texts and comments are not used
  const imported = [...code.matchAll(/^import .*$/gm)].join("\n");
  const declared = (name: string) => new RegExp(`\\b(const|let|function|class) ${name}\\b`).test(text);
  const values = Object.keys(given).filter(
    (name) => new RegExp(`(?<![.\\w])${name}\\b(?!:)`).test(text) && !declared(name),
  );
  const needed = [...importable.keys()].filter(
    (name) =>
      !new RegExp(`\\b${name}\\b`).test(imported) &&
      (new RegExp(`(?<![.\\w])${name}\\b`).test(text) || values.some((value) => given[value] === name)),
  );
  return [
    ...needed.map((name) => `import { ${name} } from "${importable.get(name) ?? ""}";`),
    ...values.map((name) => `declare const ${name}: ${given[name] ?? ""};`),
    code,
    "export {};\n",
  ].join("\n");
}

/** What the compiler says against the snippets, under the options of this repository. */
export function compileFaults(snippets: readonly Snippet[], directory: string): string[] {
  mkdirSync(directory, { recursive: true });
  symlinkSync(join(root, "node_modules"), join(directory, "node_modules"));
  const names = snippets.map((snippet, i) => {
    const path = join(directory, `snippet-${i}.ts`);
    writeFileSync(path, asModule(snippet));
    return path;
  });
  const { config } = ts.readConfigFile(join(root, "tsconfig.json"), (path) => ts.sys.readFile(path)) as {
    config: { compilerOptions: object };
  };
  const { options, errors } = ts.convertCompilerOptionsFromJson(
    { ...config.compilerOptions, rootDir: undefined },
    root,
  );
  const program = ts.createProgram(names, {
    ...options,
    paths: { "cdktf-gantry": [join(root, "lib/index.ts")], "cdktf-gantry/*": [join(root, "lib/*/index.ts")] },
    typeRoots: [join(root, "node_modules/@types")],
  });
  const faults = names.flatMap((name) => ts.getPreEmitDiagnostics(program, program.getSourceFile(name)));
  return [...errors, ...faults].map(({ file, start = 0, messageText }) => {
    const line = file?.text.slice(0, start).split("\n").length ?? 0;
    const where = snippets[names.indexOf(file?.fileName ?? "")]?.where ?? "options";
    return `${where}: ${file?.text.split("\n")[line - 1]?.trim() ?? ""}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`;
  });
}

/** Runs a snippet that makes an app, and synthesizes the app if the snippet itself does not. */
export function run(snippet: Snippet): void {
  const synth = /\bconst app\b/.test(snippet.code) && !snippet.code.includes("app.synth(") ? "\napp.synth();" : "";
  const module = asModule({ ...snippet, code: snippet.code + synth });
  const { outputText } = ts.transpileModule(module, {
    compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022, esModuleInterop: true },
  });
  const load = (id: string): unknown => entryPoints[id] ?? jest.requireActual(id);
  // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call -- the document's own code
  new Function("require", "exports", outputText)(load, {});
}
