// Contexts in which git's view and what lies in the directory are not the same: what counts is what is copied.
import { chmodSync, existsSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Lab, labTools } from "../support/lab";
import { withTools } from "../support/tools";

withTools(labTools, () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await Lab.start({ app: {} });
    lab.write("app/Containerfile", "FROM scratch\nCOPY . /src/\n");
  });
  afterAll(() => lab.stop());

  const file = (name: string) => join(lab.project, "app", name);
  /** Commits the context, copies it, and says how a change of it arrives. */
  const afterwards = (name: string, change: () => void) => {
    lab.git("add", "-A");
    lab.git("commit", "-qm", "x", "--allow-empty");
    lab.ok("sync", "app");
    change();
    expect(lab.ok("sync", "app")).toContain("app: copied");
    expect(lab.ok("sync", "app")).toContain("app: up to date");
    return lab.host.output(`cd ~/development/app/current/ && stat -c %a ${name} && cat ${name}`);
  };

  test("line ends that git would convert", () => {
    lab.write("app/.gitattributes", "*.sh text eol=lf\n");
    lab.write("app/run.sh", "echo\r\n");
    expect(afterwards("run.sh", () => lab.write("app/run.sh", "echo\n"))).toBe("644\necho\n");
    lab.remove("app/.gitattributes");
    lab.write(".gitattributes", "*.txt text\n"); // above the context
    lab.write("app/a.txt", "a\r\n");
    expect(afterwards("a.txt", () => lab.write("app/a.txt", "a\n"))).toBe("644\na\n");
    lab.remove(".gitattributes");
    lab.git("config", "core.autocrlf", "true");
    expect(afterwards("a.txt", () => lab.write("app/a.txt", "a\r\n"))).toBe("644\na\r\n");
    lab.git("config", "core.autocrlf", "yes");
    expect(afterwards("a.txt", () => lab.write("app/a.txt", "a\n"))).toBe("644\na\n");
    lab.git("config", "--unset", "core.autocrlf");
  });

  test("a filter, as for large files", () => {
    lab.git("config", "filter.same.clean", "echo pointer; cat >/dev/null");
    lab.write("app/.gitattributes", "*.bin filter=same\n");
    lab.write("app/big.bin", "one");
    expect(afterwards("big.bin", () => lab.write("app/big.bin", "two"))).toBe("644\ntwo");
    lab.remove("app/.gitattributes");
  });

  test.each(["--assume-unchanged", "--skip-worktree"])("files that git was told not to look at: %s", (flag) => {
    lab.write("app/quiet", "one\n");
    lab.git("add", "-A");
    lab.git("update-index", flag, "app/quiet");
    expect(afterwards("quiet", () => lab.write("app/quiet", "two\n"))).toBe("644\ntwo\n");
    lab.git("update-index", flag.replace("--", "--no-"), "app/quiet");
  });

  test("a file that git was told not to look at, and that comes while the others are copied", () => {
    lab.write("app/quiet", "one\n");
    lab.git("add", "-A");
    lab.git("update-index", "--skip-worktree", "app/quiet");
    lab.remove("app/quiet");
    lab.files.stub("rsync", `echo two >${lab.project}/app/quiet; PATH=\${PATH#*:} exec rsync "$@"`);
    const { code, stderr } = lab.run("sync", "app");
    rmSync(join(lab.files.bin, "rsync"));
    expect([code, stderr]).toEqual([0, "app changed while it was copied; copying again\n"]);
    expect(lab.ok("sync", "app")).toContain("up to date");
    lab.git("update-index", "--no-skip-worktree", "app/quiet");
  });

  test("modes that git was told not to look at", () => {
    lab.git("config", "core.fileMode", "false");
    lab.write("app/tool", "t\n");
    expect(afterwards("tool", () => chmodSync(file("tool"), 0o755))).toBe("755\nt\n");
    lab.git("config", "core.fileMode", "true");
  });

  test("a repository that git does not read: nothing is sent", () => {
    lab.write("app/.env", "PASSWORD=hunter2");
    const head = join(lab.project, ".git/HEAD");
    renameSync(head, `${head}.away`);
    try {
      const { code, stderr } = lab.run("sync", "app");
      expect([code, stderr]).toEqual([
        2,
        expect.stringContaining(
          `builder: git cannot read the repository ${lab.project}, which the context ${lab.project}/app is in\n  fatal: not a git repository`,
        ),
      ]);
    } finally {
      renameSync(`${head}.away`, head);
    }
  });

  test("a context that git ignores as a whole wants a .dockerignore", () => {
    lab.write(".git/info/exclude", "/out/\n");
    lab.write("out/Containerfile", "FROM scratch\nCOPY . /src/\n");
    lab.write("out/.env", "PASSWORD=hunter2");
    lab.configure({}, { out: {} });
    const { code, stderr } = lab.run("sync", "out");
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining(`builder: the context ${lab.project}/out is ignored by git as a whole\n`),
    ]);
    lab.write("out/.dockerignore", ".env\n");
    lab.ok("sync", "out");
    expect(lab.host.output("ls -A ~/development/out/current/").split("\n").sort()).toEqual([
      "",
      ".dockerignore",
      "Containerfile",
    ]);
    lab.write(".git/info/exclude", "");
    lab.configure({});
  });

  test("a repository without a commit in the context: said, with what to do", () => {
    lab.git("init", "-q", "app/inner");
    lab.write("app/inner/x", "x");
    const { code, stderr } = lab.run("sync", "app");
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining(
        "a repository in the context has no commit yet: commit something in it, or let git ignore it",
      ),
    ]);
    lab.remove("app/inner");
  });

  test("outside of git neither repositories nor the programs' own files are part of it", () => {
    const outside = mkdtempSync(join(tmpdir(), "gantry-outside-"));
    try {
      lab.git("init", "-q", join(outside, "sub"));
      lab.write("app/plain", "p"); // something else changes meanwhile
      for (const name of ["Containerfile", "sub/x", ".gantry/runs.jsonl"])
        lab.write(
          join("..", outside.slice(tmpdir().length + 1), name),
          name === "Containerfile" ? "FROM scratch\n" : "x",
        );
      lab.configure({}, { plain: { CONTEXT: outside } });
      lab.ok("sync", "plain");
      expect(lab.host.output("cd ~/development/plain/current/ && find . -type f | sort")).toBe(
        "./Containerfile\n./sub/x\n",
      );
      lab.write(join("..", outside.slice(tmpdir().length + 1), ".gantry/runs.jsonl"), "y");
      expect(lab.ok("sync", "plain")).toContain("up to date");
      expect(existsSync(join(outside, "sub/.git"))).toBe(true);
    } finally {
      rmSync(outside, { recursive: true, force: true });
      lab.configure({});
    }
  });
});
