// Builds of what is pushed: a mirror for all, a work tree for each, and no name that moves.
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ModesLab, modesTools } from "../support/modes-lab";
import { withTools } from "../support/tools";

withTools(modesTools, () => {
  let lab: ModesLab;
  let origin: string;
  const commits: Record<string, string> = {};
  beforeAll(async () => {
    origin = mkdtempSync(join(tmpdir(), "gantry origin-"));
    lab = await ModesLab.start({
      source: { url: `file://${origin}/repo.git`, cacheName: "sindri" },
      verifyCommand: ["/bin/cat", "/src/main"],
    });
    execFileSync("git", ["init", "-q", "--bare", "-b", "main", join(origin, "repo.git")]);
    lab.git("remote", "add", "origin", `${origin}/repo.git`);
    push("one", "main");
    lab.git("tag", "v3.1.0");
    lab.git("tag", "archive-2026-04-25"); // no version
    push("two", "main");
    lab.git("checkout", "-q", "-b", "feature/my-branch");
    push("three", "feature/my-branch");
    lab.git("push", "-q", "origin", "--tags");
    lab.write("v3/src/main", "working directory\n");
  });
  afterAll(async () => {
    rmSync(origin, { recursive: true, force: true });
    await lab.stop();
  });

  function push(text: string, branch: string): void {
    lab.write("v3/src/main", `${text}\n`);
    lab.git("add", "-A");
    lab.git("commit", "-q", "-m", text);
    lab.git("push", "-q", "origin", branch);
    commits[text] = lab.git("rev-parse", "HEAD").trim();
  }
  const built = (text: string) => `sindri:3.1.0-${(commits[text] ?? "").slice(0, 7)}`;
  const content = (name: string) =>
    lab.host.output(`podman run --rm --network=none localhost/${name} /bin/cat /src/main`).trim();
  const repos = () => join(lab.project, "cdktf.out/cache/sindri/repos");

  test.each([
    ["no ref: the default branch", [], "two"],
    ["a branch", ["--ref", "feature/my-branch"], "three"],
    ["a tag", ["--ref", "v3.1.0"], "one"],
    ["a commit", ["--ref=COMMIT"], "one"],
    ["a short commit", ["--ref", "SHORT"], "two"],
  ])("%s", (_what, words, text) => {
    const args = words.map((word) =>
      word.replace("COMMIT", commits.one ?? "").replace("SHORT", (commits.two ?? "").slice(0, 8)),
    );
    const out = lab.ok("build", "--from-source", ...args);
    expect(out).toMatch(new RegExp(`^sindri: (built|up to date|tag moved), ${built(text)} is ctx-\\w+$`, "m"));
    expect(content(built(text))).toBe(text);
  });

  test("the names that it tells are there, those of the base too", () => {
    const lines = lab
      .ok("build", "--from-source", "--ref", "main", "--json")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { image: string; name: string; content: string });
    expect(lines.map(({ image }) => image)).toEqual(["sindri-base", "sindri"]);
    const names = lines.flatMap(({ name, content }) => [name, content]);
    expect(Object.keys(lab.images())).toEqual(expect.arrayContaining(names));
  });

  test("no name moves: there is no latest, and the base has none that moves either", () => {
    const names = Object.keys(lab.images());
    expect(names).toEqual(expect.arrayContaining([built("one"), built("two"), built("three")]));
    expect(names.filter((name) => /:(latest|base-latest|base-3\.0\.0)$/.test(name))).toEqual([]);
  });

  test("what was pushed meanwhile is fetched; the mirror is one, and no work tree is left", () => {
    lab.git("checkout", "-q", "-f", "main");
    push("four", "main");
    lab.ok("build", "--from-source", "--ref", "main");
    expect(content(built("four"))).toBe("four");
    expect(readdirSync(repos()).filter((name) => name.endsWith(".git"))).toHaveLength(1);
    expect(readdirSync(repos()).filter((name) => name.endsWith(".trees"))).toEqual([]);
    expect(lab.runs().at(-1)).toMatchObject({ mode: "build-from-source", outcome: "built" });
  });

  test("two at once, of different commits: each builds its own", async () => {
    lab.host.output(
      "podman rmi -f $(podman image ls -q --filter label=io.gantry.project=lab) >/dev/null; rm -rf ~/development ~/.gantry/builds",
    );
    rmSync(repos(), { recursive: true });
    const runs = await Promise.all([
      lab.start("build", "--from-source", "--ref", "v3.1.0"),
      lab.start("build", "--from-source", "--ref", "feature/my-branch"),
    ]);
    expect(runs.map(({ code, stderr }) => [code, code === 0 ? "" : stderr])).toEqual([
      [0, ""],
      [0, ""],
    ]);
    expect([content(built("one")), content(built("three"))]).toEqual(["one", "three"]);
    expect(readdirSync(repos()).filter((name) => name.endsWith(".trees"))).toEqual([]);
  });

  test("a build that fails leaves no work tree either: 65", () => {
    lab.host.output(
      "podman rmi -f $(podman image ls -q --filter label=io.gantry.project=lab) >/dev/null; rm -rf ~/.gantry/builds; touch ~/broken",
    );
    const { code } = lab.run("build", "--from-source");
    lab.host.output("rm ~/broken");
    expect(code).toBe(65);
    expect(readdirSync(repos()).filter((name) => name.endsWith(".trees"))).toEqual([]);
  });

  test.each([
    ["--upload-pack=x", "image: --upload-pack=x is not a branch, tag or commit\n  a name cannot begin with a dash\n"],
    ["a b", "image: a b is not a branch, tag or commit\n  the plain name, or the commit's number\n"],
    ["main..v3.1.0", "image: main..v3.1.0 is not a branch, tag or commit\n  the plain name, or the commit's number\n"],
    [
      "nowhere",
      "image: nowhere is no branch, tag or commit of the repository\n  is it pushed? builds from source see only what is\n",
    ],
  ])("the ref %j is refused: 2", (ref, stderr) => {
    expect(lab.run("build", "--from-source", "--ref", ref)).toEqual({ code: 2, stdout: "", stderr });
  });

  test("a name that is a branch and a tag of different commits is refused", () => {
    lab.git("push", "-q", "origin", `${commits.two ?? ""}:refs/heads/both`, `${commits.one ?? ""}:refs/tags/both`);
    expect(lab.run("build", "--from-source", "--ref", "both")).toMatchObject({
      code: 2,
      stderr: `image: both is a branch and a tag, of different commits\n  name the commit: ${(commits.two ?? "").slice(0, 12)} or ${(commits.one ?? "").slice(0, 12)}\n`,
    });
  });

  test("a repository that is not there: 69, and nothing stays", () => {
    lab.configure({ source: { url: `file://${origin}/gone.git`, cacheName: "gone" } });
    const { code, stderr } = lab.run("build", "--from-source");
    expect([code, stderr]).toEqual([
      69,
      expect.stringContaining("cannot be cloned (see above)\n  is the address right, and may you read it?\n"),
    ]);
    const left = join(lab.project, "cdktf.out/cache/gone/repos");
    expect(existsSync(left) ? readdirSync(left).filter((name) => !name.endsWith(".lock")) : []).toEqual([]);
  });
});
