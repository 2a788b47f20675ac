// Source trees on the builder are linked from, and built from, only as they were copied.
import { appendFileSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { Lab, labTools } from "../support/lab";
import { withTools } from "../support/tools";

withTools(labTools, () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await Lab.start({ app: {} });
  });
  afterAll(() => lab.stop());
  beforeEach(() => {
    lab.remove("app");
    lab.write("app/Containerfile", "FROM localhost/shell:1\nCOPY y z /\n");
    lab.write("app/y", "1\n");
    lab.write("app/z", "1\n");
    lab.files.stub("rsync", `echo "$*" >>${lab.project}/rsync.log; PATH=\${PATH#*:} exec rsync "$@"`);
    lab.write(".git/info/exclude", "/rsync.log\n");
    lab.remove("rsync.log");
    lab.host.output(
      "rm -rf development/app .gantry/builds; podman image ls -q localhost/app | sort -u | xargs -r podman rmi -f >/dev/null",
    );
    lab.ok("sync", "app");
  });

  const current = () => lab.host.output("readlink ~/development/app/current").trim();
  const there = (file: string, tree = "current") => lab.host.output(`cat ~/development/app/${tree}/${file}`);
  const damage = (file = "y") => appendFileSync(join(lab.host.home, "development/app", current(), file), "T\n");
  const note = (hash: string) =>
    `app: the tree ctx-${hash} on the builder is not as it was copied (changed by hand or by a build step); ` +
    "copying without trust in it\n";
  const inImage = (file: string) => lab.tree("app:dev", "")[file];

  test("a step that writes into a bind mount of the context reaches no other snapshot and no later build", () => {
    lab.write(
      "app/Containerfile",
      "FROM localhost/shell:1\nCOPY y /y\nRUN --mount=type=bind,source=.,target=/ctx,rw echo X >>/ctx/y\n",
    );
    lab.ok("build", "app");
    const first = current();
    expect(there("y")).toBe("1\nX\n"); // podman 4 writes through; else this test shows nothing
    lab.write("app/z", "2\n");
    expect(lab.run("sync", "app")).toMatchObject({ code: 0, stderr: note(first) });
    expect([there("y"), there("z")]).toEqual(["1\n", "2\n"]);
    lab.ok("build", "--no-cache", "app");
    expect(there("y")).toBe("1\nX\n");
    const again = lab.run("build", "--no-cache", "app");
    expect([again.code, again.stderr]).toEqual([0, note(current())]);
    expect(inImage("y")).toBe("644 1\n");
  });

  test("a build of a tree that somebody changed copies it again, and says why once", () => {
    lab.ok("build", "app");
    for (const change of [
      "echo T >>current/y",
      "rm current/y",
      "touch current/new",
      "chmod +x current/y",
      "ln -sf /etc/passwd current/y",
      "echo 2 >current/y", // the same size
    ]) {
      lab.host.output(`cd development/app && ${change}`);
      const { code, stderr } = lab.run("build", "--no-cache", "app");
      expect([change, code, stderr]).toEqual([change, 0, note(current())]);
      expect([there("y"), inImage("y")]).toEqual(["1\n", "644 1\n"]);
      expect(lab.host.output("ls development/app/current/").trim().split("\n")).toEqual(["Containerfile", "y", "z"]);
    }
    expect(lab.run("build", "--no-cache", "app")).toMatchObject({ code: 0, stderr: "" });
  });

  test("an image in docker's format is built anew under the hash it had", () => {
    lab.write("app/Containerfile", 'FROM localhost/shell:1\nSHELL ["/bin/sh", "-c"]\nCOPY y z /\n');
    lab.ok("build", "app");
    const first = current();
    damage();
    expect(lab.run("build", "--no-cache", "app")).toMatchObject({ code: 0, stderr: note(first) });
    expect(current()).toBe(first);
    expect(lab.ok("build", "app")).toBe(`app: up to date, localhost/app:dev is ctx-${first}\n`);
  });

  test("the next tree is linked with an undamaged one only, and takes the files that are right", () => {
    const first = current();
    damage();
    lab.write("app/z", "3\n");
    const { code, stderr } = lab.run("build", "app");
    expect([code, stderr]).toEqual([0, note(first)]);
    expect([there("y"), there("z"), inImage("y")]).toEqual(["1\n", "3\n", "644 1\n"]);
    const inode = (tree: string) => lab.host.output(`stat -c %i development/app/${tree}/Containerfile`);
    expect(inode(current())).toBe(inode(first));
    lab.write("app/z", "4\n");
    expect(lab.run("build", "app")).toMatchObject({ code: 0, stderr: "" });
    expect(
      lab
        .read("rsync.log")
        .trim()
        .split("\n")
        .map((line) => line.includes("--checksum")),
    ).toEqual([true, false, true, false]); // the first tree, the quick way refused, all of it, the quick way
  });

  test("a tree that is damaged while the next one is received is noticed", () => {
    // After the transfer, behind the back of both.
    lab.files.stub(
      "rsync",
      `PATH=\${PATH#*:}; rsync "$@" || exit
       [ -e ${lab.project}/done ] || { : >${lab.project}/done; echo T >>${lab.host.home}/development/app/${current()}/y; }`,
    );
    lab.write("app/z", "5\n");
    const { code, stderr } = lab.run("sync", "app");
    lab.remove("done");
    expect([code, stderr]).toEqual([0, expect.stringMatching(/^app: the tree ctx-\w+ on the builder is not as .*\n$/)]);
    expect([there("y"), there("z")]).toEqual(["1\n", "5\n"]);
  });

  test("a tree without a record, as older versions left them, is copied anew", () => {
    lab.host.output("rm development/app/.files-*");
    expect(lab.run("build", "app")).toMatchObject({ code: 0, stderr: note(current()) });
    expect(lab.run("build", "--force", "app")).toMatchObject({ code: 0, stderr: "" });
  });

  test("going back to a damaged tree copies it again", () => {
    const first = current();
    lab.write("app/z", "6\n");
    lab.ok("sync", "app");
    lab.host.output(`rm development/app/${first}/y`);
    lab.write("app/z", "1\n");
    expect(lab.run("sync", "app")).toMatchObject({ code: 0, stderr: note(first) });
    expect([current(), there("y")]).toEqual([first, "1\n"]);
  });

  test("while a build uses the damaged tree it is not replaced: 75; one that waits for it fails: 65", async () => {
    lab.host.output("rm -f podman.log");
    lab.shutGate();
    const first = lab.start("build", "app");
    while (lab.host.run("grep -q '^build ' ~/podman.log").code === 1) await new Promise((wake) => setTimeout(wake, 50));
    const second = lab.start("build", "--force", "app");
    await second.printed(/Waiting: app is being built/);
    damage();
    const third = lab.run("build", "--force", "app");
    expect([third.code, there("y")]).toEqual([75, "1\nT\n"]);
    expect(lab.run("sync", "--force", "app").code).toBe(75);
    lab.openGate();
    expect((await first.ended).code).toBe(0);
    const waited = await second.ended;
    expect([waited.code, waited.stdout]).toEqual([
      65,
      expect.stringContaining(
        `The source tree ctx-${current()} was changed on the builder after it was copied, by hand or by a step of another build.\n` +
          "  Build again: it is copied again. The tag did not move.\n",
      ),
    ]);
    expect(lab.run("build", "--no-cache", "app")).toMatchObject({ code: 0, stderr: note(current()) });
    expect(inImage("y")).toBe("644 1\n");
  });

  test("what is being received is not taken for a leftover, however old the trees are that it is made of", () => {
    // A second run ends while the first one sends.
    const commit = `HOME=${lab.host.home} bash ${lab.host.home}/.gantry/lib/*/sync-commit.sh development app ${current()} other 5`;
    lab.files.stub("rsync", `PATH=\${PATH#*:}; rsync "$@" && ${commit}`);
    lab.write("app/z", "10\n");
    utimesSync(join(lab.project, "app"), 1e9, 1e9);
    const { code, stderr } = lab.run("sync", "app");
    expect([code, stderr, there("z")]).toEqual([0, "", "10\n"]);
  });

  test("records go with their trees", () => {
    for (const text of ["7", "8", "9"]) {
      lab.write("app/z", text);
      lab.ok("sync", "app");
    }
    const list = lab.host.output("ls -A development/app").trim().split("\n");
    const trees = list.filter((name) => /^[0-9a-f]{16}$/.test(name));
    expect(trees).toHaveLength(2);
    expect(list.sort()).toEqual([...trees, ...trees.map((tree) => `.files-${tree}`), "current"].sort());
  });
});
