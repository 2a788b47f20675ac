// What of a context reaches the builder and the image: all that git sees, and nothing else.
import { execFileSync } from "node:child_process";
import { renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Lab, labTools } from "../support/lab";
import { withTools } from "../support/tools";

const CONTAINERFILE = "FROM scratch\nCOPY . /src/\n";

withTools(labTools, () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await Lab.start({ app: {} });
  });
  beforeEach(() => {
    lab.write(".git/info/exclude", "");
    lab.remove("app");
    lab.write("app/Containerfile", CONTAINERFILE);
    lab.write("app/one", "1\n");
  });
  afterAll(() => lab.stop());

  const built = (): Record<string, string> => {
    lab.ok("build", "app");
    const { Containerfile: _, ...tree } = lab.tree("app:dev", "src");
    return tree;
  };
  const snapshots = () => lab.host.output("ls ~/development/app").trim().split("\n");

  test("names of every kind, modes and links arrive as they are", () => {
    const names = [
      "a b",
      " lead and trail ",
      "new\nline",
      "-rf",
      "--",
      "#comment",
      ";semi",
      "ünï-日本",
      "quo'te\"",
      "back\\slash",
      "$(touch x)",
      "*",
      "[a]",
    ];
    for (const name of names) lab.write(`app/${name}/${name}`, `${name}\n`);
    lab.write("app/run.sh", "#!/bin/sh\n", 0o755);
    lab.write("app/secretive", "x", 0o600);
    symlinkSync("one", join(lab.project, "app/link"));
    symlinkSync("/nowhere/../else", join(lab.project, "app/dangling"));
    expect(built()).toEqual({
      one: "644 1\n",
      "run.sh": "755 #!/bin/sh\n",
      secretive: "644 x",
      link: "link one",
      dangling: "link /nowhere/../else",
      ...Object.fromEntries(
        names.flatMap((name) => [
          [name, "directory"],
          [`${name}/${name}`, `644 ${name}\n`],
        ]),
      ),
    });
  });

  test("deleting, renaming and chmod +x reach the image, tracked or not", () => {
    for (const name of ["tracked-gone", "tracked-old", "tracked-x"]) lab.write(`app/${name}`, `${name}\n`);
    lab.git("add", "-A");
    lab.git("commit", "-qm", "x");
    lab.write("app/new-gone", "n\n");
    built();
    lab.remove("app/tracked-gone");
    lab.remove("app/new-gone");
    renameSync(join(lab.project, "app/tracked-old"), join(lab.project, "app/tracked-new"));
    lab.write("app/tracked-x", "tracked-x\n", 0o755);
    expect(built()).toEqual({ one: "644 1\n", "tracked-new": "644 tracked-old\n", "tracked-x": "755 tracked-x\n" });
    lab.git("rm", "-rq", "--cached", "app");
  });

  test("an edit that keeps size and mtime is noticed and arrives", () => {
    const file = join(lab.project, "app/same");
    for (const text of ["AAAA", "BBBB"]) {
      writeFileSync(file, text);
      utimesSync(file, 1e9, 1e9);
      if (text === "AAAA") {
        lab.git("add", "-A");
        built();
      }
    }
    expect(built().same).toBe("644 BBBB");
  });

  test("what git ignores never leaves the machine", () => {
    lab.write("app/.env", "PASSWORD=hunter2");
    lab.write("app/deep/x.ignored", "hunter2");
    lab.write("app/.gitignore", "mine/\n");
    lab.write("app/mine/y", "hunter2");
    lab.write("app/deep/kept", "k");
    expect(built()).toEqual({ one: "644 1\n", ".gitignore": "644 mine/\n", deep: "directory", "deep/kept": "644 k" });
    expect(lab.host.output("grep -rl hunter2 ~/development ~/.gantry || true")).toBe("");
  });

  test("an ignored Containerfile is taken all the same; .dockerignore is left to the engine", () => {
    lab.write(".git/info/exclude", "/app/Containerfile\n");
    lab.write("app/.dockerignore", "left\n");
    lab.write("app/left", "l");
    expect(built()).toEqual({ one: "644 1\n", ".dockerignore": "644 left\n" });
  });

  test("submodules and nested repositories come along, without their .git", () => {
    lab.write("other/f", "sub\n");
    lab.git("-C", "other", "init", "-q");
    lab.git("-C", "other", "add", "-A");
    lab.git("-C", "other", "commit", "-qm", "x");
    lab.git("submodule", "add", "-q", "./other", "app/sub");
    lab.write("app/nested/g", "nested\n");
    lab.git("-C", "app/nested", "init", "-q");
    lab.git("-C", "app/nested", "add", "-A");
    lab.git("-C", "app/nested", "commit", "-qm", "x");
    expect(built()).toEqual({
      one: "644 1\n",
      sub: "directory",
      "sub/f": "644 sub\n",
      nested: "directory",
      "nested/g": "644 nested\n",
    });
    lab.write("app/sub/f", "edited\n");
    lab.write("app/nested/untracked", "u\n");
    expect(built()).toMatchObject({ "sub/f": "644 edited\n", "nested/untracked": "644 u\n" });
    lab.git("rm", "-rqf", "app/sub");
  });

  test("nothing of the user's repository changes", () => {
    lab.write("app/new", "n");
    lab.git("add", "-A");
    lab.write("app/new", "changed");
    lab.write("app/untracked", "u");
    const state = () => [lab.git("status", "--porcelain=v2"), lab.git("count-objects"), lab.git("stash", "list")];
    const before = state();
    built();
    lab.ok("status");
    expect(state()).toEqual(before);
  });

  test("the program works from a git hook, whose variables name another index", () => {
    const { code } = lab.files.run(["build", "app"], {
      env: {
        ...lab.host.env,
        GIT_DIR: ".git",
        GIT_INDEX_FILE: "/nonexistent/index",
        XDG_RUNTIME_DIR: lab.host.scratch,
      },
    });
    expect(code).toBe(0);
  });

  test("an empty context is refused before anything is sent", () => {
    lab.write(".git/info/exclude", "/app/\n");
    lab.git("rm", "-rqf", "--cached", "--ignore-unmatch", "app");
    lab.write("empty/Containerfile", CONTAINERFILE);
    lab.write(".git/info/exclude", "/empty/Containerfile\n");
    lab.configure({}, { empty: {} });
    const { code, stderr } = lab.run("build", "empty");
    expect([code, stderr]).toEqual([
      2,
      `builder: the context ${lab.project}/empty is empty for git\n  everything in it is ignored, or nothing is there yet\n`,
    ]);
    lab.remove("empty");
    lab.configure({});
  });

  test("snapshots are immutable, linked with each other, and only the last KEEP_SNAPSHOTS stay", () => {
    lab.write("app/big", "b".repeat(100_000));
    built();
    const hash = () => lab.host.output("readlink ~/development/app/current").trim();
    const first = hash();
    lab.write("app/small", "s");
    built();
    const inode = (snapshot: string) => lab.host.output(`stat -c %i ~/development/app/${snapshot}/big`);
    expect(inode(first)).toBe(inode(hash()));
    expect(snapshots().sort()).toEqual([first, hash(), "current"].sort()); // KEEP_SNAPSHOTS is 2
    expect(lab.host.output(`ls ~/development/app/${first}`)).not.toContain("small");
  });

  test("any series of edits arrives exactly, by the quick way and by the slow one, and leaves older trees alone", () => {
    lab.files.stub("rsync", `echo "$*" >>${lab.project}/rsync.log; PATH=\${PATH#*:} exec rsync "$@"`);
    lab.write(".git/info/exclude", "/rsync.log\n");
    let seed = 42;
    const random = (below: number) => (seed = (seed * 1103515245 + 12345) % 2147483648) % below;
    const list = (directory: string) =>
      `cd ${directory} && find . -mindepth 1 \\( -type f -printf '%P %m ' -exec md5sum {} \\; -o -type l -printf '%P -> %l\\n' \\) | sed 's/  .*//' | sort`;
    const names = ["a", "b c", "d/e", "d/f/g", "-h", "i\nj", "k"];
    let before: readonly [string, string] | undefined;
    for (let round = 0; round < 9; round++) {
      for (let edit = 0; edit < 3; edit++) {
        const name = `app/${names[random(names.length)] ?? ""}`;
        lab.remove(name);
        if (random(4) === 0) lab.write(`${name}/inside`, String(random(9)));
        else if (random(4) < 1) symlinkSync(String(random(9)), join(lab.project, name));
        else if (random(4) > 0) lab.write(name, String(random(3)), random(2) === 0 ? 0o755 : 0o640);
        if (name.endsWith("/d")) lab.remove("app/d");
      }
      lab.write("app/round", String(round)); // something always changes
      lab.ok("sync", "app");
      const here = execFileSync("bash", ["-c", list(join(lab.project, "app"))], { encoding: "utf8" });
      const current = lab.host.output("readlink ~/development/app/current").trim();
      const there = lab.host.output(list(`~/development/app/${current}`));
      expect(there).toBe(here.replaceAll(/ 640 /g, " 644 "));
      expect(lab.host.output(`find ~/development/app/${current} -type d -empty`)).toBe("");
      if (before !== undefined) expect(lab.host.output(list(`~/development/app/${before[0]}`))).toBe(before[1]);
      before = [current, there];
      if (round === 4) lab.remove(".gantry/trees"); // another machine, or a new checkout
    }
    const ways = lab
      .read("rsync.log")
      .trim()
      .split("\n")
      .map((line) => line.includes("--checksum"));
    expect(ways.slice(1)).toEqual([false, false, false, false, true, false, false, false]);
    lab.files.stub("rsync", 'PATH=${PATH#*:} exec rsync "$@"');
  });

  test("a directory that another build makes at the same time is no trouble", () => {
    lab.remove(".gantry/trees");
    lab.files.stub("mkdir", 'PATH=${PATH#*:}; case ${!#} in */.gantry/trees) mkdir "${!#}" ;; esac; exec mkdir "$@"');
    try {
      expect(built()).toEqual({ one: "644 1\n" });
    } finally {
      rmSync(join(lab.files.bin, "mkdir"));
    }
  });

  test("sync --force does not trust what the builder has", () => {
    lab.write("app/x", "right");
    lab.ok("sync", "app");
    lab.host.output("rm ~/development/app/current/x; echo wrong >~/development/app/current/x");
    expect(lab.ok("sync", "app")).toContain("up to date");
    expect(lab.ok("sync", "--force", "app")).toContain("copied");
    expect(lab.host.output("cat ~/development/app/current/x")).toBe("right");
  });

  test("a copy that fails, as on a full disk, leaves nothing of it on the builder", () => {
    lab.ok("sync", "app");
    lab.write("app/x", "x");
    lab.files.stub("rsync", 'PATH=${PATH#*:}; rsync "$@" && exit 11');
    const { code, stderr } = lab.run("sync", "app");
    lab.files.stub("rsync", 'PATH=${PATH#*:} exec rsync "$@"');
    expect([code, stderr]).toEqual([
      69,
      "builder: copying app to the builder failed (rsync exit 11)\n  is rsync installed there, and is there room? builder doctor\n",
    ]);
    expect(lab.host.output("ls -A development/app")).not.toContain("partial");
  });

  test("sync copies without a build, once, and says where", () => {
    lab.write("app/only-synced", "s");
    const first = lab.ok("sync", "app");
    const hash = /^app: copied, ~\/development\/app\/([0-9a-f]{16})\n$/.exec(first)?.[1] ?? "";
    expect(lab.host.output(`cat ~/development/app/${hash}/only-synced; readlink ~/development/app/current`)).toBe(
      `s${hash}\n`,
    );
    expect(lab.ok("sync", "app")).toBe(`app: up to date, ~/development/app/${hash}\n`);
    expect(lab.imageId(`app:ctx-${hash}`)).toBe("");
  });

  test.each([
    ["another text of the same length", 'echo 2 >"$app/moving"', { moving: "644 2\n" }],
    ["a new file", 'echo n >"$app/moved"', { moving: "644 1\n", moved: "644 n\n" }],
    ["a file that is gone", 'rm "$app/moving"', { moving: "none" }],
    ["a program made of a file", 'chmod +x "$app/moving"', { moving: "755 1\n" }],
    ["a file that is ignored now", 'echo moving >"$app/.gitignore"', { moving: "none" }],
    ["a file that is ignored now from above", 'echo moving >>"$app/../.git/info/exclude"', { moving: "none" }],
    ["other instructions", 'echo "ENV MOVED=1" >>"$app/Containerfile"', { moving: "644 1\n" }],
  ])("a tree that moves while it is copied is copied again until it stands still: %s", (_, move, files) => {
    const containerfile = lab.read("app/Containerfile");
    // The first transfer changes the source behind its own back.
    lab.files.stub(
      "rsync",
      `PATH=\${PATH#*:}; rsync "$@" || exit; app=${lab.project}/app; [ -e "$app/once" ] || { : >"$app/once"; ${move}; }`,
    );
    lab.write(".git/info/exclude", "once\n");
    lab.write("app/moving", "1\n");
    try {
      const { code, stderr } = lab.run("build", "app");
      expect([code, stderr]).toEqual([0, "app changed while it was copied; copying again\n"]);
      expect({ moving: "none", ...lab.tree("app:dev", "src") }).toMatchObject(files);
      expect(lab.ok("build", "app")).toContain("up to date");
    } finally {
      lab.files.stub("rsync", 'PATH=${PATH#*:} exec rsync "$@"');
      for (const each of ["once", "moved", ".gitignore"]) lab.remove(`app/${each}`);
      lab.write("app/Containerfile", containerfile);
    }
  });

  test("a text of the same length with the same time, in the second of the look at it, is noticed", () => {
    // Both are written in place, as cp -p does.
    const write = (text: string) => `printf ${text} >"$app/moving"; touch -d @1000000000 "$app/moving"`;
    const once = (file: string, then: string) =>
      `PATH=\${PATH#*:} app=${lab.project}/app; if mkdir "$app/${file}" 2>/dev/null; then ${then}; fi`;
    lab.write(".git/info/exclude", "once*\n");
    lab.write("app/moving", "0");
    lab.files.stub(
      "git",
      `case " $* " in *" add "*) ${once("once1", `until [[ $(date +%N) = 0[01]* ]]; do :; done; ${write("1")}`)} ;; esac
       PATH=\${PATH#*:} exec git "$@"`,
    );
    lab.files.stub("rsync", `${once("once2", write("2"))}; exec rsync "$@"`);
    const { code, stderr } = lab.run("sync", "app");
    lab.files.stub("rsync", 'PATH=${PATH#*:} exec rsync "$@"');
    lab.files.stub("git", 'PATH=${PATH#*:} exec git "$@"');
    expect([code, stderr]).toEqual([0, "app changed while it was copied; copying again\n"]);
    expect(lab.ok("sync", "app")).toContain("up to date");
  });

  describe("outside of git", () => {
    const outside = (path: string, text: string) => {
      lab.write(`../${OUTSIDE}/${path}`, text);
    };
    let OUTSIDE = "";
    beforeAll(() => {
      OUTSIDE = `${lab.project.split("/").pop() ?? ""}-outside`;
      lab.configure({}, { plain: { CONTEXT: `../${OUTSIDE}` } });
      outside("Containerfile", CONTAINERFILE);
    });
    afterAll(() => {
      lab.remove(`../${OUTSIDE}`);
    });

    test(".dockerignore decides, by docker's rules", () => {
      const files = [
        "a",
        "keep.log",
        "x.log",
        "sub/y.log",
        "sub/deep/z.log",
        "node_modules/m/f",
        "sub/node_modules/n",
        "tmp/t",
        "sub/tmp/u",
        "docs/a.md",
        "docs/b.txt",
        "-dash",
        "s p",
      ];
      for (const file of files) outside(file, `${file}\n`);
      outside(".dockerignore", "# comment\n*.log\n!keep.log\n**/deep\nnode_modules\n/tmp/\ndocs\n!docs/*.md\n");
      lab.ok("build", "plain");
      expect(
        Object.entries(lab.tree("plain:dev", "src"))
          .filter(([, what]) => what !== "directory")
          .map(([name]) => name)
          .sort(),
      ).toEqual(
        [
          "-dash",
          ".dockerignore",
          "Containerfile",
          "a",
          "docs/a.md",
          "keep.log",
          "s p",
          "sub/node_modules/n",
          "sub/tmp/u",
          "sub/y.log",
        ].sort(),
      );
      expect(lab.host.output("cd ~/development/plain/current/ && find . -type f | sort").trim().split("\n")).toEqual(
        [
          "./-dash",
          "./.dockerignore",
          "./Containerfile",
          "./a",
          "./docs/a.md",
          "./keep.log",
          "./s p",
          "./sub/node_modules/n",
          "./sub/tmp/u",
          "./sub/y.log",
        ].sort(),
      );
      expect(lab.ok("build", "plain")).toContain("up to date");
    });

    test("contents, modes, links and directories count", () => {
      const hash = () =>
        (JSON.parse(lab.ok("status", "--json", "plain")) as { images: { hash: string }[] }).images[0]?.hash;
      const seen = new Set([hash()]);
      const changes: (() => void)[] = [
        () => outside("a", "A\n"),
        () => lab.write(`../${OUTSIDE}/a`, "A\n", 0o755),
        () => symlinkSync("a", join(lab.project, "..", OUTSIDE, "ln")),
        () => lab.write(`../${OUTSIDE}/newdir/.x`, ""),
        () => renameSync(join(lab.project, "..", OUTSIDE, "a"), join(lab.project, "..", OUTSIDE, "b")),
      ];
      for (const change of changes) {
        change();
        seen.add(hash());
      }
      expect(seen.size).toBe(changes.length + 1);
      outside("x.log", "ignored content does not count");
      expect(seen.has(hash())).toBe(true);
    });
  });
});
