import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { sha256 } from "../../lib/core/disk";
import type { FileTree } from "../../lib/core/file-plan";
import { writeTrees } from "../../lib/core/file-tree";
import { messageOf, Project } from "../support/project";

let project: Project;
beforeEach(() => {
  project = new Project();
});
afterEach(() => {
  project.remove();
});

const NOTHING = "generated files: nothing was written\n";

/** The files of one stack below `root`; a name that ends with `*` is a program, one that starts with `+` is shared. */
function tree(files: Readonly<Record<string, string>>, stack = "lab", root = "root"): FileTree {
  return {
    root: project.path(root),
    stack,
    files: Object.entries(files).map(([name, content]) => {
      const path = name.replace(/^\+|\*$/g, "");
      const construct = `${stack}/${path}`;
      return { path, content, executable: name.endsWith("*"), shared: name.startsWith("+"), construct };
    }),
  };
}

function write(...trees: readonly FileTree[]): void {
  writeTrees(trees, {});
}

/** What is below the root, by path. */
function contents(root = "root"): Record<string, string> {
  const isLink = (path: string) => lstatSync(project.path(root, path)).isSymbolicLink();
  const paths = project.list(root).filter((path) => path !== "gantry.json" && !isLink(path));
  return Object.fromEntries(paths.map((path) => [path, path.endsWith("/") ? "" : project.read(join(root, path))]));
}

describe("a second synthesis", () => {
  test("touches nothing that is right already", () => {
    write(tree({ a: "a", "bin/b*": "b" }));
    const files = ["a", "bin/b", "gantry.json"].map((path) => project.path("root", path));
    files.forEach((file) => utimesSync(file, 1_000_000, 1_000_000));
    const before = files.map((file) => statSync(file));
    write(tree({ a: "a", "bin/b*": "b" }));
    files.forEach((file, i) => {
      const { ino, mtimeMs, ctimeMs, mode } = statSync(file);
      expect({ ino, mtimeMs, ctimeMs, mode }).toEqual({
        ino: before[i]?.ino,
        mtimeMs: 1_000_000_000,
        ctimeMs: before[i]?.ctimeMs,
        mode: before[i]?.mode,
      });
    });
  });

  test("replaces what changed, adds what is new, prunes what is no longer made, and the directories left empty", () => {
    write(tree({ same: "1", changed: "1", "deep/er/gone": "1", "deep/stays": "1" }));
    const inode = statSync(project.path("root/same")).ino;
    write(tree({ same: "1", changed: "2", new: "1", "deep/stays": "1" }));
    expect(contents()).toEqual({ same: "1", changed: "2", new: "1", "deep/stays": "1" });
    expect(statSync(project.path("root/same")).ino).toBe(inode);
    write(tree({ same: "1" }));
    expect(contents()).toEqual({ same: "1" });
  });

  test("leaves files of others alone, and directories that they are in", () => {
    write(tree({ "deep/ours": "1", ours: "1" }));
    project.write("root/deep/theirs", "by hand");
    write(tree({ ours: "1" }));
    expect(contents()).toEqual({ "deep/theirs": "by hand", ours: "1" });
  });

  test("of a stack without files any more removes the list, too", () => {
    write(tree({ a: "1", "b/c": "1" }));
    write(tree({}));
    expect(project.list("root")).toEqual([]);
  });

  test("of a stack that never had files makes nothing", () => {
    write(tree({}));
    expect(project.has("root")).toBe(false);
  });

  test("a file may become a directory, a directory a file, and a name upper case", () => {
    write(tree({ tilt: "1", "k8s/a": "1", "k8s/b/c": "1", readme: "1" }));
    write(tree({ "tilt/Tiltfile": "1", k8s: "1", README: "1" }));
    expect(contents()).toEqual({ "tilt/Tiltfile": "1", k8s: "1", README: "1" });
  });

  test("a directory with something of others in it does not become a file", () => {
    write(tree({ "k8s/a": "1" }));
    project.write("root/k8s/mine", "1");
    expect(messageOf(() => write(tree({ k8s: "1" })))).toBe(
      `${NOTHING}  [lab/k8s] k8s: ${project.path("root/k8s")} is there and is not a file; remove it`,
    );
    expect(contents()).toEqual({ "k8s/a": "1", "k8s/mine": "1" });
  });
});

describe("modes", () => {
  test("are 0644 and 0755 whatever the umask", () => {
    const umask = process.umask(0o077);
    try {
      write(tree({ "sub/a": "1", "b*": "1" }));
    } finally {
      process.umask(umask);
    }
    expect([project.mode("root/sub/a"), project.mode("root/b"), project.mode("root/gantry.json")]).toEqual([
      "0644",
      "0755",
      "0644",
    ]);
  });

  test("are repaired and follow the stack, without writing the file", () => {
    write(tree({ a: "1", "b*": "1", c: "1" }));
    const { ino } = statSync(project.path("root/b"));
    chmodSync(project.path("root/b"), 0o644);
    write(tree({ a: "1", "b*": "1", "c*": "1" }));
    expect([project.mode("root/a"), project.mode("root/b"), project.mode("root/c")]).toEqual(["0644", "0755", "0755"]);
    expect(statSync(project.path("root/b")).ino).toBe(ino);
  });

  test("that a person has set are kept, but for the right to run", () => {
    write(tree({ a: "1", "b*": "1" }));
    chmodSync(project.path("root/a"), 0o640);
    chmodSync(project.path("root/b"), 0o600);
    write(tree({ a: "2", "b*": "2" }));
    expect([project.mode("root/a"), project.mode("root/b")]).toEqual(["0640", "0700"]);
  });
});

describe("a file that is not as the last synth left it", () => {
  const byHand =
    "was edited by hand since the last synth; see how with `npx gantry check --diff`, then move the change into the stack, or drop it with GANTRY_FORCE=1";

  test("is not overwritten, and nothing else is written", () => {
    write(tree({ a: "1", b: "1" }));
    project.write("root/a", "by hand");
    expect(messageOf(() => write(tree({ a: "2", b: "2" })))).toBe(`${NOTHING}  [lab/a] a: ${byHand}`);
    expect(contents()).toEqual({ a: "by hand", b: "1" });
    writeTrees([tree({ a: "2", b: "2" })], { GANTRY_FORCE: "1" });
    expect(contents()).toEqual({ a: "2", b: "2" });
    write(tree({ a: "3", b: "2" }));
    expect(contents()).toEqual({ a: "3", b: "2" });
  });

  test("is not pruned", () => {
    write(tree({ a: "1", b: "1" }));
    project.write("root/a", "by hand");
    expect(messageOf(() => write(tree({ b: "2" })))).toBe(`${NOTHING}  [lab/a] a (no longer made): ${byHand}`);
    expect(contents()).toEqual({ a: "by hand", b: "1" });
    writeTrees([tree({ b: "2" })], { GANTRY_FORCE: "1" });
    expect(contents()).toEqual({ b: "2" });
  });

  test("is fine when the hand did what the stack now does", () => {
    write(tree({ a: "1" }));
    project.write("root/a", "2");
    write(tree({ a: "2" }));
    write(tree({ a: "3" }));
    expect(contents()).toEqual({ a: "3" });
  });

  test("is made again when it was removed by hand", () => {
    write(tree({ a: "1", "b/c": "1" }));
    rmSync(project.path("root/b"), { recursive: true });
    write(tree({ a: "1", "b/c": "1" }));
    expect(contents()).toEqual({ a: "1", "b/c": "1" });
  });

  test("is refused also when the stack still makes the old content", () => {
    write(tree({ a: "1" }));
    project.write("root/a", "by hand");
    expect(messageOf(() => write(tree({ a: "1" })))).toBe(`${NOTHING}  [lab/a] a: ${byHand}`);
  });

  test.each(["0", "true", ""])("GANTRY_FORCE=%s is no order", (value) => {
    write(tree({ a: "1" }));
    project.write("root/a", "by hand");
    expect(() => writeTrees([tree({ a: "2" })], { GANTRY_FORCE: value })).toThrow("edited by hand");
  });
});

describe("a file that no stack made", () => {
  test("is not overwritten", () => {
    project.write("root/Tiltfile", "by hand");
    expect(messageOf(() => write(tree({ Tiltfile: "ours", b: "1" })))).toBe(
      `${NOTHING}  [lab/Tiltfile] Tiltfile: ${project.path("root/Tiltfile")} is there already and was not made by a stack; move it away, or overwrite it with GANTRY_FORCE=1`,
    );
    expect(contents()).toEqual({ Tiltfile: "by hand" });
    writeTrees([tree({ Tiltfile: "ours" })], { GANTRY_FORCE: "1" });
    expect(contents()).toEqual({ Tiltfile: "ours" });
  });

  test("is adopted when its content is what the stack makes; its mode follows", () => {
    project.write("root/run", "same");
    const { ino } = statSync(project.path("root/run"));
    write(tree({ "run*": "same" }));
    expect([statSync(project.path("root/run")).ino, project.mode("root/run")]).toEqual([ino, "0755"]);
    write(tree({ "run*": "other" }));
    expect(contents()).toEqual({ run: "other" });
  });
});

describe("the list of files", () => {
  const list = () => project.path("root/gantry.json");

  test("that is missing: equal files are adopted, others are refused", () => {
    write(tree({ a: "1", b: "1" }));
    rmSync(list());
    expect(() => write(tree({ a: "1", b: "2" }))).toThrow("was not made by a stack");
    write(tree({ a: "1", b: "1" }));
    write(tree({ a: "2", b: "2" }));
    expect(contents()).toEqual({ a: "2", b: "2" });
  });

  test.each([
    ["", "is not JSON"],
    ["<<<<<<< HEAD\n{}", "is not JSON"],
    ["null", "is not a list of generated files of version 1"],
    ["[]", "is not a list of generated files of version 1"],
    ['{"version":2,"files":{}}', "is not a list of generated files of version 1"],
    ['{"version":1,"files":null}', "is not a list of generated files of version 1"],
    ['{"version":1,"files":{"a":null}}', "is not a list of generated files of version 1"],
    ['{"version":1,"files":{"a":{"sha256":1}}}', "is not a list of generated files of version 1"],
    ['{"version":1,"files":{},"pending":{"a":"x"}}', "is not a list of generated files of version 1"],
  ])("that is broken: %s", (text, fault) => {
    write(tree({ a: "1" }));
    writeFileSync(list(), text);
    expect(messageOf(() => write(tree({ a: "2" })))).toBe(
      `${NOTHING}  ${list()}: ${list()} ${fault}; restore it from version control, or remove it and adopt the files with GANTRY_FORCE=1`,
    );
    expect(contents()).toEqual({ a: "1" });
    rmSync(list());
    writeTrees([tree({ a: "2" })], { GANTRY_FORCE: "1" });
    expect(contents()).toEqual({ a: "2" });
  });

  test("that somebody wrote by hand never leads out of the root", () => {
    project.write("victim", "1");
    project.write("root/link-target/victim", "1");
    symlinkSync("link-target", project.path("root/link"));
    const entry = { sha256: sha256("1"), mode: "0644", construct: "x", stack: "lab" };
    const paths = ["../victim", project.path("victim"), "a/../../victim", "link/victim", ".git/config", ""];
    project.write(
      "root/gantry.json",
      JSON.stringify({ version: 1, files: Object.fromEntries(paths.map((path) => [path, entry])) }),
    );
    project.write("root/.git/config", "1");
    write(tree({ a: "1" }));
    expect(contents()).toMatchObject({ a: "1", "link-target/victim": "1", ".git/config": "1" });
    expect(project.read("victim")).toBe("1");
  });

  test("that is a link is refused", () => {
    write(tree({ a: "1" }));
    renameSync(list(), project.path("elsewhere.json"));
    symlinkSync(project.path("elsewhere.json"), list());
    expect(messageOf(() => write(tree({ a: "1" })))).toBe(
      `${NOTHING}  ${list()}: ${list()} is a symbolic link; remove it`,
    );
  });

  test("is sorted, whatever the order of declaration", () => {
    write(tree({ b: "1", a: "1", "c/d": "1" }));
    const text = project.read("root/gantry.json");
    rmSync(project.path("root"), { recursive: true });
    write(tree({ "c/d": "1", a: "1", b: "1" }));
    expect(project.read("root/gantry.json")).toBe(text);
    expect(Object.keys((JSON.parse(text) as { files: object }).files)).toEqual(["a", "b", "c/d"]);
  });
});

describe("links", () => {
  test("a parent that is one is refused, wherever it leads", () => {
    mkdirSync(project.path("root/real"), { recursive: true });
    symlinkSync("real", project.path("root/bin"));
    expect(messageOf(() => write(tree({ "bin/x": "1", "bin/deep/y": "1", ok: "1" })))).toBe(
      `${NOTHING}  [lab/bin/x] bin/x: ${project.path("root/bin")} is a symbolic link; generated files never go through one
  [lab/bin/deep/y] bin/deep/y: ${project.path("root/bin")} is a symbolic link; generated files never go through one`,
    );
    expect(project.list("root")).toEqual(["bin", "real/"]);
  });

  test.each(["to a file", "to nothing"])("a target that is one %s is refused and left alone", (kind) => {
    mkdirSync(project.path("root"));
    if (kind === "to a file") project.write("victim", "1");
    symlinkSync(project.path("victim"), project.path("root/x"));
    for (const env of [{}, { GANTRY_FORCE: "1" }]) {
      expect(messageOf(() => writeTrees([tree({ x: "2" })], env))).toBe(
        `${NOTHING}  [lab/x] x: ${project.path("root/x")} is a symbolic link; remove it`,
      );
    }
    expect(lstatSync(project.path("root/x")).isSymbolicLink()).toBe(true);
    if (kind === "to a file") expect(project.read("victim")).toBe("1");
  });

  test("a file of ours that somebody made a link is not pruned through", () => {
    write(tree({ a: "1", b: "1" }));
    project.write("victim", "1");
    rmSync(project.path("root/a"));
    symlinkSync(project.path("victim"), project.path("root/a"));
    write(tree({ b: "1" }));
    expect(project.read("victim")).toBe("1");
    expect(lstatSync(project.path("root/a")).isSymbolicLink()).toBe(true);
  });

  test("a root that is one is fine", () => {
    mkdirSync(project.path("real"));
    symlinkSync(project.path("real"), project.path("root"));
    write(tree({ "a/b": "1" }));
    expect(contents("real")).toEqual({ "a/b": "1" });
    write(tree({}));
    expect(project.list("real")).toEqual([]);
  });

  test("a root that is one to nothing, or no directory, is refused", () => {
    symlinkSync(project.path("nowhere"), project.path("root"));
    project.write("file", "1");
    expect(messageOf(() => write(tree({ a: "1" })))).toContain(
      `${project.path("root")} is a symbolic link to no directory`,
    );
    expect(messageOf(() => write(tree({ a: "1" }, "lab", "file/root")))).toContain(
      `${project.path("file")} is not a directory`,
    );
  });

  test("what is no file is refused", () => {
    mkdirSync(project.path("root/x/y"), { recursive: true });
    project.write("root/z", "1");
    expect(messageOf(() => write(tree({ x: "1", "z/a": "1" })))).toBe(
      `${NOTHING}  [lab/x] x: ${project.path("root/x")} is there and is not a file; remove it
  [lab/z/a] z/a: ${project.path("root/z")} is not a directory`,
    );
  });
});

describe("two stacks on one root", () => {
  test("have files of their own, and each prunes its own", () => {
    write(tree({ a: "1", "x/a": "1" }, "one"), tree({ b: "1", "x/b": "1" }, "two"));
    expect(contents()).toEqual({ a: "1", "x/a": "1", b: "1", "x/b": "1" });
    write(tree({ a: "1" }, "one"), tree({ b: "1", "x/b": "1" }, "two"));
    expect(contents()).toEqual({ a: "1", b: "1", "x/b": "1" });
  });

  test("may hand a file over", () => {
    write(tree({ a: "1" }, "one"), tree({ b: "1" }, "two"));
    write(tree({}, "one"), tree({ a: "2", b: "1" }, "two"));
    expect(contents()).toEqual({ a: "2", b: "1" });
  });

  test.each([
    ["same", "same", "is made twice; the other is [one/same]"],
    ["Same", "same", "differs from"],
    ["dir", "dir/x", "needs a directory where [one/dir] puts a file"],
  ])("%s and %s are one place", (a, b, fault) => {
    expect(messageOf(() => write(tree({ [a]: "1" }, "one"), tree({ [b]: "1" }, "two")))).toContain(
      `[two/${b}] ${b}: ${fault}`,
    );
    expect(project.has("root")).toBe(false);
  });

  test("also when the root goes by two names", () => {
    mkdirSync(project.path("root"));
    symlinkSync("root", project.path("alias"));
    expect(() => write(tree({ a: "1" }, "one"), tree({ a: "1" }, "two", "alias"))).toThrow(
      "is made twice; the other is [one/a]",
    );
    write(tree({ a: "1" }, "one"), tree({ b: "1" }, "two", "alias"));
    write(tree({ a: "2" }, "one"), tree({ b: "2" }, "two", "alias"));
    expect(contents()).toEqual({ a: "2", b: "2" });
  });

  test("or one root lies within the other", () => {
    expect(() => write(tree({ "sub/a": "1" }, "one"), tree({ a: "1" }, "two", "root/sub"))).toThrow("is made twice");
    expect(() => write(tree({ "sub/gantry.json": "1" }, "one"), tree({ a: "1" }, "two", "root/sub"))).toThrow(
      "the other is [the list of generated files]",
    );
    write(tree({ "sub/a": "1" }, "one"), tree({ b: "1" }, "two", "root/sub"));
    expect(contents()).toMatchObject({ "sub/a": "1", "sub/b": "1" });
  });

  test("of two apps: each keeps the other's files and entries, and changes none of them", () => {
    write(tree({ a: "1", shared: "1" }, "one"));
    write(tree({ b: "1" }, "two"));
    expect(contents()).toEqual({ a: "1", b: "1", shared: "1" });
    expect(messageOf(() => write(tree({ b: "1", shared: "2" }, "two")))).toBe(
      `${NOTHING}  [two/shared] shared: belongs to stack "one", which this app does not have; remove it there, or take it over with GANTRY_FORCE=1`,
    );
    write(tree({ a: "2" }, "one"));
    expect(contents()).toEqual({ a: "2", b: "1" });
    write(tree({}, "two"));
    expect(contents()).toEqual({ a: "2" });
  });

  test("a fault of one stops the other, in another root too", () => {
    project.write("second/x", "by hand");
    expect(() => write(tree({ a: "1" }, "one", "first"), tree({ x: "1" }, "two", "second"))).toThrow(
      "not made by a stack",
    );
    expect(project.has("first")).toBe(false);
  });

  test("all faults are told together", () => {
    project.write("root/a", "by hand");
    mkdirSync(project.path("root/b"));
    project.write("second/gantry.json", "?");
    expect(
      messageOf(() => write(tree({ a: "1", b: "1" }, "one"), tree({ c: "1" }, "two", "second"))).split("\n"),
    ).toHaveLength(4);
  });
});

describe("a shared file", () => {
  const entries = () =>
    (JSON.parse(project.read("root/gantry.json")) as { files: Record<string, Record<string, unknown>> }).files;
  const owner = (path: string) => {
    const { construct, stack, sharedWith } = entries()[path] ?? {};
    return { construct, stack, sharedWith };
  };

  test("of several stacks is one file with one entry, and goes with the last of them", () => {
    write(tree({ "+lib/x*": "1", b: "1" }, "two"), tree({ "+lib/x*": "1", a: "1" }, "one"));
    expect(contents()).toEqual({ a: "1", b: "1", "lib/x": "1" });
    expect(project.mode("root/lib/x")).toBe("0755");
    expect(owner("lib/x")).toEqual({ construct: "one/lib/x", stack: "one", sharedWith: ["two"] });
    write(tree({ "+lib/x*": "1" }, "two"), tree({ a: "1" }, "one"));
    expect(contents()).toEqual({ a: "1", "lib/x": "1" });
    expect(owner("lib/x")).toEqual({ construct: "two/lib/x", stack: "two", sharedWith: undefined });
    write(tree({}, "two"), tree({ a: "1" }, "one"));
    expect(contents()).toEqual({ a: "1" });
  });

  test("does not depend on the order of the stacks", () => {
    const [one, two] = [tree({ "+x": "1" }, "one"), tree({ "+x": "1" }, "two")];
    write(one, two);
    const text = project.read("root/gantry.json");
    rmSync(project.path("root"), { recursive: true });
    write(two, one);
    expect(project.read("root/gantry.json")).toBe(text);
  });

  test("goes on being that of the stack that is left in the app, which may change it", () => {
    write(tree({ "+x": "1", a: "1" }, "one"), tree({ "+x": "1" }, "two"));
    const check = () => writeTrees([tree({ "+x": "1" }, "two")], { GANTRY_CHECK: project.path("check") });
    check(); // the list says the same of a stack that this app does not have
    write(tree({ "+x": "2" }, "two"));
    expect(contents()).toEqual({ a: "1", x: "2" });
    expect(owner("x")).toEqual({ construct: "one/x", stack: "one", sharedWith: ["two"] });
  });

  test("of two apps stays as long as one of them makes it, whichever was last", () => {
    write(tree({ "+x": "1" }, "two"));
    write(tree({ "+x": "1" }, "one"));
    write(tree({ "+x": "1" }, "two"));
    expect(owner("x")).toEqual({ construct: "one/x", stack: "one", sharedWith: ["two"] });
    write(tree({}, "one"));
    expect(contents()).toEqual({ x: "1" });
    expect(owner("x")).toEqual({ construct: "two/x", stack: "two", sharedWith: undefined });
    write(tree({}, "two"));
    expect(project.list("root")).toEqual([]);
  });

  test("that another app made with other content is not overwritten", () => {
    write(tree({ "+x": "1" }, "one"));
    expect(messageOf(() => write(tree({ "+x": "2" }, "two")))).toBe(
      `${NOTHING}  [two/x] x: belongs to stack "one", which this app does not have; remove it there, or take it over with GANTRY_FORCE=1`,
    );
  });

  test("that was edited by hand is told once, and written with force", () => {
    const both = (content: string) => [tree({ "+x": content }, "one"), tree({ "+x": content }, "two")];
    write(...both("1"));
    project.write("root/x", "by hand");
    expect(messageOf(() => write(...both("2"))).match(/was edited by hand/g)).toHaveLength(1);
    writeTrees(both("2"), { GANTRY_FORCE: "1" });
    expect(contents()).toEqual({ x: "2" });
    project.write("root/x", "by hand");
    expect(() => write(tree({}, "one"), tree({}, "two"))).toThrow("x (no longer made): was edited by hand");
  });

  test("is ours after a synth that was cut short, for each of its stacks", () => {
    write(tree({ "+x": "1" }, "one"), tree({ "+x": "1" }, "two"));
    const list = JSON.parse(project.read("root/gantry.json")) as Record<string, unknown>;
    const pending = { x: { sha256: [sha256("2")], construct: "one/x", stack: "one", sharedWith: ["two"] } };
    project.write("root/gantry.json", JSON.stringify({ ...list, pending }));
    project.write("root/x", "2");
    write(tree({ "+x": "3" }, "two"));
    expect(contents()).toEqual({ x: "3" });
    expect(project.read("root/gantry.json")).not.toContain("pending");
  });

  test.each([
    ["with other content", { "+x": "1" }, { "+x": "2" }],
    ["with another mode", { "+x": "1" }, { "+x*": "1" }],
    ["and an ordinary file", { "+x": "1" }, { x: "1" }],
    ["after an ordinary file", { x: "1" }, { "+x": "1" }],
  ])("%s is a second file", (_, one, two) => {
    expect(messageOf(() => write(tree(one, "one"), tree(two, "two")))).toBe(
      `${NOTHING}  [two/x] x: is made twice; the other is [one/x]`,
    );
    expect(project.has("root")).toBe(false);
  });
});

describe("a directory that cannot be written", () => {
  // To root every directory is writable: it becomes another user, once it has read the library, wherever that lies.
  const asUser = (action: "write" | "same") => {
    const program = `
      const { writeTrees } = require(${JSON.stringify(join(__dirname, "../../lib/core/file-tree"))});
      const content = ${action === "write" ? '"2"' : '"1"'};
      if (process.getuid() === 0) {
        process.setgroups([]);
        process.setgid(65534);
        process.setuid(65534);
      }
      const file = (path) => ({ path, content, executable: false, construct: "lab/" + path });
      try {
        writeTrees([{ root: ${JSON.stringify(project.path("root"))}, stack: "lab", files: [file("a"), file("ro/b"), file("ok/c")] }], {});
        console.log("written");
      } catch (error) {
        console.log(error.message);
      }`;
    const args = ["-r", require.resolve("ts-node/register"), "-e", program];
    const done = spawnSync(process.execPath, args, { encoding: "utf8", cwd: join(__dirname, "../..") });
    return `${done.stdout}${done.stderr.replace(/^npm warn.*\n/gm, "")}`.trim();
  };

  beforeEach(() => {
    write(tree({ a: "1", "ro/b": "1", "ok/c": "1" }));
    for (const path of ["", "root", "root/ok"]) chmodSync(project.path(path), 0o777);
    chmodSync(project.path("root/ro"), 0o555);
  });

  test("is a fault before anything is written", () => {
    expect(asUser("write")).toBe(`${NOTHING}  [lab/ro/b] ro/b: ${project.path("root/ro")} is not writable`);
    expect(contents()).toEqual({ a: "1", "ro/b": "1", "ok/c": "1" });
  });

  test("is none when nothing in it changes", () => {
    chmodSync(project.path("root"), 0o555);
    expect(asUser("same")).toBe("written");
  });

  test("a root that cannot be made is a fault", () => {
    rmSync(project.path("root"), { recursive: true });
    chmodSync(project.directory, 0o555);
    expect(asUser("write").split("\n")).toContain(`  [lab/a] a: ${project.directory} is not writable`);
    chmodSync(project.directory, 0o755);
  });

  test("a file that cannot be read is a fault", () => {
    chmodSync(project.path("root/a"), 0);
    chmodSync(project.path("root/ro"), 0o777);
    expect(asUser("write")).toBe(`${NOTHING}  [lab/a] a: EACCES: permission denied, open '${project.path("root/a")}'`);
  });
});

describe("GANTRY_CHECK", () => {
  const check = (...trees: readonly FileTree[]) => {
    writeTrees(trees, { GANTRY_CHECK: project.path("check") });
  };
  const report = () =>
    JSON.parse(project.read("check/report.json")) as { change: string; file: string; wanted: string }[];

  test("reports every difference, puts what is wanted aside, and changes nothing", () => {
    const files = { same: "1", changed: "1", edited: "1", "mode*": "1", missing: "1", gone: "1" };
    write(tree(files), tree({ same: "1" }, "two", "other"));
    project.write("root/edited", "by hand");
    rmSync(project.path("root/missing"));
    chmodSync(project.path("root/mode"), 0o644);
    const before = contents();
    const wanted = { same: "1", changed: "2", edited: "1", "mode*": "1", missing: "1", new: "1" };
    expect(() => {
      check(tree(wanted), tree({ same: "2" }, "two", "other"));
    }).toThrow("generated files are not what the stack makes\n");
    expect(contents()).toEqual(before);
    expect(
      report().map(({ change, file }) => [change, join(process.cwd(), file).slice(project.directory.length + 1)]),
    ).toEqual([
      ["changed", "root/changed"],
      ["changed", "root/edited"],
      ["missing", "root/missing"],
      ["missing", "root/new"],
      ["mode", "root/mode"],
      ["extra", "root/gone"],
      ["changed", "root/gantry.json"],
      ["changed", "other/same"],
      ["changed", "other/gantry.json"],
    ]);
    expect(
      report()
        .filter(({ change }) => change !== "extra")
        .map(({ wanted: file }) => readFileSync(file, "utf8"))
        .slice(0, 4),
    ).toEqual(["2", "1", "1", "1"]);
  });

  test("is content with a tree that is right", () => {
    write(tree({ a: "1" }));
    check(tree({ a: "1" }));
    expect(report()).toEqual([]);
  });

  test("notices a list of files that was not committed", () => {
    write(tree({ a: "1" }));
    rmSync(project.path("root/gantry.json"));
    expect(() => {
      check(tree({ a: "1" }));
    }).toThrow("missing: ");
    expect(project.has("root/gantry.json")).toBe(false);
  });

  test("writes nothing when something is wrong for good", () => {
    mkdirSync(project.path("root/a/b"), { recursive: true });
    expect(() => {
      check(tree({ a: "1" }));
    }).toThrow("is not a file");
    expect(project.has("check")).toBe(false);
  });
});

test("2,000 files are written, left alone, changed and pruned", () => {
  const files = (count: number, content: string) =>
    Object.fromEntries(
      Array.from({ length: count }, (_, i) => [`d${String(i % 20)}/f${String(i)}`, `${content} ${String(i)}`]),
    );
  write(tree(files(2000, "one")));
  expect(Object.keys(contents())).toHaveLength(2000);
  write(tree(files(2000, "one")));
  write(tree(files(2000, "two")));
  expect(contents()["d19/f1999"]).toBe("two 1999");
  write(tree(files(10, "two")));
  expect(Object.keys(contents())).toHaveLength(10);
});

test("what a killed synth has left is swept, what another one is writing is not", () => {
  write(tree({ a: "1", "sub/b": "1" }));
  const dead = spawnSync(process.execPath, ["-e", "0"]).pid;
  const list = JSON.parse(project.read("root/gantry.json")) as Record<string, unknown>;
  const pending = { "sub/b": { sha256: [sha256("2")], construct: "lab/b", stack: "lab" } };
  project.write("root/gantry.json", JSON.stringify({ ...list, pending }));
  for (const directory of ["root", "root/sub"]) {
    for (const pid of [dead, process.pid, process.ppid])
      project.write(`${directory}/.gantry-${String(pid)}.tmp`, "half");
  }
  write(tree({ a: "1", "sub/b": "1" }));
  const alive = `.gantry-${String(process.ppid)}.tmp`;
  expect(contents()).toEqual({ [alive]: "half", a: "1", "sub/b": "1", [`sub/${alive}`]: "half" });
  expect(project.read("root/gantry.json")).not.toContain("pending");
});

describe("after a synth that was cut short", () => {
  /** The state between: the list announces `coming`, and some of it has come. */
  const cutShort = (coming: Record<string, string>, arrived: readonly string[]) => {
    const list = JSON.parse(project.read("root/gantry.json")) as Record<string, unknown>;
    const pending = Object.entries(coming).map(([path, content]) => [
      path,
      { sha256: [sha256(content)], construct: `lab/${path}`, stack: "lab" },
    ]);
    project.write("root/gantry.json", JSON.stringify({ ...list, pending: Object.fromEntries(pending) as unknown }));
    for (const path of arrived) project.write(`root/${path}`, coming[path] ?? "");
  };

  test("the old, the new and a third content each go through without force", () => {
    for (const content of ["1", "2", "3"]) {
      write(tree({ a: "1", b: "1" }));
      cutShort({ a: "2", b: "2", "new/c": "2" }, ["a", "new/c"]);
      write(tree({ a: content, b: content }));
      expect(contents()).toEqual({ a: content, b: content });
      rmSync(project.path("root"), { recursive: true });
    }
  });

  test("twice, with two different contents on their way", () => {
    write(tree({ a: "1", b: "1" }));
    cutShort({ a: "2", b: "2" }, ["a"]);
    // The next synth announces 3 and is killed at once: `a` may still be 2.
    const list = JSON.parse(project.read("root/gantry.json")) as { pending: Record<string, { sha256: string[] }> };
    for (const entry of Object.values(list.pending)) entry.sha256.push(sha256("3"));
    project.write("root/gantry.json", JSON.stringify(list));
    write(tree({ a: "4", b: "4" }));
    expect(contents()).toEqual({ a: "4", b: "4" });
  });

  test("a hand edit is still one", () => {
    write(tree({ a: "1" }));
    cutShort({ a: "2" }, []);
    project.write("root/a", "by hand");
    expect(() => {
      write(tree({ a: "3" }));
    }).toThrow("edited by hand");
  });

  test("another app's announcement is kept", () => {
    write(tree({ a: "1" }));
    cutShort({ a: "2" }, ["a"]);
    write(tree({ b: "1" }, "other"));
    write(tree({ a: "3" }));
    expect(contents()).toEqual({ a: "3", b: "1" });
  });
});
