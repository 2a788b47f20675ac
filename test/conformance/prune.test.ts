// prune on a stand-in host with real images: what goes, and above all what stays.
import { FileRoot, settingsOf } from "../support/file-root";
import { type Standin, standinTools, startStandin } from "../support/standin";
import { withTools } from "../support/tools";

withTools([...standinTools, "buildah", "busybox"], () => {
  let host: Standin;
  let files: FileRoot;

  beforeAll(async () => {
    host = await startStandin();
    files = new FileRoot(settingsOf(host), { app: {}, base: {} });
  });
  afterAll(async () => {
    files.stop();
    await host.stop();
  });

  // Images of ours by hand: `ours NAME CONTENT` builds one and gives it the tags that follow.
  const HELPERS = `
    make() { mkdir -p "b/$1" && echo "$2" >"b/$1/f" && printf 'FROM %s\\nCOPY f /%s\\n' "$3" "$1" >"b/$1/Containerfile"; }
    ours() { name=$1; make "$name" "$2" "\${FROM:-scratch}"; shift 2
      podman build -q --iidfile id --label io.gantry.project=lab --label "io.gantry.image=$name" "b/$name" >/dev/null || exit 1
      mkdir -p ~/.gantry/builds/$name/run-$#-$RANDOM && cp id "$_/id" && echo 0 >"$_/exit"
      for tag; do podman tag "$(cat id)" "$tag"; done; }
    theirs() { make "$1" "$2" "\${FROM:-scratch}" && podman build -q --label "io.gantry.project=$3" -t "$1" "b/$1" >/dev/null; }
    plain() { make "$1" "$2" "\${FROM:-scratch}" && podman build -q -t "$1" "b/$1" >/dev/null; }
  `;
  const names = () => host.output("podman image ls --format '{{.Repository}}:{{.Tag}}'").trim().split("\n").sort();
  const FOREIGN = [
    "localhost/fromours:latest",
    "localhost/neighbour:ctx-0123456789ab",
    "localhost/neighbour:latest",
    "localhost/unlabelled:latest",
  ];

  describe("images", () => {
    beforeEach(() => {
      host.output(`
        podman rmi -af >/dev/null 2>&1; rm -rf ~/.gantry/builds ~/development b
        ${HELPERS}
        ours base 1 localhost/base:ctx-aaaaaaaaaaa1
        ours base 2 localhost/base:ctx-aaaaaaaaaaa2 localhost/base:dev
        ours app 1 localhost/app:ctx-bbbbbbbbbbb1
        ours app 2 localhost/app:ctx-bbbbbbbbbbb2 localhost/app:dev
        ours app 3 localhost/app:ctx-bbbbbbbbbbb3 localhost/app:keep-this-one
        theirs neighbour x other && podman tag neighbour neighbour:ctx-0123456789ab
        plain unlabelled x
        FROM=localhost/base:dev plain fromours x
      `);
    });

    const OURS = [
      "localhost/app:ctx-bbbbbbbbbbb2",
      "localhost/app:ctx-bbbbbbbbbbb3",
      "localhost/app:dev",
      "localhost/app:keep-this-one",
    ].concat(["localhost/base:ctx-aaaaaaaaaaa2", "localhost/base:dev"]);

    test("lists what would go, with sizes, and removes nothing: 77 where nobody can be asked", () => {
      const before = names();
      const dry = files.run(["prune", "--dry-run"]);
      expect(dry.code).toBe(0);
      expect(dry.stdout).toMatch(/^ +[\d.]+ (B|KiB) {2}image {5}localhost\/app:ctx-bbbbbbbbbbb1$/m);
      expect(dry.stdout).toMatch(/^ +[\d.]+ (B|KiB) {2}image {5}localhost\/base:ctx-aaaaaaaaaaa1$/m);
      expect(dry.stdout).toMatch(/^ +[\d.]+ (B|KiB) {2}in all$/m);
      const asked = files.run(["prune"]);
      expect([asked.code, asked.stdout]).toEqual([77, dry.stdout]);
      expect(asked.stderr).toContain("say it with --yes");
      expect(names()).toEqual(before);
    });

    test("removes old images of this project, and nobody else's", () => {
      const { code, stdout } = files.run(["prune", "--yes"]);
      expect([code, stdout]).toEqual([0, expect.stringMatching(/^removed: [\d.]+ (B|KiB)$/m)]);
      expect(names()).toEqual([...FOREIGN, ...OURS].sort());
      expect(files.run(["prune", "--yes"])).toMatchObject({ code: 0, stdout: "nothing to remove\n" });
    });

    test("--all takes the current images too, but no name of the user's own", () => {
      host.output("podman tag localhost/app:ctx-bbbbbbbbbbb3 localhost/mine:1");
      expect(files.run(["prune", "--all", "--yes"]).code).toBe(0);
      const own = ["localhost/app:ctx-bbbbbbbbbbb3", "localhost/app:keep-this-one", "localhost/mine:1"];
      expect(names()).toEqual([...FOREIGN, ...own].sort());
      // Still whole, though its base has lost its name.
      expect(host.run("podman save -o x.tar fromours && tar -tf x.tar >/dev/null").code).toBe(0);
    });

    test("an image that lost its names to a build of the same sources goes; a stranger's without a name stays", () => {
      host.output(`${HELPERS}
        ours app again; podman build -q --no-cache b/base >/dev/null
        FROM=localhost/base:dev make strange x localhost/base:dev; podman build -q b/strange >/dev/null`);
      const untagged = () => host.output("podman image ls -q --filter dangling=true").trim().split("\n").length;
      const before = untagged();
      const { stdout } = files.run(["prune", "--yes"]);
      expect(stdout.match(/untagged/g)).toHaveLength(1);
      expect(untagged()).toBe(before - 1);
    });

    test("an image a container uses is kept, and that is said", () => {
      host.output("podman create -q --name user localhost/app:ctx-bbbbbbbbbbb1 /nothing >/dev/null");
      const { code, stderr } = files.run(["prune", "--yes"]);
      expect([code, stderr]).toEqual([
        0,
        expect.stringContaining("prune: kept localhost/app:ctx-bbbbbbbbbbb1 (image)"),
      ]);
      host.output("podman rm user >/dev/null");
    });
  });

  test("old snapshots and logs go; the current one, links and what is no snapshot stay", () => {
    host.output(`
      mkdir -p ~/development/app ~/development/other/aaaaaaaaaaaa && cd ~/development/app
      for n in 1 2 3 4; do mkdir "00000000000$n"; echo "$n" >"00000000000$n/f"; touch -d "2020-01-0$n" "00000000000$n"; done
      ln -s 000000000001 current; mkdir notes cafe
      for n in $(seq 10 32); do mkdir -p ~/.gantry/builds/app/$n; touch -d "2020-01-01 00:$n" ~/.gantry/builds/app/$n; done
      for n in 11 12 30; do echo 0 >~/.gantry/builds/app/$n/exit; touch -d "2020-01-01 00:$n" ~/.gantry/builds/app/$n; done`);
    const gone = (JSON.parse(files.run(["prune", "--dry-run", "--json"]).stdout) as { kind: string; what: string }[])
      .filter(({ kind }) => kind !== "image")
      .map(({ kind, what }) => `${kind} ${what}`);
    expect(gone).toEqual([
      "snapshot development/app/000000000003",
      "snapshot development/app/000000000002",
      "run .gantry/builds/app/12",
      "run .gantry/builds/app/11",
    ]);
    expect(files.run(["prune", "--yes"]).code).toBe(0);
    expect(host.output("cd ~/development && ls -d app/* other/*").trim().split("\n")).toEqual([
      "app/000000000001",
      "app/000000000004",
      "app/cafe",
      "app/current",
      "app/notes",
      "other/aaaaaaaaaaaa",
    ]);
  });

  test("caches of RUN --mount=type=cache: measured, and only with --all", () => {
    host.output(`mkdir -p b/c/bin && cp /bin/busybox b/c/bin/ && cat >b/c/Containerfile <<'END'
FROM scratch
COPY bin /bin
RUN --mount=type=cache,target=/cache ["/bin/busybox", "dd", "if=/dev/zero", "of=/cache/f", "bs=1048576", "count=3"]
END
      podman build -q b/c >/dev/null`);
    expect(files.run(["prune", "--dry-run"]).stdout).not.toContain("cache");
    const line = /^ +3\.\d MiB {2}cache {5}RUN --mount=type=cache, of all projects of this user$/m;
    expect(files.run(["prune", "--all", "--dry-run"]).stdout).toMatch(line);
    expect(files.run(["prune", "--all", "--yes"]).code).toBe(0);
    expect(files.run(["prune", "--all", "--dry-run"]).stdout).not.toContain("cache");
  });

  test("while something is built, nothing is removed: 75", () => {
    host.output("for n in 1 2 3 4; do mkdir -p ~/development/base/aaaaaaaaaaa$n; done");
    host.output(
      "mkdir -p ~/.gantry/locks; (exec 9<>~/.gantry/locks/app.lock; flock 9; setsid bash -c 'echo $$ >~/holder; exec sleep 1000' &) </dev/null >/dev/null 2>&1",
    );
    const before = host.output("ls ~/development/base");
    const { code, stderr } = files.run(["prune", "--yes"]);
    expect([code, stderr]).toEqual([75, expect.stringContaining("a build is running on the host")]);
    expect(host.output("ls ~/development/base")).toBe(before);
    host.output("kill $(cat ~/holder)");
  });

  test("what build leaves behind: the tree before goes, the one of today stays", () => {
    host.output("podman rmi -af >/dev/null 2>&1; rm -rf ~/development ~/.gantry/builds");
    const once = new FileRoot({ ...settingsOf(host), KEEP_SNAPSHOTS: 1 }, { app: {} });
    const build = (content: string) => {
      once.write("../app/f", content);
      once.write("../app/Containerfile", "FROM scratch\nCOPY f /f\n");
      expect(once.run(["build", "app"])).toMatchObject({ code: 0 });
    };
    build("one");
    const [first] = names().filter((name) => name.includes("ctx-"));
    build("two");
    const { code, stdout } = once.run(["prune", "--yes"]);
    expect([code, stdout]).toEqual([0, expect.stringContaining(`image     ${first ?? ""}\n`)]);
    expect(names()).toEqual([expect.stringMatching(/^localhost\/app:ctx-/), "localhost/app:dev"]);
    expect(names()).not.toContain(first);
    expect(once.run(["build", "app"])).toMatchObject({ code: 0 });
    once.stop();
  });

  test("unknown options are refused", () => {
    expect(files.run(["prune", "--frobnicate"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("prune: unknown option --frobnicate"),
    });
  });
});
