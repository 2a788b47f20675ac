// engine: "docker". No docker daemon can run here: a stand-in translates its command line to podman and prints what the two
// builders of docker print, so this tests how the program calls docker and how it reads it.
import { Lab, labTools } from "../support/lab";
import { withTools } from "../support/tools";

const DOCKER = `#!/bin/bash
export PATH=\${PATH#*:}
echo "DOCKER_BUILDKIT=\${DOCKER_BUILDKIT:-} $*" >>~/docker.log
case "$1 \${2:-}" in
  "buildx version") [ ! -e ~/no-buildx ] ;;
  "info "*) echo "$HOME" ;;
  "image inspect") shift 2; podman image inspect "$@" | sed -E 's/^([0-9a-f]{64})/sha256:\\1/' ;;
  "tag "*) [ $# -eq 3 ] || exit 2; podman tag "\${2#sha256:}" "$3" ;;
  "build "*)
    shift
    words=()
    for word; do [ "$word" = --progress=plain ] || words+=("$word"); done
    steps=$(grep -vc '^FROM' Containerfile) n=1
    if [ "$DOCKER_BUILDKIT" = 1 ]; then
      echo "#1 [internal] load build definition from Containerfile"; echo "#1 DONE 0.0s"
      echo "#4 [1/$((steps + 1))] FROM localhost/shell:1"
      echo "#5 [2/$((steps + 1))] COPY f /f"; echo "#5 CACHED"
      echo "#6 [3/$((steps + 1))] $(tail -n 1 Containerfile)"
    else
      while read -r line; do echo "Step $((n++))/$((steps + 1)) : $line"; case $line in COPY*) echo " ---> Using cache" ;; esac; done <Containerfile
    fi
    if podman build -q "\${words[@]}" >/dev/null 2>~/docker.err; then
      if [ "$DOCKER_BUILDKIT" = 1 ]; then echo "#6 DONE 0.1s"; fi
    else
      if [ "$DOCKER_BUILDKIT" = 1 ]; then
        echo "#6 0.1 it went wrong"; echo "#6 ERROR: process \\"/bin/sh -c false\\" did not complete successfully: exit code: 1"
        echo "------"; echo " > [3/$((steps + 1))] RUN false:"; echo "0.1 it went wrong"; echo "------"
        echo "ERROR: failed to solve: process \\"/bin/sh -c false\\" did not complete successfully: exit code: 1"
      else
        echo "The command '/bin/sh -c false' returned a non-zero code: 1"
      fi
      exit 1
    fi ;;
  *) exit 3 ;;
esac
`;

withTools(labTools, () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await Lab.start({ app: {} }, { ENGINE: "docker" });
    lab.host.run("cat >bin/docker && chmod +x bin/docker", DOCKER);
    lab.write("app/f", "1\n");
  });
  afterAll(() => lab.stop());
  beforeEach(() => {
    lab.write("app/Containerfile", "FROM localhost/shell:1\nCOPY f /f\nRUN echo x >/x\n");
    lab.host.output("rm -f ~/docker.log ~/no-buildx");
  });
  const calls = () => lab.host.output("cat ~/docker.log").trim().split("\n");

  test("builds with BuildKit, then asks it once and does nothing", () => {
    const out = lab.ok("build", "app");
    expect(out).toContain("  steps    1 cached, 1 rebuilt\n");
    expect(out).toMatch(/\n {2}digest {3}sha256:[0-9a-f]{64}\n/);
    expect(calls().filter((line) => line.includes(" build "))).toEqual([
      expect.stringMatching(/^DOCKER_BUILDKIT=1 build .*--progress=plain .*\.$/),
    ]);
    lab.host.output("rm ~/docker.log");
    expect(lab.ok("build", "app")).toContain("app: up to date");
    expect(calls()).toEqual([expect.stringMatching(/ image inspect /)]);
  });

  test("a step that fails is named, and the tag stays", () => {
    lab.ok("build", "app");
    const before = lab.imageId("app:dev");
    lab.write("app/Containerfile", "FROM localhost/shell:1\nCOPY f /f\nRUN false\n");
    const { code, stdout } = lab.run("build", "app");
    expect(code).toBe(65);
    expect(stdout).toContain("  step  [3/3] RUN false\n");
    expect(lab.imageId("app:dev")).toBe(before);
  });

  test("works without buildx; a build that needs it for secrets says so", () => {
    lab.host.output("touch ~/no-buildx");
    const out = lab.ok("build", "--force", "app");
    expect(out).toContain("  steps    1 cached, 1 rebuilt\n");
    expect(calls().filter((line) => line.includes(" build "))).toEqual([
      expect.stringMatching(/^DOCKER_BUILDKIT=0 build /),
    ]);
    expect(calls().join("\n")).not.toContain("--progress");
    lab.write("token", "t");
    const { code, stdout } = lab.run("build", "--force", "--secret", `id=token,src=${lab.project}/token`, "app");
    expect([code, stdout]).toEqual([
      65,
      expect.stringContaining("docker needs its buildx plugin for build secrets: install docker-buildx on the builder"),
    ]);
  });
});
