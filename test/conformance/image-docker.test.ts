// The program image with engine: "docker". No docker daemon can run here: a stand-in hands its command line to podman, so this
// tests how the program calls docker and how it reads it.
import { ModesLab, modesTools } from "../support/modes-lab";
import { withTools } from "../support/tools";

const DOCKER = `#!/bin/bash
echo "$*" >>~/docker.log
case "$1 \${2:-}" in
  "buildx version") exit 0 ;;
  "info "*) echo "$HOME" ;;
  "image inspect") shift 2; podman image inspect "$@" | sed -E 's/^([0-9a-f]{64})/sha256:\\1/; s/"localhost\\/(sindri:[^"]*)"/"localhost\\/\\1","\\1"/g' ;;
  "image ls") podman "$@" | sed 's/localhost\\/sindri\\([: ]\\)/sindri\\1/' ;;
  "image rm") shift 2; [ "$1" != --no-prune ] || shift; podman image rm "\${@#sha256:}" ;;
  "tag "*) [ $# -eq 3 ] || exit 2; podman tag "\${2#sha256:}" "$3" ;;
  "run "* | "history "*) exec podman "$@" ;;
  "system df") echo "Images 1GB"; [ -e ~/pruned ] || echo "Build Cache 12.5MB" ;;
  "builder prune") touch ~/pruned ;;
  "build "*)
    shift
    words=()
    for word; do [ "$word" = --progress=plain ] || words+=("$word"); done
    exec podman build "\${words[@]}" ;;
  *) echo "docker $*: not known here" >&2; exit 3 ;;
esac
`;

withTools(modesTools, () => {
  let lab: ModesLab;
  beforeAll(async () => {
    lab = await ModesLab.start({ engine: "docker", verifyCommand: ["/bin/true"] });
    lab.host.run("cat >bin/docker && chmod +x bin/docker", DOCKER);
  });
  afterAll(() => lab.stop());

  test("builds, verifies and names, one name a call", () => {
    expect(lab.ok("build", "--base")).toMatch(/^sindri-base: built, sindri:base-latest is base-\w{16}\n$/);
    expect(lab.ok("build")).toMatch(/\nsindri: built, sindri:latest is ctx-\w{16}\n$/);
    expect(Object.keys(lab.images())).toEqual(
      expect.arrayContaining(["sindri:base-3.0.0", "sindri:base-latest", "sindri:latest"]),
    );
    expect(lab.host.output("grep -c '^run --rm --network=none localhost/sindri:ctx-' docker.log")).toBe("1\n");
  });

  test("again: up to date, with no tag and no run", () => {
    lab.host.output("rm docker.log");
    expect(lab.ok("build")).toMatch(/^sindri: up to date, /);
    expect(lab.host.run("grep -E '^(tag|run|build) ' docker.log").stdout).toBe("");
  });

  test("status, inspect and doctor read its answers", () => {
    expect(lab.ok("status", "sindri-base")).toMatch(
      /up to date +sindri:base-3\.0\.0 sindri:base-\w{16} sindri:base-latest$/m,
    );
    expect(JSON.parse(lab.ok("inspect", "--json"))).toMatchObject({
      image: "sindri",
      platform: expect.stringMatching(/^linux\//),
    });
    expect(lab.run("doctor").stdout).toContain("built on sindri:base-latest");
  });

  test("medium clears its build cache; hard leaves the base", () => {
    expect(lab.ok("clear", "medium", "--yes")).toMatch(/^ +11\.9 MiB {2}cache +build cache of docker$/m);
    expect(lab.host.output("grep '^builder ' docker.log")).toBe("builder prune -af\n");
    expect(lab.run("clear", "hard", "--yes")).toMatchObject({ code: 0, stderr: "" });
    const names = Object.keys(lab.images());
    expect(names).toEqual(
      expect.arrayContaining(["sindri-base:base-latest", "sindri:base-3.0.0", "sindri:base-latest"]),
    );
    expect(names).not.toContain("sindri:latest");
  });

  test("an image that does not run keeps no name but that of its content, the first time too", () => {
    lab.write("v3/Dockerfile.dev", "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nCOPY v3/src /src\nENV PATH=/\n");
    lab.configure({ engine: "docker", verifyCommand: ["false"] });
    expect(lab.run("build").code).toBe(65);
    expect(Object.keys(lab.images()).filter((name) => name.startsWith("sindri:") && !name.includes("base"))).toEqual([
      expect.stringMatching(/^sindri:ctx-/),
    ]);
  });
});
