// Publishing from docker, and what is said when skopeo is missing. No docker daemon can run here: a stand-in translates its
// command line to podman, so this tests how docker is called, with which login, and what comes of it.
import { RegistryLab, registryLabTools } from "../support/registry-lab";
import { withTools } from "../support/tools";

const DOCKER = `#!/bin/bash
export PATH=\${PATH#*:}
echo "$*" >>~/docker.log
login() { [ -s "$DOCKER_CONFIG/config.json" ] && echo "--authfile $DOCKER_CONFIG/config.json"; }
case "$1 \${2:-}" in
  "buildx version") exit 1 ;;
  "info "*) echo "$HOME" ;;
  "context inspect") echo unix:///made-up.sock ;;
  "image inspect") shift 2; podman image inspect "$@" | sed -E 's/^([0-9a-f]{64})/sha256:\\1/' ;;
  "tag "*) [ $# -eq 3 ] || exit 2; podman tag "\${2#sha256:}" "$3" ;;
  "build "*) shift; podman build -q "$@" >/dev/null ;;
  "push -q" | "pull -q") [ "$DOCKER_HOST" = unix:///made-up.sock ] && podman $1 -q $(login) "$3" ;;
  "rmi "*) podman rmi "$2" ;;
  "run --rm") shift; podman run "$@" ;;
  *) echo "docker $*: unknown" >&2; exit 3 ;;
esac
`;

withTools(registryLabTools, () => {
  let lab: RegistryLab;
  beforeAll(async () => {
    lab = await RegistryLab.start();
    lab.lab.host.run("cat >bin/docker && chmod +x bin/docker", DOCKER);
    lab.lab.configure({ ENGINE: "docker" });
    lab.image({}, { ENGINE: "docker" });
    lab.publication({ REGISTRY: lab.registry.address, RUN_1: "/f" });
  });
  afterAll(() => lab.stop());
  const calls = () => lab.lab.host.output("cat ~/docker.log").trim().split("\n");

  test("published, up to date and verified, with the login in a directory of its own", async () => {
    await lab.ok("publish", "--quiet");
    const hash = lab.hash();
    const tags = lab.tags();
    const digest = tags["base-1.0.0"] ?? "";
    const repository = `${lab.registry.address}/acme/tool`;
    expect(tags).toEqual({ [`base-${hash}`]: digest, "base-1.0.0": digest, "base-latest": digest });
    expect(calls().filter((line) => line.startsWith("push"))).toEqual([`push -q ${repository}:base-${hash}`]);
    expect(calls().join("\n")).not.toContain(lab.registry.password);
    // The name it was pushed by is no name of the project's.
    expect(lab.lab.host.output(`podman images -q ${repository}`)).toBe("");
    expect(await lab.ok("publish")).toMatch(/^app: up to date, /);
    expect(await lab.ok("verify", "app")).toContain("  run           ok    tool 1\n");
    expect(calls()).toContain(`pull -q ${repository}@${digest}`);
    expect(lab.lab.host.run("cat ~/.docker/config.json").code).not.toBe(0);
  });

  test("without skopeo on the builder: 1, and what it is for", async () => {
    lab.lab.host.output(`mkdir tools && ln -sf /usr/bin/* tools && rm tools/skopeo
      printf '#!/bin/bash\\nPATH=~/bin:~/tools exec /bin/bash "$@"\\n' >bin/bash && chmod +x bin/bash`);
    expect(await lab.run(["publish"])).toEqual({
      code: 1,
      stdout: "",
      stderr:
        "image: skopeo is not installed on the builder's host\n" +
        "  it reads and writes registries without pulling: install the package skopeo there\n",
    });
  });
});
