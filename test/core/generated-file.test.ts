import { mkdirSync, symlinkSync } from "node:fs";
import {
  Annotations,
  App,
  TerraformOutput,
  TerraformStack,
  TerraformVariable,
  Testing,
  Token,
  type IStackSynthesizer,
} from "cdktf";
import { FileSynthesizer, type RenderContext } from "../../lib/core/file-synthesizer";
import { GeneratedFile, setFileRoot, staticFile, type GeneratedFileProps } from "../../lib/core/generated-file";
import { messageOf, Project } from "../support/project";

let project: Project;
const home = process.cwd();
beforeEach(() => {
  project = new Project();
});
afterEach(() => {
  process.chdir(home);
  delete process.env.CDKTF_OUTDIR;
  delete process.env.GANTRY_CHECK;
  delete process.env.CDKTF_CONTINUE_SYNTH_ON_ERROR_ANNOTATIONS;
  project.remove();
});

/** One stack "lab" with these files. */
function lab(app: App, files: Readonly<Record<string, GeneratedFileProps["content"]>>, name = "lab"): TerraformStack {
  const stack = new TerraformStack(app, name);
  for (const [path, content] of Object.entries(files)) {
    new GeneratedFile(stack, `file-${path.replaceAll("/", "-")}`, { path, content });
  }
  return stack;
}

/** How cdktf puts failed validations. */
function invalid(...lines: readonly string[]): string {
  const remedy = "If you wish to ignore these validations, pass 'skipValidation: true' to your App configuration.";
  return `Validation failed with the following errors:\n${lines.map((line) => `  ${line}\n`).join("")}\n${remedy}\n`;
}

const FILES = "cdktf.out/stacks/lab/files";

test("files are written beside the Terraform JSON, with a list of them", () => {
  project.synth((app) => {
    const stack = new TerraformStack(app, "lab");
    new GeneratedFile(stack, "Motd", { path: "etc/motd", content: "welcome\n" });
    new GeneratedFile(stack, "Run", { path: "bin/run", content: () => "#!/bin/sh\n", executable: true });
  });
  expect(project.list(FILES)).toEqual(["bin/run", "etc/motd", "gantry.json"]);
  expect(project.read(`${FILES}/etc/motd`)).toBe("welcome\n");
  expect([project.mode(`${FILES}/etc/motd`), project.mode(`${FILES}/bin/run`)]).toEqual(["0644", "0755"]);
  expect(project.read(`${FILES}/gantry.json`)).toBe(`{
  "version": 1,
  "files": {
    "bin/run": {
      "sha256": "a8076d3d28d21e02012b20eaf7dbf75409a6277134439025f282e368e3305abf",
      "mode": "0755",
      "construct": "lab/Run",
      "stack": "lab"
    },
    "etc/motd": {
      "sha256": "77f44b9024fd19a6674a62d98939f4e7f1b77f64eac4c7559414c46bdaec494c",
      "mode": "0644",
      "construct": "lab/Motd",
      "stack": "lab"
    }
  }
}
`);
});

test("nothing is read or written before synthesis", () => {
  const app = project.app();
  const content = jest.fn(() => "x");
  new GeneratedFile(new TerraformStack(app, "lab"), "F", { path: "f", content });
  expect(content).not.toHaveBeenCalled();
  expect(project.has(FILES)).toBe(false);
  app.synth();
  expect(content).toHaveBeenCalledTimes(1);
});

describe("a path", () => {
  test.each([
    ["", 'got ""; the path is empty'],
    ["/etc/passwd", 'got "/etc/passwd"; the path is absolute; write it relative to the file root'],
    ["C:/x", 'got "C:/x"; the path is absolute; write it relative to the file root'],
    ["../x", 'got "../x"; the path leaves the file root through ".."'],
    ["a/../../x", 'got "a/../../x"; the path leaves the file root through ".."'],
    ["a//b", 'got "a//b"; the path has an empty or a "." segment'],
    ["a/", 'got "a/"; the path has an empty or a "." segment'],
    ["./a", 'got "./a"; the path has an empty or a "." segment'],
    ["a\\b", 'got "a\\\\b"; the path has a backslash; write "/"'],
    ["a\nb", 'got "a\\nb"; the path has a control character'],
    ["a\0b", 'got "a\\u0000b"; the path has a control character'],
    ["gantry.json", 'got "gantry.json"; "gantry.json" is the list of generated files itself'],
    ["Gantry.JSON", 'got "Gantry.JSON"; "gantry.json" is the list of generated files itself'],
    [".git/hooks/pre-commit", 'got ".git/hooks/pre-commit"; the path is in ".git"'],
  ])("%j is refused where it is declared", (path, fault) => {
    const stack = new TerraformStack(project.app(), "lab");
    expect(messageOf(() => new GeneratedFile(stack, "F", { path, content: "" }))).toBe(
      `[lab/F] GeneratedFile: invalid props\n  path: ${fault}`,
    );
  });

  test("that is a Terraform reference is refused", () => {
    const stack = new TerraformStack(project.app(), "lab");
    const path = Token.asString({ ref: "x" });
    expect(messageOf(() => new GeneratedFile(stack, "F", { path, content: "" }))).toBe(
      "[lab/F] GeneratedFile: invalid props\n  path: got a Terraform reference (known only after apply); allowed: text",
    );
  });

  test.each([".github/workflows/ci.yaml", "Tiltfile", "-x", "constructor", "toString", "a b/ü", ".gitignore"])(
    "%j is a fine one",
    (path) => {
      project.synth((app) => lab(app, { [path]: "1" }));
      project.synth((app) => lab(app, { [path]: "2" }));
      expect(project.read(`${FILES}/${path}`)).toBe("2");
      project.synth((app) => lab(app, { other: "" }));
      expect(project.list(FILES)).toEqual(["gantry.json", "other"]);
    },
  );
});

test("props are checked like all props", () => {
  const stack = new TerraformStack(project.app(), "lab");
  const props = { path: "a", contents: "x", executable: 1 } as unknown as GeneratedFileProps;
  expect(messageOf(() => new GeneratedFile(stack, "F", props))).toBe(`[lab/F] GeneratedFile: invalid props
  content: missing; allowed: the text, or a function that makes it
  executable: got 1; allowed: true or false
  contents: unknown property; did you mean "content"?`);
});

describe("two files of one place", () => {
  test.each([
    [["bin/x", "bin/x"], "bin/x: is made twice; the other is [lab/A]"],
    [["Makefile", "makefile"], "makefile: differs from Makefile by upper and lower case only; the other is [lab/A]"],
    [["BIN/x", "bin/X"], "bin/X: differs from BIN/x by upper and lower case only; the other is [lab/A]"],
    [["bin", "bin/x"], "bin/x: needs a directory where [lab/A] puts a file"],
    [["bin/sub/x", "BIN"], "BIN: is a file where [lab/A] needs a directory"],
  ])("%j", ([a = "", b = ""], fault) => {
    const declare = (app: App) => {
      const stack = new TerraformStack(app, "lab");
      new GeneratedFile(stack, "A", { path: a, content: "same" });
      new GeneratedFile(stack, "B", { path: b, content: "same" });
    };
    expect(messageOf(() => project.synth(declare))).toBe(invalid(`[lab/B] ${fault}`));
    expect(messageOf(() => project.synth(declare, { skipValidation: true }))).toBe(
      `generated files: nothing was written\n  [lab/B]: ${fault}`,
    );
    expect(project.has(FILES)).toBe(false);
  });

  test("of which one is taken out of the tree again", () => {
    project.synth((app) => {
      const stack = lab(app, { a: "first" });
      stack.node.tryRemoveChild("file-a");
      new GeneratedFile(stack, "Other", { path: "a", content: "second" });
    });
    expect(project.read(`${FILES}/a`)).toBe("second");
  });
});

describe("content", () => {
  test("that holds a Terraform reference of any kind is refused, all faults together", () => {
    const declare = (app: App) => {
      const stack = new TerraformStack(app, "lab");
      const variable = new TerraformVariable(stack, "v", { type: "string" });
      const texts = {
        text: `ip=${variable.stringValue}`,
        number: `n=${variable.numberValue}`,
        list: variable.listValue.join(","),
        json: JSON.stringify({ list: variable.listValue }),
        numbers: JSON.stringify(Token.asNumberList(variable.value)),
        map: JSON.stringify(Token.asStringMap(variable.value)),
        fine: "-1.8e+298 ${x} #{x} -1.5e+300 TfToken[x]",
      };
      for (const [id, content] of Object.entries(texts)) new GeneratedFile(stack, id, { path: id, content });
    };
    const says = "the text holds a Terraform reference, known only after apply; read it from an output at run time";
    expect(messageOf(() => project.synth(declare))).toBe(
      invalid(...["text", "number", "list", "json", "numbers", "map"].map((id) => `[lab/${id}] ${id}: ${says}`)),
    );
    expect(project.has(FILES)).toBe(false);
  });

  test("that cannot be made is a fault of its file", () => {
    const content = () => {
      throw new Error("no such model");
    };
    expect(messageOf(() => project.synth((app) => lab(app, { a: content, b: (() => 7) as never })))).toBe(
      invalid("[lab/file-a] a: no such model", "[lab/file-b] b: the content is number, not text"),
    );
  });

  test("may be a program that lies beside its construct, and be replaced", () => {
    project.write("static.sh", "echo static\n");
    project.synth((app) => {
      const stack = lab(app, { a: staticFile(project.path("static.sh")) });
      new GeneratedFile(stack, "B", { path: "b", content: "ours" }).overrideContent("yours");
    });
    expect([project.read(`${FILES}/a`), project.read(`${FILES}/b`)]).toEqual(["echo static\n", "yours"]);
  });

  test("a program that is not there is a fault", () => {
    const missing = project.path("missing.sh");
    expect(messageOf(() => project.synth((app) => lab(app, { a: staticFile(missing) })))).toBe(
      invalid(`[lab/file-a] a: ENOENT: no such file or directory, open '${missing}'`),
    );
  });

  test("is made after aspects and by the whole tree", () => {
    project.synth((app) => {
      const names: string[] = [];
      lab(app, { list: () => names.join() });
      names.push("late");
    });
    expect(project.read(`${FILES}/list`)).toBe("late");
  });
});

describe("a failed synthesis writes no file", () => {
  const failing = (stack: TerraformStack) => stack.node.addValidation({ validate: () => ["this stack is not well"] });

  describe("and leaves Terraform's configuration as it was", () => {
    const NAMES = ["first", "lab", "last"];
    /** Three stacks, of which only the middle one has files. */
    const declare = (value: string, more: (stacks: readonly TerraformStack[], app: App) => void = () => undefined) => {
      return (app: App) => {
        const stacks = NAMES.map((name) => (name === "lab" ? lab(app, { a: value }) : new TerraformStack(app, name)));
        for (const stack of stacks) new TerraformOutput(stack, "o", { value });
        more(stacks, app);
      };
    };
    const configurations = () => NAMES.map((name) => project.read(`cdktf.out/stacks/${name}/cdk.tf.json`));

    test.each<[string, string, () => void, (stacks: readonly TerraformStack[], app: App) => void]>([
      ["a file edited by hand", "edited by hand", () => project.write(`${FILES}/a`, "by hand"), () => undefined],
      ["a stack that is not well", "not well", () => undefined, ([, , last]) => last && failing(last)],
      ["an app that is not well", "not well", () => undefined, (_, app) => failing(app as unknown as TerraformStack)],
    ])("%s", (_, fault, before, more) => {
      project.synth(declare("1"));
      const were = configurations();
      before();
      expect(() => project.synth(declare("2", more))).toThrow(fault);
      expect(configurations()).toEqual(were);
    });

    test("where there was none, there is none", () => {
      project.write(`${FILES}/a`, "by hand");
      expect(() => project.synth(declare("1"))).toThrow("was not made by a stack");
      expect(project.list("cdktf.out")).toEqual(["stacks/lab/files/a"]);
    });

    test("a check, whatever it finds", () => {
      project.synth(declare("1"));
      const were = configurations();
      process.env.GANTRY_CHECK = project.path("check");
      expect(() => project.synth(declare("2"))).toThrow("are not what the stack makes");
      expect(configurations()).toEqual(were);
      project.write("cdktf.out/stacks/first/cdk.tf.json", "{}");
      project.synth(declare("1"));
      expect(project.read("cdktf.out/stacks/first/cdk.tf.json")).toBe("{}");
    });
  });

  test("a later stack that fails, without files of its own", () => {
    const declare = (app: App) => {
      lab(app, { a: "a" });
      failing(new TerraformStack(app, "later"));
    };
    expect(() => project.synth(declare)).toThrow("this stack is not well");
    expect(project.has(FILES)).toBe(false);
  });

  test("an earlier one, a later one with files", () => {
    for (const bad of ["first", "lab", "last"]) {
      const declare = (app: App) => {
        for (const name of ["first", "lab", "last"]) {
          const stack = lab(app, { a: "a" }, name);
          if (name === bad) failing(stack);
        }
      };
      expect(() => project.synth(declare)).toThrow("this stack is not well");
    }
    expect(project.list("cdktf.out/stacks").filter((path) => path.includes("files"))).toEqual([]);
  });

  test("a validation of the app, which comes last of all", () => {
    const declare = (app: App) => {
      lab(app, { a: "a" });
      app.node.addValidation({ validate: () => ["this app is not well"] });
    };
    expect(() => project.synth(declare)).toThrow("this app is not well");
    expect(project.has(FILES)).toBe(false);
    project.synth(declare, { skipValidation: true });
    expect(project.has(FILES)).toBe(true);
  });

  test("an error annotation, also under cdktf-cli, which collects them", () => {
    const declare = (app: App) => {
      lab(app, { a: "a" });
      Annotations.of(new TerraformStack(app, "later")).addError("not allowed");
    };
    expect(() => project.synth(declare)).toThrow("not allowed");
    process.env.CDKTF_CONTINUE_SYNTH_ON_ERROR_ANNOTATIONS = "true";
    project.synth(declare);
    expect(project.has(FILES)).toBe(false);
  });

  test("Terraform JSON that cannot be made", () => {
    const declare = (app: App) => {
      lab(app, { a: "a" });
      const later = new TerraformStack(app, "later");
      new TerraformOutput(later, "o", {
        value: Token.asString({
          resolve: () => {
            throw new Error("unresolvable");
          },
          creationStack: [],
        }),
      });
    };
    expect(() => project.synth(declare)).toThrow("unresolvable");
    expect(project.has(FILES)).toBe(false);
  });

  test("warnings are no failure", () => {
    project.synth((app) => {
      Annotations.of(lab(app, { a: "a" })).addWarning("doubtful");
    });
    expect(project.has(FILES)).toBe(true);
  });
});

describe("skipValidation", () => {
  test("files are written, and checked all the same", () => {
    project.synth((app) => lab(app, { a: "a" }), { skipValidation: true });
    expect(project.read(`${FILES}/a`)).toBe("a");
    const content = Token.asString({ ref: "x" });
    expect(messageOf(() => project.synth((app) => lab(app, { a: content }), { skipValidation: true }))).toBe(
      "generated files: nothing was written\n  [lab/file-a]: a: the text holds a Terraform reference, known only after apply; read it from an output at run time",
    );
    expect(project.read(`${FILES}/a`)).toBe("a");
  });
});

describe("stacks within stacks", () => {
  test("each has files of its own", () => {
    project.synth((app) => {
      const outer = lab(app, { a: "outer" }, "outer");
      const inner = new TerraformStack(outer, "inner");
      new GeneratedFile(inner, "A", { path: "a", content: "inner" });
    });
    expect(project.read("cdktf.out/stacks/outer/files/a")).toBe("outer");
    expect(project.read("cdktf.out/stacks/inner/files/a")).toBe("inner");
    expect(project.read("cdktf.out/stacks/inner/files/gantry.json")).toContain('"stack": "outer/inner"');
  });

  test("a fault of the inner one is told once, and neither is written", () => {
    const declare = (app: App) => {
      const outer = lab(app, { a: "outer" }, "outer");
      const inner = new TerraformStack(outer, "inner");
      new GeneratedFile(inner, "A", { path: "a", content: Token.asString({ ref: "x" }) });
    };
    expect(messageOf(() => project.synth(declare)).match(/outer\/inner\/A/g)).toHaveLength(1);
    expect(project.list("cdktf.out/stacks").filter((path) => path.includes("files"))).toEqual([]);
  });

  test("only the inner one has files", () => {
    project.synth((app) => {
      const inner = new TerraformStack(new TerraformStack(app, "outer"), "inner");
      new GeneratedFile(inner, "A", { path: "a", content: "inner" });
      new TerraformStack(app, "last");
    });
    expect(project.list("cdktf.out/stacks").filter((path) => path.includes("files"))).toEqual([
      "inner/files/a",
      "inner/files/gantry.json",
    ]);
  });
});

describe("the testing helpers of cdktf", () => {
  test("Testing.synth makes the JSON and no file", () => {
    const stack = lab(project.app(), { a: "a" });
    setFileRoot(stack, project.path("adopted"));
    expect(JSON.parse(Testing.synth(stack))).toEqual({});
    expect(JSON.parse(Testing.synth(stack, true))).toEqual({});
    expect(project.has("adopted")).toBe(false);
    expect(project.has(FILES)).toBe(false);
  });

  test("Testing.synth with validations reports what is wrong with files", () => {
    const stack = lab(project.app(), { a: Token.asString({ ref: "x" }) });
    expect(() => Testing.synth(stack, true)).toThrow("[lab/file-a] a: the text holds a Terraform reference");
  });

  test("Testing.fullSynth keeps to its own directory, also with an adopted root and other stacks", () => {
    const app = project.app();
    lab(app, { a: "a" }, "other");
    const stack = lab(app, { a: ({ adoptedRoot }: RenderContext) => String(adoptedRoot) });
    setFileRoot(stack, project.path("adopted"));
    process.chdir(project.directory);
    const outdir = Testing.fullSynth(stack);
    expect(project.has("adopted")).toBe(false);
    expect(project.has(FILES)).toBe(false);
    const other = new Project();
    symlinkSync(outdir, other.path("out"));
    expect(other.read("out/stacks/lab/files/a")).toBe("true");
    other.remove();
  });
});

describe("the file root", () => {
  const where = (context: RenderContext) => `${context.stackDirectory} ${String(context.adoptedRoot)}`;

  test("is by default below the stack's output", () => {
    project.synth((app) => lab(app, { where }));
    expect(project.read(`${FILES}/where`)).toBe(".. false");
  });

  test("is relative to the working directory when the stack names it", () => {
    process.chdir(project.directory);
    project.synth((app) => setFileRoot(lab(app, { "ci/where": where }), "."), { outdir: "cdktf.out" });
    expect(project.read("ci/where")).toBe("cdktf.out/stacks/lab true");
    expect(project.has(FILES)).toBe(false);
  });

  test("may be named by context, which the stack's own word overrules", () => {
    process.chdir(project.directory);
    const declare = (app: App) => {
      lab(app, { where }, "a");
      setFileRoot(lab(app, { where }, "b"), "own");
    };
    project.synth(declare, { context: { "gantry:root": "from/context" } });
    expect(project.read("from/context/where")).toBe("../../cdktf.out/stacks/a true");
    expect(project.read("own/where")).toBe("../cdktf.out/stacks/b true");
  });

  test.each([[""], [7], [["."]], [null]])("context %j names none", (named) => {
    expect(messageOf(() => project.synth((app) => lab(app, { where }), { context: { "gantry:root": named } }))).toBe(
      invalid(`[lab] context "gantry:root": got ${JSON.stringify(named)}; allowed: a directory, such as "."`),
    );
  });

  test("an empty text, a number or a reference names none", () => {
    const stack = new TerraformStack(project.app(), "lab");
    expect(messageOf(() => setFileRoot(stack, ""))).toBe(
      'setFileRoot: invalid props\n  directory: got ""; allowed: a directory, such as "."',
    );
    expect(messageOf(() => setFileRoot(stack, Token.asString({ ref: "x" })))).toBe(
      'setFileRoot: invalid props\n  directory: got a Terraform reference (known only after apply); allowed: a directory, such as "."',
    );
    expect(messageOf(() => setFileRoot(stack, 4 as never))).toBe(
      'setFileRoot: invalid props\n  directory: got 4; allowed: a directory, such as "."',
    );
  });

  test.each(["out", "deep/out"])("CDKTF_OUTDIR=%s, relative and absolute", (outdir) => {
    mkdirSync(project.path("deep"));
    process.chdir(project.directory);
    for (const named of [outdir, project.path(outdir)]) {
      process.env.CDKTF_OUTDIR = named;
      const app = new App();
      setFileRoot(lab(app, { "a/where": where }, "adopting"), "root");
      lab(app, { where });
      app.synth();
      expect(project.read(`${outdir}/stacks/lab/files/where`)).toBe(".. false");
      expect(project.read("root/a/where")).toBe(`../${outdir}/stacks/adopting true`);
    }
  });

  test("a root that is a link: .. is meant from where it leads", () => {
    mkdirSync(project.path("real/deep"), { recursive: true });
    symlinkSync(project.path("real/deep"), project.path("link"));
    project.synth((app) => setFileRoot(lab(app, { where }), project.path("link")));
    expect(project.read("real/deep/where")).toBe("../../cdktf.out/stacks/lab true");
  });
});

test("another wrapper around the stack's synthesizer is kept, whichever came first", () => {
  const calls: string[] = [];
  const wrap = (stack: TerraformStack) => {
    const inner = stack.synthesizer;
    const outer: IStackSynthesizer = {
      synthesize: (session) => {
        calls.push(stack.node.path);
        inner.synthesize(session);
      },
    };
    stack.synthesizer = outer;
  };
  project.synth((app) => {
    const stack = new TerraformStack(app, "lab");
    wrap(stack);
    new GeneratedFile(stack, "A", { path: "a", content: "a" });
    wrap(stack);
    new GeneratedFile(stack, "B", { path: "b", content: "b" });
    expect(FileSynthesizer.install(stack)).toBe(FileSynthesizer.install(stack));
  });
  expect(calls).toEqual(["lab", "lab"]);
  expect(project.list(FILES)).toEqual(["a", "b", "gantry.json"]);
});

test("an app may be synthesized again", () => {
  const app = project.app();
  let n = 0;
  lab(app, { n: () => String(++n) });
  app.synth();
  app.synth();
  expect(project.read(`${FILES}/n`)).toBe("2");
});
