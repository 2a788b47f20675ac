// up, start, stop, down: what they ask tofu and aws to do, with recorders in their place and a real ssh host behind them.
import { existsSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FileRoot, settingsOf } from "../support/file-root";
import { type Standin, standinTools, startStandin } from "../support/standin";
import { withTools } from "../support/tools";

const QUICK = { GANTRY_WAIT_SECONDS: "0", GANTRY_WAIT_TRIES: "3", TERRAFORM_BINARY_NAME: "tofu" };

withTools(standinTools, () => {
  let host: Standin;
  let files: FileRoot;
  const log = () => join(files.project, "calls");
  const calls = () => {
    const text = existsSync(log()) ? readFileSync(log(), "utf8") : "";
    rmSync(log(), { force: true });
    return text.split("\n").filter((line) => line !== "");
  };
  // What the cloud is made to say: one output a line.
  const outputs = (values: Record<string, string>) => {
    writeFileSync(
      join(files.project, "outputs"),
      Object.entries(values)
        .map(([name, value]) => `${name}=${value}\n`)
        .join(""),
    );
  };
  const run = (...args: string[]) => files.run(args, { env: QUICK });

  beforeAll(async () => {
    host = await startStandin();
    files = new FileRoot({
      ...settingsOf(host),
      HOST_KIND: "ec2",
      HOST_ADDRESS: "",
      HOST_ALIAS: "",
      HOST_KEY: "",
      REGION: "us-west-2",
    });
    files.stub("aws", `printf 'aws %s\\n' "$*" >>"${log()}"; [ ! -e "${files.project}/aws-fails" ]`);
    files.stub(
      "tofu",
      `[ "$1" = output ] || [ "$1" = state ] || printf 'tofu %s\\n' "$*" >>"${log()}"
      case $1 in
        output) for name; do :; done; value=$(sed -n "s/^$name=//p" "${files.project}/outputs"); [ -n "$value" ] || exit 1; printf %s "$value" ;;
        state) printf 'aws_instance.builder\\naws_ebs_volume.data\\n' ;;
        apply) [ ! -e "${files.project}/tofu-fails" ] ;;
      esac`,
    );
  });
  beforeEach(() => {
    outputs({ instance_id: "i-0123", public_ip: host.address });
    rmSync(join(files.project, ".gantry"), { recursive: true, force: true });
    calls();
  });
  afterAll(async () => {
    files.stop();
    await host.stop();
  });

  test("start: by instance id, waits for it to run, then for its answer", () => {
    const { code, stdout } = run("start");
    expect([code, stdout]).toEqual([0, `builder (i-0123 at ${host.address}) is up\n`]);
    expect(calls()).toEqual([
      "aws ec2 start-instances --instance-ids i-0123 --region us-west-2 --output json",
      "aws ec2 wait instance-running --instance-ids i-0123 --region us-west-2 --output json",
      "tofu apply -refresh-only -auto-approve -input=false -no-color",
    ]);
    expect(readFileSync(join(files.project, ".gantry/lab.builder.address"), "utf8")).toBe(`${host.address}\ni-0123\n`);
  });

  test("start: EC2 refuses", () => {
    writeFileSync(join(files.project, "aws-fails"), "");
    expect(run("start")).toMatchObject({ code: 69, stderr: expect.stringContaining("EC2 does not start i-0123") });
    rmSync(join(files.project, "aws-fails"));
  });

  test("start: a machine that never answers is given up", () => {
    outputs({ instance_id: "i-0123", public_ip: "127.0.0.2" });
    host.halt();
    expect(run("start").code).toBe(69);
    return host.restart();
  });

  test("stop: waits until it is stopped", () => {
    expect(run("stop")).toMatchObject({ code: 0, stdout: "i-0123 is stopped; its disks are kept, and cost\n" });
    // (An address that went stale may be looked up before, to ask whether something is built.)
    expect(calls().filter((call) => call.startsWith("aws "))).toEqual([
      "aws ec2 stop-instances --instance-ids i-0123 --region us-west-2 --output json",
      "aws ec2 wait instance-stopped --instance-ids i-0123 --region us-west-2 --output json",
    ]);
  });

  test("stop: not while something is built, unless told so", () => {
    host.output(
      "mkdir -p ~/.gantry/builds/app/1; (exec 8<>~/.gantry/builds/app/1/alive; flock 8; setsid bash -c 'echo $$ >~/holder; exec sleep 1000' &) </dev/null >/dev/null 2>&1; until [ -s ~/holder ]; do sleep 0.05; done",
    );
    expect(run("stop")).toMatchObject({
      code: 77,
      stderr: expect.stringContaining("a build is running on the machine"),
    });
    expect(calls()).toEqual([]);
    expect(run("stop", "--yes").code).toBe(0);
    host.output("kill $(cat ~/holder)");
  });

  test("up: init, apply, wait, setup; on no terminal only with --yes", () => {
    expect(run("up")).toMatchObject({ code: 77, stderr: expect.stringContaining("up changes the cloud") });
    expect(calls()).toEqual([]);
    const { code, stderr } = run("up", "--yes");
    expect(calls()).toEqual(["tofu init -input=false", "tofu apply -auto-approve"]);
    // No sudo on the stand-in: the setup is reached, and says so.
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/may not use sudo without a password here[^]*the host cannot be set up like this/),
    ]);
  });

  test("setup by Terraform, while it deploys: at the address it gives, and without asking it anything", () => {
    outputs({});
    const env = { ...QUICK, GANTRY_ADDRESS: host.address, GANTRY_INSTANCE_ID: "i-new" };
    const { code, stderr } = files.run(["setup", "--yes"], { env });
    expect([code, stderr]).toEqual([2, expect.stringContaining("may not use sudo without a password here")]);
    expect(calls()).toEqual([]);
    expect(readFileSync(join(files.project, ".gantry/lab.builder.address"), "utf8")).toBe(`${host.address}\ni-new\n`);
  });

  test("up: a deployment that fails", () => {
    writeFileSync(join(files.project, "tofu-fails"), "");
    expect(run("up", "--yes")).toMatchObject({ code: 65, stderr: expect.stringContaining("tofu apply failed") });
    rmSync(join(files.project, "tofu-fails"));
  });

  test("down: says what goes, and goes only with --yes", () => {
    const { code, stderr } = run("down");
    expect(code).toBe(77);
    expect(stderr).toContain("  aws_instance.builder\n  aws_ebs_volume.data\n");
    expect(calls()).toEqual([]);
    expect(run("down", "--yes")).toMatchObject({ code: 0, stdout: "everything of the stack is gone\n" });
    expect(calls()).toEqual(["tofu init -input=false", "tofu destroy -auto-approve"]);
  });

  test("--dry-run does nothing", () => {
    expect(run("start", "--dry-run").stdout).toBe(
      "would run: aws ec2 start-instances --instance-ids i-0123 --region us-west-2\n",
    );
    expect(run("stop", "--dry-run").stdout).toBe(
      "would run: aws ec2 stop-instances --instance-ids i-0123 --region us-west-2\n",
    );
    const directory = realpathSync(files.project);
    expect(run("up", "--dry-run").stdout).toContain(`would run in ${directory}: tofu init, tofu apply`);
    const { stdout, stderr } = run("down", "--dry-run");
    expect([stdout, stderr]).toEqual([
      "would run: tofu destroy\n",
      expect.stringContaining(`this destroys everything of the stack in ${directory}, with all builders`),
    ]);
    expect(calls()).toEqual([]);
  });

  test.each(["start", "stop", "up", "down"])("%s --dry-run --json says so on standard error", (command) => {
    const { code, stdout, stderr } = run(command, "--dry-run", "--json");
    expect([code, stdout, stderr]).toEqual([0, "", expect.stringContaining("would run")]);
    expect(calls()).toEqual([]);
  });

  test.each(["start", "stop", "down"])("%s does not apply to a machine that is there already", (command) => {
    const other = new FileRoot(settingsOf(host));
    expect(other.run([command, "--yes"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`${command} does not apply`),
    });
    other.stop();
  });
});
