// The tiers: what each removes, that it is what --dry-run lists, and above all what stays.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ModesLab, modesTools } from "../support/modes-lab";
import { withTools } from "../support/tools";

interface Line {
  readonly kind: string;
  readonly key: string;
  readonly bytes: number;
  readonly what: string;
}

withTools(modesTools, () => {
  let lab: ModesLab;
  beforeAll(async () => {
    lab = await ModesLab.start({
      targetDirectories: ["v3/target"],
      incrementalDirectories: ["v3/target/*/incremental", "other/incremental"],
      source: { cacheName: "sindri" },
    });
    lab.write(".gitignore", `${lab.read(".gitignore")}target/\n/other/\n`);
  });
  afterAll(() => lab.stop());

  // Images of other projects: by their label, by no label, and FROM one of ours.
  const FOREIGN = [
    "fromours:latest",
    "neighbour:ctx-0123456789abcdef",
    "neighbour:latest",
    "sindri:theirs",
    "unlabelled:latest",
  ];
  const mirrors = () => join(lab.project, "cdktf.out/cache/sindri/repos");

  // Made once; each test gets it back from an archive, which takes a tenth of the time.
  beforeAll(() => {
    lab.write("v3/src/main", "old\n");
    lab.ok("build");
    lab.write("v3/src/main", "new\n");
    lab.ok("build");
    lab.ok("build", "--from-source");
    lab.host.output(`
      make() { mkdir -p "b/$1" && echo "$1" >"b/$1/f" && printf 'FROM %s\\nCOPY f /%s\\n' "$2" "$1" >"b/$1/Containerfile"; }
      make neighbour scratch; podman build -q --label io.gantry.project=other -t neighbour b/neighbour >/dev/null
      podman tag neighbour neighbour:ctx-0123456789abcdef
      make theirs scratch; podman build -q --label io.gantry.project=other -t sindri:theirs b/theirs >/dev/null
      make unlabelled scratch; podman build -q -t unlabelled b/unlabelled >/dev/null
      make fromours localhost/sindri:base-latest; podman build -q -t fromours b/fromours >/dev/null
      podman save -q -m -o images.tar $(podman image ls --format '{{.Repository}}:{{.Tag}}')
      tar -cf trees.tar development .gantry/builds`);
    lab.exec("cp", ["-a", mirrors(), join(lab.project, "cdktf.out/mirrors")]);
  });
  beforeEach(() => {
    lab.host.output(
      "podman rmi -af >/dev/null 2>&1; rm -rf development .gantry/builds && tar -xf trees.tar && podman load -q -i images.tar >/dev/null",
    );
    lab.exec("rm", ["-rf", mirrors()]);
    lab.exec("mkdir", ["-p", join(mirrors(), "..")]);
    lab.exec("cp", ["-a", join(lab.project, "cdktf.out/mirrors"), mirrors()]);
    lab.write("v3/src/main", "new\n");
    for (const path of ["v3/target/debug/incremental/a", "v3/target/debug/deps/b", "other/incremental/c"]) {
      lab.write(path, "x".repeat(10000));
    }
  });

  const foreign = () => Object.keys(lab.images()).filter((name) => FOREIGN.includes(name));
  const ours = () => Object.keys(lab.images()).filter((name) => !FOREIGN.includes(name));
  const list = (...args: readonly string[]) => JSON.parse(lab.ok("clear", ...args, "--json")) as Line[];
  const sorted = (lines: readonly Line[]) => lines.map(({ kind, what }) => `${kind} ${what}`).sort();

  test.each(["soft", "medium", "hard", "nuke"])(
    "%s: what --dry-run lists is what goes, and nobody else's image does",
    (tier) => {
      const before = lab.images();
      const listed = list(tier, "--dry-run");
      expect(listed.length).toBeGreaterThan(1);
      expect(listed.every(({ kind, bytes }) => kind === "name" || bytes > 0)).toBe(true);
      expect(lab.images()).toEqual(before);
      expect(sorted(list(tier, "--yes"))).toEqual(sorted(listed));
      expect(foreign()).toEqual(FOREIGN);
      const names = listed
        .filter(({ kind }) => kind === "image" || kind === "name")
        .flatMap(({ what }) => what.split(" "));
      const gone = Object.keys(before).filter((name) => lab.images()[name] === undefined && name !== "<none>:<none>");
      expect(
        names
          .filter((name) => name !== "untagged")
          .map((name) => name.replace("localhost/", ""))
          .sort(),
      ).toEqual(gone.sort());
      expect(list(tier, "--dry-run")).toEqual([]);
    },
  );

  test("soft: incremental compilation and mirrors; dependencies and images stay, and nobody is asked", () => {
    const before = lab.images();
    expect(sorted(list("soft"))).toEqual([
      "incremental other/incremental",
      "incremental v3/target/debug/incremental",
      `repos ${mirrors()}`,
    ]);
    expect(existsSync(join(lab.project, "v3/target/debug/deps/b"))).toBe(true);
    expect(existsSync(mirrors())).toBe(false);
    expect(lab.images()).toEqual(before);
  });

  test("medium: also target directories and old contents; what has a name stays", () => {
    const before = ours();
    const lines = sorted(list("medium", "--yes"));
    expect(lines).toContain("target v3/target");
    expect(lines).toContain("incremental other/incremental");
    expect(existsSync(join(lab.project, "v3/target"))).toBe(false);
    const gone = before.filter((name) => !ours().includes(name));
    expect(gone).toEqual([expect.stringMatching(/^sindri:ctx-/)]);
    expect(ours()).toEqual(expect.arrayContaining(["sindri:latest", "sindri:base-latest", "sindri-base:base-latest"]));
  });

  test("hard: everything but the base, from which the next build starts", () => {
    const base = lab.images()["sindri:base-latest"];
    list("hard", "--yes");
    expect(ours()).toEqual(
      expect.arrayContaining(["sindri-base:base-latest", "sindri:base-3.0.0", "sindri:base-latest"]),
    );
    expect(ours().filter((name) => !/^sindri(-base:|:base-)/.test(name))).toEqual([]);
    expect(lab.images()["sindri:base-latest"]).toBe(base);
    expect(lab.ok("build")).toMatch(/^sindri-base: up to date, .*\nsindri: built, /);
  });

  test("hard: the base survives when the development image has the same id", () => {
    lab.host.output(
      "podman tag localhost/sindri:base-latest localhost/sindri:latest localhost/sindri:ctx-00000000000000aa",
    );
    const base = lab.images()["sindri:base-latest"];
    const named = list("hard", "--dry-run").find(({ kind }) => kind === "name");
    expect(named?.what.split(" ").sort()).toEqual(["localhost/sindri:ctx-00000000000000aa", "localhost/sindri:latest"]);
    list("hard", "--yes");
    expect(lab.images()).toMatchObject({ "sindri:base-latest": base, "sindri:base-3.0.0": base });
    expect(ours()).not.toContain("sindri:latest");
  });

  test("nuke: everything of this project, source trees and logs included", () => {
    lab.host.output("podman tag localhost/sindri:latest ghcr.io/other/thing:1");
    list("nuke", "--yes");
    // A name of the user's own keeps its image, and only that.
    expect(ours().filter((name) => !name.startsWith("ghcr.io/"))).toEqual([
      expect.stringMatching(/^sindri:ctx-/),
      "sindri:latest",
    ]);
    lab.host.output("podman untag ghcr.io/other/thing:1 ghcr.io/other/thing:1; true");
    list("nuke", "--yes");
    expect(ours()).toEqual([]);
    expect(
      lab.host.output(
        "ls -A development/sindri development/sindri-base .gantry/builds/sindri 2>/dev/null | grep -E '[0-9a-f]{16}|Z-' || true",
      ),
    ).toBe("");
    expect(lab.ok("build")).toMatch(/^sindri-base: built, .*\nsindri: built, /);
  });

  test("an image that a container uses stays, and that is said", () => {
    lab.host.output("podman create -q --name user localhost/sindri:latest /bin/true >/dev/null");
    const { code, stderr } = lab.run("clear", "nuke", "--yes");
    lab.host.output("podman rm user >/dev/null");
    expect([code, stderr]).toEqual([0, expect.stringMatching(/prune: kept .*sindri:latest/)]);
  });

  test("--older-than leaves what is new; weekly and monthly are for what is old", () => {
    expect(lab.ok("clear", "weekly", "--yes")).toBe("nothing to remove\n");
    expect([list("weekly", "--yes"), list("weekly", "--dry-run")]).toEqual([[], []]);
    expect(list("medium", "--older-than", "720h", "--dry-run").filter(({ kind }) => kind === "image")).toEqual([]);
    expect(lab.run("clear", "hard", "--older-than", "soon")).toEqual({
      code: 2,
      stdout: "",
      stderr: "image: clear: --older-than wants an age such as 168h or 30d, not soon\n",
    });
  });

  test("weekly: what was not used for 72 hours goes when the caches hold more than 10 GB", () => {
    // Caches of three and five days; what du says of them is made up.
    lab.host.output(`
      cache=/var/tmp/buildah-cache-$(id -u)
      mkdir -p $cache/three $cache/five && touch -d '-3 days -1 hour' $cache/three/f && touch -d '-5 days' $cache/five/f
      touch -d '-9 days' $cache/three $cache/five
sed -i '2i case "$*" in "unshare du -sk "*) if [ -e ~/kib ]; then echo "$(cat ~/kib) $4"; exit; fi ;; esac' bin/podman
      echo 4000000 >kib`);
    const caches = (...words: string[]) =>
      list("weekly", "--dry-run", ...words).filter(({ key }) => /\/(three|five)$/.test(key));
    try {
      expect(caches()).toEqual([]);
      lab.host.output("echo 10000000 >kib");
      expect(
        caches()
          .map(({ key }) => key.split("/").at(-1))
          .sort(),
      ).toEqual(["five", "three"]);
      expect(lab.run("clear", "weekly", "--dry-run").stderr).toContain(
        "the build caches hold 9.5 GiB, more than 10 GB (9.3 GiB): what was not used for 72 h goes, not only for a week\n",
      );
      expect(caches("--older-than", "96h").map(({ key }) => key.split("/").at(-1))).toEqual(["five"]);
    } finally {
      lab.host.output("rm -rf kib /var/tmp/buildah-cache-$(id -u)/three /var/tmp/buildah-cache-$(id -u)/five");
    }
  });

  test("monthly: of the bases the newest two stay", () => {
    for (const version of ["1.94", "1.95"]) {
      lab.write("v3/Dockerfile.base", `FROM localhost/shell:1\nARG RUST_VERSION\nRUN touch /rust-${version}\n`);
      lab.ok("build", "--base");
    }
    const contents = () => ours().filter((name) => /^sindri:base-[0-9a-f]{16}$/.test(name));
    expect(contents()).toHaveLength(3);
    const newest = lab.images()["sindri:base-latest"];
    list("monthly", "--yes");
    expect(contents()).toHaveLength(2);
    expect(lab.images()["sindri:base-latest"]).toBe(newest);
    lab.write("v3/Dockerfile.base", "FROM localhost/shell:1\nARG RUST_VERSION\nRUN touch /rust\n");
  });

  test("a link out of the project, and what git has in its books, are not cleared", () => {
    lab.exec("rm", ["-rf", "v3/target", "other"]);
    const outside = lab.exec("mktemp", ["-d"]).stdout.trim();
    lab.exec("ln", ["-s", outside, "v3/target"]);
    expect(sorted(list("medium", "--dry-run")).filter((line) => line.startsWith("target"))).toEqual([]);
    lab.exec("rm", ["-rf", "v3/target", outside]);
    lab.write("other/incremental/kept", "x");
    lab.git("add", "-f", "other/incremental/kept");
    expect(sorted(list("soft", "--dry-run")).filter((line) => line.startsWith("incremental"))).toEqual([]);
    // Nor where git does not say: it reads no repository of another user, and may not be there.
    const { code, stdout, stderr } = lab.exec(join(lab.root, "bin/image"), ["clear", "soft", "--dry-run"], {
      env: { GIT_DIR: "/nowhere" },
    });
    expect([code, stdout.includes("incremental"), stderr]).toEqual([
      0,
      false,
      `image: warning: other/incremental is not cleared: git cannot read the repository ${lab.project}\n`,
    ]);
    lab.git("rm", "-q", "-f", "other/incremental/kept");
  });

  test("where nobody can be asked: 77 and nothing goes; FORCE=1 is a yes", () => {
    const before = lab.images();
    const { code, stderr } = lab.run("clear", "hard");
    expect([code, stderr]).toEqual([
      77,
      expect.stringMatching(/^image: remove these \([\d.]+ (MiB|KiB)\)\?\n {2}say it with --yes\n$/),
    ]);
    expect(lab.images()).toEqual(before);
    expect(lab.exec(join(lab.root, "bin/image"), ["clear", "hard"], { env: { FORCE: "1" } }).code).toBe(0);
  });
});
