import {
  Containerfile,
  expanded,
  Mount,
  pinned,
  Step,
  type ContainerfileProps,
  type ContainerfileStep,
} from "../../lib/image";
import { messageOf } from "../support/project";

const digest = `sha256:${"a".repeat(64)}`;
const ubuntu = pinned("docker.io/library/ubuntu:24.04", digest);
const of = (...stages: ContainerfileProps["stages"]) => Containerfile.of({ stages });
const faultsOf = (...stages: ContainerfileProps["stages"]) => messageOf(() => of(...stages));

test("a caller's objects stay the caller's", () => {
  const steps: ContainerfileStep[] = [Step.user("a")];
  const made = of({ name: "a", from: ubuntu, steps });
  steps.push(Step.user("b"));
  expect(made.render()).not.toContain("USER b");
  expect(Object.isFrozen(made.stages)).toBe(true);
});

test("all faults of the parts at once", () => {
  expect(
    messageOf(() =>
      Containerfile.of({
        args: { "A-B": "1", NL: "a\nb" },
        stages: [
          {
            name: "scratch",
            from: "Not an image",
            steps: [
              Step.run([]),
              Step.run("apt-get update" as unknown as string[]),
              Step.shell(["# nothing"]),
              Step.shell(["cat <<EOF"]),
              Step.env({ "A B": "", NUL: "\0" }),
              Step.env({ LONE: "\ud800" }),
              Step.copy(["../x", "*.txt"], "/"),
              Step.copy(["a"], "/", { mode: "rwx", owner: "a b" }),
              Step.run(["true"], {
                mounts: [Mount.cache("relative"), { type: "disk" } as unknown as ReturnType<typeof Mount.tmpfs>],
              }),
              { kind: "onbuild" } as unknown as ContainerfileStep,
              { ...Step.workdir("/"), paht: 1 } as unknown as ContainerfileStep,
              Step.expose(0),
            ],
          },
        ],
      }),
    ),
  ).toBe(`Containerfile.of: invalid props
  args.A-B: got the name "A-B"; allowed: a name of letters, digits and underscores
  args.NL: got "a\\nb"; allowed: one line of text without NUL, in valid Unicode, or null
  stages[0].name: got "scratch"; allowed: a stage name of lower-case letters, digits, dots, dashes and underscores, not "scratch"
  stages[0].from: got "Not an image"; allowed: "scratch", a stage above, pinned(…), or expanded("\${NAME}")
  stages[0].steps[0].command: got []; allowed: a program and its words, such as ["apt-get", "update"]
  stages[0].steps[1].command: got "apt-get update"; allowed: a program and its words, such as ["apt-get", "update"]
  stages[0].steps[2].commands[0]: got "# nothing"; allowed: one line of shell without a remark (#) that does not start with "--" or [" and has no "<<" and no backslash at its end (run(["sh", "-c", …]) takes any text)
  stages[0].steps[3].commands[0]: got "cat <<EOF"; allowed: one line of shell without a remark (#) that does not start with "--" or [" and has no "<<" and no backslash at its end (run(["sh", "-c", …]) takes any text)
  stages[0].steps[4].values["A B"]: got the name "A B"; allowed: a name of letters, digits and underscores
  stages[0].steps[4].values.NUL: got "\\u0000"; allowed: text without NUL, in valid Unicode, or expanded("… \${NAME} …")
  stages[0].steps[5].values.LONE: got "\\ud800"; allowed: text without NUL, in valid Unicode, or expanded("… \${NAME} …")
  stages[0].steps[6].sources[0]: got "../x"; allowed: a path without "..", and without * ? [ \\, which the engines take for a pattern (copy the directory instead)
  stages[0].steps[6].sources[1]: got "*.txt"; allowed: a path without "..", and without * ? [ \\, which the engines take for a pattern (copy the directory instead)
  stages[0].steps[7].owner: got "a b"; allowed: "user" or "user:group"
  stages[0].steps[7].mode: got "rwx"; allowed: an octal mode, such as "0755"
  stages[0].steps[8].mounts[0].target: got "relative"; allowed: an absolute path without a comma or a quotation mark, such as "/root/.cache"
  stages[0].steps[8].mounts[1].type: got "disk"; allowed: one of "cache", "secret", "bind", "tmpfs"
  stages[0].steps[9].kind: got "onbuild"; allowed: one of "arg", "env", "label", "run", "shell", "copy", "workdir", "user", "default-shell", "stop-signal", "entrypoint", "cmd", "expose", "volume", "healthcheck", "comment"
  stages[0].steps[10].paht: unknown property; did you mean "path"?
  stages[0].steps[11].port: got 0; allowed: a whole number from 1 to 65535`);
});

test("stages: twice the same name, below, itself, in a circle, unknown", () => {
  expect(
    faultsOf(
      { name: "a", from: "b", steps: [Step.copy(["/x"], "/", { from: "c" })] },
      { name: "b", from: "c" },
      { name: "c", from: "a", steps: [Step.copy(["/x"], "/", { from: "c" })] },
      { name: "d", from: "e" },
      { name: "e", from: "scratch", steps: [Step.run(["x"], { mounts: [Mount.bind("/b", { from: "bse" })] })] },
      { name: "e", from: "a", steps: [Step.copy(["/x"], "/", { from: "f" })] },
    ),
  ).toBe(`Containerfile.of: invalid props
  stages[0].from: got "b"; allowed: no stage that is built from itself (a → b → c → a)
  stages[0].steps[0].from: got "c"; allowed: no stage that is built from itself (a → c → a)
  stages[1].from: got "c"; allowed: no stage that is built from itself (b → c → a → b)
  stages[2].steps[0].from: got "c"; allowed: no stage that is built from itself (c → c)
  stages[3].from: got "e"; allowed: a stage above; move "e" before "d"
  stages[4].steps[0].mounts[0].from: got "bse"; allowed: a stage above (a, b, c, d)
  stages[5].name: got "e", the name of stages[4]; allowed: each name once
  stages[5].steps[0].from: got "f"; allowed: a stage above; did you mean "a"?`);
});

test("variables: unknown before all stages, not declared in the stage, set by the same step", () => {
  expect(
    messageOf(() =>
      Containerfile.of({
        args: { TAG: "1" },
        stages: [
          { name: "a", from: expanded("ubuntu:${VERSION}") },
          { name: "b", from: expanded("ubuntu: ${TAG}") },
          {
            name: "c",
            from: expanded("ubuntu:${TAG}"),
            steps: [
              Step.env({ TAGGED: expanded("${TAG}") }),
              Step.arg("TAG"),
              Step.env({ RIGHT: expanded("${TAG}"), A: "1", B: expanded("${A}"), PATH: expanded("/x:${PATH}") }),
            ],
          },
        ],
      }),
    ),
  ).toBe(`Containerfile.of: invalid props
  stages[0].from: got "ubuntu:\${VERSION}"; allowed: build arguments of "args", which are TAG
  stages[1].from: got "ubuntu: \${TAG}"; allowed: the name of an image with "\${NAME}" in it
  stages[2].steps[0].values.TAGGED: got "\${TAG}", which is empty inside of a stage until it is declared there; allowed: after Step.arg("TAG")
  stages[2].steps[2].values.B: got "\${A}", which the same step sets: its old value would be taken; allowed: a step after it`);
});

test("a stage that a build argument chooses is none of another's images, and podman is told of the choice", () => {
  const file = Containerfile.of({
    args: { DISTRO: "b", UNUSED: "1" },
    stages: [
      { name: "base-a", from: ubuntu },
      { name: "base-b", from: ubuntu },
      { name: "final", from: expanded("base-${DISTRO}") },
    ],
  });
  expect(file.foreignImages()).toEqual([String(ubuntu)]);
  expect(file.foreignImages({ DISTRO: "c" })).toEqual([String(ubuntu), "base-c"]);
  expect(file.buildArgs).toEqual({ DISTRO: "b" });
});

test.each(["echo a # b", "a;#b", "(# b", "echo 'a' #", "echo a\\ "])(
  "%j would hide the commands after it",
  (command) => {
    expect(messageOf(() => of({ name: "a", from: "scratch", steps: [Step.shell([command, "b"])] }))).toContain(
      "allowed: one line of shell without a remark (#)",
    );
  },
);

test.each(["echo '# a' \"# b\" \\# a#b $# ${a#b}", "grep -v ^# x", "echo \\\"' # '"])("%j hides nothing", (command) => {
  expect(of({ name: "a", from: "scratch", steps: [Step.shell([command, "b"])] }).render()).toContain(command);
});

test("a line that the engines cannot read is refused", () => {
  expect(faultsOf({ name: "a", from: ubuntu, steps: [Step.run(["echo", "x".repeat(70_000)])] })).toBe(
    `Containerfile.of: invalid props
  stages: got a line of 70015 bytes ("RUN ["echo","xxxxxxxxxxxxxxxxxxxxxxxxxxx…"); allowed: at most 65000, put it into a file and copy that`,
  );
});

test("a cache that two steps lock would never be free", () => {
  const twice = Step.run(["x"], { mounts: [Mount.tmpfs("/t"), Mount.cache("/c", { sharing: "locked" })] });
  const other = Step.run(["x"], { mounts: [Mount.cache("/c", { sharing: "locked", id: "d" })] });
  expect(faultsOf({ name: "a", from: ubuntu, steps: [twice, other] }, { name: "b", from: "a", steps: [twice] })).toBe(
    `Containerfile.of: invalid props
  stages[1].steps[0].mounts[1]: locks the cache "/c", as stages[0].steps[0] does: podman 4.3 would wait for itself for ever; allowed: sharing "shared", or another id`,
  );
});

test("a file cannot be copied to a name that podman 4.3 does not write", () => {
  expect(
    faultsOf({
      name: "a",
      from: ubuntu,
      steps: [
        Step.copy(["x"], "/é"),
        Step.copy(["x"], "/é/"),
        Step.copy(["x"], "/é/y"),
        Step.copy(["x"], "y".repeat(100)),
      ],
    }),
  ).toBe(`Containerfile.of: invalid props
  stages[0].steps[0].to: got "/é"; allowed: a last name of at most 100 ASCII characters, or a directory that ends in "/" (podman 4.3 cannot give a file another name)`);
});

test("what a build needs to know of it", () => {
  const none = of({ name: "a", from: ubuntu, steps: [Step.run(["true"])] });
  expect([none.readsContext, none.buildArgs, none.needsDockerFormat, none.requiredSecrets]).toEqual([
    false,
    {},
    false,
    [],
  ]);
  const all = of(
    {
      name: "a",
      from: "scratch",
      steps: [
        Step.env({ A: "a\nb" }),
        Step.healthcheck(["true"]),
        Step.run(["x"], { mounts: [Mount.bind("/c"), Mount.secret("s"), Mount.secret("t", { required: false })] }),
      ],
    },
    { name: "b", from: "a", steps: [Step.copy(["/x"], "/", { from: ubuntu })] },
    { name: "c", from: "ghcr.io/x/y:1" },
  );
  expect([all.readsContext, all.buildArgs, all.needsDockerFormat, all.requiredSecrets]).toEqual([
    true,
    { GANTRY_LF: "\n" },
    true,
    ["s"],
  ]);
  expect(all.foreignImages()).toEqual([`docker.io/library/ubuntu@${digest}`, "ghcr.io/x/y:1"]);
});

test("labels go to the stage that is built", () => {
  const file = of({ name: "a", from: "scratch" }, { name: "b", from: "a" });
  expect(file.withLabels({ x: "$1" }).render()).toBe("FROM scratch AS a\n\nFROM a AS b\nLABEL x='$1'\n");
  expect(file.withLabels({ x: "$1" }, "a").render()).toBe("FROM scratch AS a\nLABEL x='$1'\n\nFROM a AS b\n");
});

test("pinned images", () => {
  expect(String(pinned("localhost:5000/a/b:1", digest))).toBe(`localhost:5000/a/b@${digest}`);
  expect(messageOf(() => pinned("Ubuntu:24.04", "sha256:abc"))).toBe(`pinned: invalid props
  reference: got "Ubuntu:24.04"; allowed: the name of an image, with or without a tag, such as "docker.io/library/ubuntu:24.04"
  digest: got "sha256:abc"; allowed: a digest, such as "sha256:…" with 64 hexadecimal digits (skopeo inspect --format "{{.Digest}}" prints it)`);
});

test.each(["no variable", "${A:-x}", "${}", "$A", 3n, null])("%p is no text to expand", (text) => {
  expect(messageOf(() => expanded(text as string))).toBe(
    `expanded: invalid props\n  text: got ${typeof text === "string" ? JSON.stringify(text) : text}; allowed: text with "\${NAME}" in it (no other forms; text without it needs no expanded())`,
  );
});
