// What the program does to a cluster, with a kubectl and a tk that write down what they are asked for.
import { programCommands } from "../support/program-commands";
import { ClusterLab } from "../support/cluster-lab";

// Answers what is in files of the home directory, and writes down its words and its standard input apart.
const KUBECTL = `#!/bin/bash
echo "$*" >>"$HOME/argv"
case "$*" in
  'config get-contexts'*) cat "$HOME/contexts" ;;
  *' get namespaces '*) echo namespace/system ;;
  *' get secret '*) cat "$HOME/keys" 2>/dev/null || : ;;
  *' create '* | *' patch secret '*) cat >>"$HOME/input" ;;
  *' exec '*) cat >>"$HOME/input"; printf 'OK\\n7-0\\n' ;;
  *' diff '*) cat "$HOME/diff" 2>/dev/null && exit 1; exit 0 ;;
  *' get customresourcedefinitions '*) ;;
esac
`;
const TK = `#!/bin/bash
echo "tk $*" >>"$HOME/argv"
[ "$1" = apply ] || cat "$HOME/objects"
`;
const OBJECTS = `---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: jobs.example.org
spec:
  names:
    kind: Job
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
  namespace: system
`;

let lab: ClusterLab;
const run = (...args: string[]) => {
  lab.write("argv", "");
  lab.write("input", "");
  return lab.run(args);
};
const argv = () => lab.read("argv").split("\n");

beforeEach(() => {
  lab = new ClusterLab("v1.28.5+k3s1", {});
  lab.write("cluster/cluster.env", `${lab.read("cluster/cluster.env")}ENVIRONMENTS='local'\n`);
  lab.write(
    "cluster/environments/local.env",
    `CONTEXTS='k3s-ci'
ENVIRONMENT_LABEL='io.gantry/environment=ci.local'
NAMESPACES='system'
SECRETS='system auth user,password password'
SERVICES='system server'
RELEASES='system redis'
WORKERS='system agent 1 4'
QUEUES='agent system redis-master 6379 agents ci:jobs'
`,
  );
  lab.write("tanka/.keep", "");
  lab.write("contexts", "k3s-ci\n");
  lab.write("objects", OBJECTS);
  lab.write("keys", "user password ");
  lab.stub("kubectl", KUBECTL);
  lab.stub("tk", TK);
  lab.stub("helm", "#!/bin/bash\necho v3.22.0\n");
  lab.stub("docker", "#!/bin/bash\n");
});
afterEach(() => lab.stop());

test("every command explains itself and refuses what it does not know", () => {
  for (const command of programCommands("cluster/scripts/cluster").keys()) {
    if (["help", "version"].includes(command)) continue;
    expect(lab.run([command, "--help"])).toMatchObject({ code: 0, stderr: "" });
    expect([command, lab.run([command, "--nonsense"])]).toMatchObject([command, { code: 2, stdout: "" }]);
  }
});

test("apply stays away from other clusters, from one without Secrets, and asks", () => {
  lab.write("contexts", "production\n");
  expect(run("apply", "--yes")).toMatchObject({ code: 2 });
  expect(argv()).toEqual(["config get-contexts -o name", ""]);
  lab.write("contexts", "k3s-ci\n");
  lab.write("keys", "user ");
  const { code, stderr } = run("apply", "--yes");
  expect([code, stderr]).toEqual([66, expect.stringContaining("system/auth password\n")]);
  lab.write("keys", "user password ");
  lab.write("diff", "+ data\n");
  expect(run("apply")).toMatchObject({ code: 77 });
  expect(argv().filter((line) => / apply |^tk apply| create | patch /.test(line))).toEqual([]);
});

test("apply: definitions, then their wait, then the rest; nothing when nothing differs", () => {
  lab.write("diff", "+ data\n");
  expect(run("apply", "--yes")).toMatchObject({ code: 0 });
  expect(
    argv().flatMap((line) => /(tk apply|server-side.*definitions|condition=Established)/.exec(line)?.[1] ?? []),
  ).toEqual([expect.stringMatching(/definitions$/), "condition=Established", "tk apply"]);
  lab.write("objects", OBJECTS.slice(OBJECTS.lastIndexOf("---")));
  lab.stub("kubectl", KUBECTL.replace('cat "$HOME/diff" 2>/dev/null && exit 1; ', ""));
  expect(run("apply")).toMatchObject({ code: 0, stderr: "nothing to change\n" });
});

test("secrets: what is there stays, chance only where the stack says so, no value in words or output", () => {
  expect(run("secrets")).toMatchObject({ code: 0 });
  expect(lab.read("input")).toBe("");
  lab.write("keys", "");
  expect(run("secrets")).toMatchObject({ code: 66, stdout: "" });
  lab.write("value", "hunter2\n");
  const { code, stdout, stderr } = run("secrets", "--from", `auth.user=${lab.project}/value`);
  expect([code, stdout]).toEqual([0, "system/auth: made user password\n"]);
  const value = Buffer.from("hunter2").toString("base64");
  expect(lab.read("input")).toContain(`"user":"${value}"`);
  const made = /"password":"([^"]+)"/.exec(lab.read("input"))?.[1] ?? "";
  expect(Buffer.from(made, "base64").toString()).toMatch(/^[0-9a-f]{48}$/);
  for (const text of [lab.read("argv"), stdout, stderr]) {
    for (const secret of ["hunter2", value, made]) expect(text).not.toContain(secret);
  }
  lab.write("keys", "user password ");
  run("secrets", "--rotate", "auth");
  expect(lab.read("input")).toMatch(/^\{"data":\{"password":"[^"]+"\}\}$/);
  expect(lab.read("input")).not.toContain(made);
});

test("enqueue makes the group first, and the password is no word", () => {
  expect(run("enqueue", 'text=a "b"')).toEqual({ code: 0, stdout: "7-0\n", stderr: "" });
  expect(lab.read("input")).toBe('XGROUP CREATE "ci:jobs" "agents" 0 MKSTREAM\nXADD "ci:jobs" * "text" "a \\"b\\""\n');
  expect(lab.read("argv")).not.toMatch(/-a |--pass/);
});

test("scale and logs", () => {
  expect(run("scale", "agent", "3")).toMatchObject({ code: 0, stdout: "agent: at least 3, at most 4\n" });
  expect(lab.read("argv")).toContain('-p {"spec":{"minReplicaCount":3}}');
  expect(run("scale", "agnet", "3").stderr).toContain("no workers agnet\n  the stack has: agent");
  expect(run("scale", "agent", "5")).toMatchObject({ code: 2 });
  run("logs", "--no-follow", "redis");
  expect(lab.read("argv")).toContain("-n system logs -l app.kubernetes.io/instance=redis ");
  expect(run("logs", "nobody")).toMatchObject({ code: 2 });
});
