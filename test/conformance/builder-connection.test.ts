// How the program finds its host, whom it trusts, and what it says when neither works.
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../support/free-port";
import { Lab, labTools } from "../support/lab";
import { withTools } from "../support/tools";

withTools(labTools, () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await Lab.start({ app: {} });
    lab.write("app/Containerfile", "FROM scratch\nCOPY . /\n");
  });
  afterAll(() => lab.stop());
  beforeEach(async () => {
    if (lab.host.run("true").code !== 0) await lab.host.restart();
    rmSync(join(lab.project, ".gantry"), { recursive: true, force: true });
    rmSync(join(lab.host.scratch, "gantry-0"), { recursive: true, force: true });
  });

  /** Runs a command on the host; says nothing about what it prints but where it ran. */
  const hello = () => lab.run("shell", "--", "echo", "hello");
  const worked = { code: 0, stdout: "hello\n", stderr: "" };

  describe("a host that exists", () => {
    test("is reached over one connection, kept open, in a private directory", () => {
      lab.configure({});
      expect(hello()).toEqual(worked);
      const log = () => Number(lab.host.output('ps -eo args= | grep -c "[s]shd: $(id -un)@"'));
      const before = log();
      expect(hello()).toEqual(worked);
      expect(log()).toBe(before);
      const sockets = spawnSync("find", [lab.host.scratch, "-type", "s"], { encoding: "utf8" }).stdout.trim();
      expect(sockets).toMatch(/^\S+\/gantry-\d+\/[0-9a-f]{16}$/);
    });

    test("that was restarted behind an open connection is reached anew", async () => {
      lab.configure({});
      expect(hello()).toEqual(worked);
      await lab.host.restart();
      expect(hello()).toEqual(worked);
    });

    test("whose connection dies under a command is reached anew", async () => {
      lab.configure({});
      expect(hello()).toEqual(worked);
      // df is part of the answer to status; the first one hangs.
      lab.host.output(
        "printf '#!/bin/sh\\nmkdir ~/once 2>/dev/null && sleep 600\\nexec /bin/df \"$@\"\\n' >bin/df; chmod +x bin/df",
      );
      const status = lab.start("status", "--json");
      lab.host.output("while ! [ -d once ]; do sleep 0.05; done");
      lab.host.dropConnections();
      const { code, stdout, stderr } = await status.ended;
      expect([code, stderr]).toEqual([0, ""]);
      expect([code, JSON.parse(stdout)]).toMatchObject([0, { reachable: true }]);
      lab.host.output("rm -rf bin/df once");
    });

    test("that cuts off a command of the user's does not run it again", async () => {
      lab.configure({});
      const shell = lab.start("shell", "--", "sh", "-c", "echo x >>ran; echo begun; sleep 600");
      await shell.printed(/begun/);
      lab.host.dropConnections();
      expect(await shell.ended).toMatchObject({ code: 255, stderr: expect.stringContaining("cut off") });
      expect(lab.host.output("cat ran; rm ran")).toBe("x\n");
    });

    test("is not asked for from a project whose path ssh cannot name: any key would be trusted", () => {
      const project = join(lab.project, 'a "quoted" one');
      mkdirSync(project);
      lab.configure({ HOST_KEY: "" });
      const { code, stderr } = lab.files.run(["shell", "--", "true"], { env: { GANTRY_PROJECT: project } });
      expect([code, stderr]).toEqual([
        2,
        `builder: the project's path has a " or \\ or a line feed in it: ${project}\n` +
          "  ssh cannot name its file of known hosts there; rename the directory\n",
      ]);
    });

    test("on another port is another connection", async () => {
      lab.configure({});
      expect(hello()).toEqual(worked);
      await lab.host.restart(await freePort());
      const { code, stderr } = hello();
      expect([code, stderr]).toEqual([69, expect.stringMatching(/cannot be reached: .*Connection refused/)]);
      lab.configure({});
      expect(hello()).toEqual(worked);
    });

    test("that is down: 69, and what to look at", async () => {
      lab.configure({});
      lab.host.halt();
      for (const args of [
        ["shell", "--", "true"],
        ["build", "app"],
        ["sync", "app"],
        ["logs"],
        ["attach", "app"],
        ["status"],
      ]) {
        const { code, stderr } = lab.run(...args);
        expect([args, code, stderr]).toEqual([
          args,
          69,
          expect.stringMatching(
            /^builder: \S+@127\.0\.0\.1:\d+ cannot be reached: .*Connection refused\n {2}is the machine up, and is the address right\? See: builder doctor\n$/m,
          ),
        ]);
      }
      expect(JSON.parse(lab.run("status", "--json").stdout)).toMatchObject({
        reachable: false,
        images: [{ image: "app", state: "unknown" }],
      });
      expect(lab.runs().every(({ exit }) => exit === 69)).toBe(true);
      await lab.host.restart();
    });

    test("that does not take the key: 69, and what helps", () => {
      const key = join(lab.project, "other key");
      spawnSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
      lab.configure({ IDENTITY_FILE: "other key" });
      const { code, stderr } = hello();
      expect([code, stderr]).toEqual([69, expect.stringContaining("Permission denied")]);
      expect(stderr).toContain("the machine does not take your key (other key) for the user");
    });

    test("shows another key than the pinned one: refused before anything is sent", async () => {
      const pinned = lab.host.hostKey;
      lab.configure({});
      expect(hello()).toEqual(worked);
      await lab.host.changeHostKey();
      lab.configure({ HOST_KEY: pinned });
      const { code, stderr } = hello();
      expect([code, stderr]).toEqual([
        69,
        expect.stringMatching(/cannot be reached: it shows another host key than the one pinned for stand-in\n/),
      ]);
      expect(stderr).toContain("put its new key into the stack (hostKey) and synthesize");
      lab.configure({});
      expect(hello()).toEqual(worked);
    });

    test("without a pinned key: the first one counts; a changed one is refused, and can be accepted on purpose", async () => {
      lab.configure({ HOST_KEY: "" });
      expect(hello()).toEqual(worked);
      expect(lab.read(".gantry/known_hosts")).toBe(`stand-in ${lab.host.hostKey}\n`);
      await lab.host.changeHostKey();
      const { code, stderr } = hello();
      expect(code).toBe(69);
      const accept = /forget the old key: (.*)\n/.exec(stderr)?.[1] ?? "";
      expect(accept).toBe(`ssh-keygen -R stand-in -f ${lab.project}/.gantry/known_hosts`);
      expect(spawnSync("sh", ["-c", accept]).status).toBe(0);
      expect(hello()).toEqual(worked);
    });

    test("a directory for connections that somebody else made is not used", () => {
      if (process.getuid?.() !== 0) return; // only root can make it somebody else's
      const directory = join(lab.host.scratch, "gantry-0");
      mkdirSync(directory);
      spawnSync("chown", ["nobody", directory]);
      lab.configure({});
      expect(hello()).toEqual({
        code: 2,
        stdout: "",
        stderr: `builder: ${directory} is not yours\n  somebody else made it; set XDG_RUNTIME_DIR to a private directory\n`,
      });
    });
  });

  describe("an EC2 instance", () => {
    // A tofu that knows an address, and another one after a refresh; notes what it is asked.
    const cloud = (state: { address: string; refreshed?: string; id?: string; fails?: boolean }) => {
      lab.write("tofu/address", state.address);
      lab.write("tofu/refreshed", state.refreshed ?? state.address);
      lab.write("tofu/id", state.id ?? "i-0abc");
      lab.write("tofu/calls", "");
      lab.files.stub(
        "tofu",
        `cd ${lab.project}/tofu && echo "$*" >>calls
case "$*" in
  "output -no-color -raw x_public_ip") cat address ;;
  "output -no-color -raw x_instance_id") cat id ;;
  "output "*) echo "no such output" >&2; exit 1 ;;
  "apply -refresh-only -auto-approve -input=false -no-color") cp refreshed address; ${state.fails === true ? "exit 1" : ":"} ;;
  *) exit 3 ;;
esac`,
      );
    };
    const calls = () => lab.read("tofu/calls").trim().split("\n").filter(Boolean);
    const cached = () => lab.read(".gantry/lab.builder.address");
    const OUTPUTS = ["output -no-color -raw x_instance_id", "output -no-color -raw x_public_ip"];
    const REFRESH = "apply -refresh-only -auto-approve -input=false -no-color";
    // 127.0.0.2 is this machine too, but nobody listens there.
    const STALE = "127.0.0.2";

    beforeEach(() => {
      lab.configure({ HOST_KIND: "ec2", HOST_ADDRESS: "", HOST_KEY: "", OUTPUT_PREFIX: "x_" });
    });

    test("is looked up in the outputs once, and pinned under its id", () => {
      cloud({ address: "127.0.0.1" });
      expect(hello()).toEqual(worked);
      expect(calls()).toEqual(OUTPUTS);
      expect(cached()).toBe("127.0.0.1\ni-0abc\n");
      expect(lab.read(".gantry/known_hosts")).toBe(`i-0abc ${lab.host.hostKey}\n`);
      expect(hello()).toEqual(worked);
      expect(calls()).toEqual(OUTPUTS);
    });

    test("with another address is found in the outputs", () => {
      lab.write(".gantry/lab.builder.address", `${STALE}\ni-0abc\n`);
      cloud({ address: "127.0.0.1" });
      const { code, stdout, stderr } = hello();
      expect([code, stdout, stderr]).toEqual([
        0,
        "hello\n",
        `builder does not answer at ${STALE}; looking its address up\n`,
      ]);
      expect(calls()).toEqual(OUTPUTS);
      expect(cached()).toBe("127.0.0.1\ni-0abc\n");
    });

    test("that the outputs do not know either is found in the cloud, and then built on", () => {
      lab.write(".gantry/lab.builder.address", `${STALE}\ni-0abc\n`);
      cloud({ address: STALE, refreshed: "127.0.0.1" });
      const { code, stdout } = lab.run("build", "app");
      expect([code, stdout.includes("localhost/app:dev")]).toEqual([0, true]);
      expect(calls()).toEqual([...OUTPUTS, REFRESH, ...OUTPUTS]);
      expect(cached()).toBe("127.0.0.1\ni-0abc\n");
    });

    test("that is nowhere: 69 after all of that, with what to do", () => {
      cloud({ address: STALE });
      const { code, stderr } = hello();
      expect(code).toBe(69);
      expect(stderr).toMatch(
        /^builder: builder \(i-0abc at 127\.0\.0\.2\) cannot be reached: .*Connection refused\n {2}is it stopped\? builder start\n/m,
      );
      expect(calls()).toEqual([...OUTPUTS, REFRESH, ...OUTPUTS]);
      expect(existsSync(join(lab.project, ".gantry/lab.builder.address"))).toBe(false);
    });

    test("that is stopped has no address: 69, start it", () => {
      cloud({ address: "", fails: true });
      const { code, stderr } = hello();
      expect([code, stderr]).toEqual([
        69,
        expect.stringContaining(
          "builder (i-0abc) cannot be reached: the stack has no address for it\n  is it stopped? builder start\n",
        ),
      ]);
    });

    test("that was never deployed: 69, make it", () => {
      cloud({ address: "", id: "" });
      expect(hello()).toMatchObject({ code: 69, stderr: expect.stringContaining("  deploy the stack: builder up\n") });
    });

    test("that was never deployed, in a stack that is initialised: the warning is no address, the last line of an answer is", () => {
      const warning =
        "\\nWarning: No outputs found\\n\\nThe state file either has no outputs defined, or all are\\nempty.\\n";
      cloud({ address: "", id: "" });
      lab.files.stub("tofu", `printf '${warning}'`);
      const { code, stderr } = hello();
      expect([code, stderr]).toEqual([
        69,
        expect.stringContaining(
          "builder: builder (no instance) cannot be reached: the stack has no address for it\n  deploy the stack: builder up\n",
        ),
      ]);
      lab.files.stub(
        "tofu",
        `printf '${warning}'; case "$*" in *instance_id) printf i-0abc ;; *) printf 127.0.0.1 ;; esac`,
      );
      expect(hello()).toEqual(worked);
    });

    test("whose old address is another machine's now is not mistaken for it", async () => {
      cloud({ address: "127.0.0.1" });
      expect(hello()).toEqual(worked);
      await lab.host.changeHostKey(); // the old address answers, as somebody else
      cloud({ address: "127.0.0.1", refreshed: "127.0.0.1" });
      const { code, stderr } = hello();
      expect([code, stderr]).toEqual([69, expect.stringContaining("another host key than the one pinned for i-0abc")]);
      // A new instance at the same address is a new host.
      cloud({ address: "127.0.0.1", id: "i-0new" });
      expect(hello()).toMatchObject({ code: 0, stdout: "hello\n" });
      expect(cached()).toBe("127.0.0.1\ni-0new\n");
    });

    test("TERRAFORM_BINARY_NAME goes before tofu", () => {
      cloud({ address: STALE });
      lab.files.stub("my-terraform", `case "$*" in *instance_id) printf i-0abc ;; *) printf 127.0.0.1 ;; esac`);
      const { code } = lab.files.run(["shell", "--", "true"], {
        env: { ...lab.host.env, TERRAFORM_BINARY_NAME: "my-terraform", XDG_RUNTIME_DIR: lab.host.scratch },
      });
      expect([code, calls()]).toEqual([0, []]);
    });

    test("with access through Session Manager is reached by its id", () => {
      cloud({ address: "" });
      lab.configure({
        HOST_KIND: "ec2",
        HOST_ADDRESS: "",
        HOST_KEY: "",
        OUTPUT_PREFIX: "x_",
        ACCESS: "ssm",
        REGION: "us-west-2",
      });
      lab.files.stub(
        "aws",
        `echo "$*" >>${lab.project}/tofu/aws; exec 3<>/dev/tcp/127.0.0.1/\${8#portNumber=}; cat <&3 & cat >&3; kill $!`,
      );
      expect(hello()).toEqual(worked);
      expect(lab.read("tofu/aws")).toBe(
        `ssm start-session --target i-0abc --document-name AWS-StartSSHSession --parameters portNumber=${String(lab.host.port)} --region us-west-2\n`,
      );
    });
  });

  test("the connection drops while the sources are copied: picked up where it was", () => {
    lab.configure({});
    lab.write("app/f", "drop\n");
    const kill = join(lab.project, "kill");
    writeFileSync(kill, "");
    lab.files.stub("rsync", `PATH=\${PATH#*:}; if [ -e ${kill} ]; then rm ${kill}; exit 12; fi; exec rsync "$@"`);
    const { code, stderr } = lab.run("build", "app");
    expect([code, stderr]).toEqual([0, "the connection dropped while copying app; trying again\n"]);
    expect(lab.tree("app:dev", "").f).toBe("644 drop\n");
    rmSync(join(lab.files.bin, "rsync"));
  });

  test("the connection drops while the tree before is linked: what goes on there reaches nothing that comes after", async () => {
    lab.write("app/gone", "x\n");
    lab.ok("sync", "app");
    lab.remove("app/gone");
    lab.write("app/f", "changed\n");
    // The command that is cut off in the middle goes on when the second transfer has ended, and before its tree is taken.
    lab.host.output(`cat >bin/cp <<'END'
#!/bin/sh
PATH=\${PATH#*:}
[ "$1" = -al ] || exec cp "$@"
mkdir "$3"
touch ~/linking
until [ -e ~/go ]; do sleep 0.05; done
ln "$2/gone" "$3"
touch ~/linked
exit 1
END
chmod +x bin/cp`);
    lab.files.stub(
      "rsync",
      `PATH=\${PATH#*:}; rsync "$@" || exit
       touch ${lab.host.home}/go; until [ -e ${lab.host.home}/linked ]; do sleep 0.05; done`,
    );
    const run = lab.start("sync", "app");
    lab.host.output("while ! [ -e linking ]; do sleep 0.05; done");
    lab.host.dropConnections();
    const { code, stderr } = await run.ended;
    lab.host.output("rm -f bin/cp linking linked go");
    rmSync(join(lab.files.bin, "rsync"));
    expect([code, stderr]).toEqual([0, ""]);
    expect(lab.host.output("cd development/app/current/ && ls -A && cat f")).toBe("Containerfile\nf\nchanged\n");
    lab.remove("app/f");
  });

  test("works from and in directories with spaces, and when TMPDIR has one", () => {
    lab.configure({});
    const directory = join(lab.project, "a b");
    mkdirSync(directory, { recursive: true });
    lab.write("app/f", "space\n");
    const { code } = lab.files.run(["build", "app"], {
      env: { ...lab.host.env, TMPDIR: directory, XDG_RUNTIME_DIR: directory },
    });
    expect(code).toBe(0);
    chmodSync(directory, 0o700);
  });

  test("a shell that is left with 255 is not opened again", () => {
    lab.host.output("echo 'echo x >>~/opened' >~/.profile; rm -f ~/opened ~/.bash_profile");
    const { code, stderr } = lab.files.run(["shell"], {
      input: "exit 255\n",
      env: { ...lab.host.env, XDG_RUNTIME_DIR: lab.host.scratch },
    });
    expect([code, lab.host.output("cat ~/opened; rm ~/.profile ~/opened"), stderr]).toEqual([
      255,
      "x\n",
      expect.stringContaining("exit 255: from the command, or the connection was cut off"),
    ]);
  });

  withTools(["tmux"], () => {
    test("ssh opens the tmux session on the builder, and comes back to it", async () => {
      lab.configure({});
      const open = () => {
        const command = `${lab.files.program} ssh`;
        return spawn("script", ["-qfec", command, "/dev/null"], {
          env: { ...process.env, ...lab.host.env, XDG_RUNTIME_DIR: lab.host.scratch, TERM: "xterm" },
          stdio: ["pipe", "pipe", "pipe"],
        });
      };
      const until = async (what: () => boolean) => {
        while (!what()) await new Promise((resolve) => setTimeout(resolve, 100));
      };
      const attached = () => lab.host.run("tmux ls -F '#{session_name} #{session_attached}'").stdout;
      const first = open();
      await until(() => attached() === "builder 1\n");
      lab.host.output("tmux send-keys -t builder 'echo still-here' Enter");
      first.kill("SIGKILL");
      lab.host.dropConnections();
      await until(() => attached() === "builder 0\n");
      let seen = "";
      const second = open();
      second.stdout.on("data", (part) => (seen += String(part)));
      await until(() => attached() === "builder 1\n" && seen.includes("still-here"));
      lab.host.output("tmux kill-server");
      await new Promise((resolve) => second.on("close", resolve));
    });

    test("ssh --local does so inside a local session of that name", () => {
      lab.configure({ TMUX_SESSION: "builder" });
      expect(lab.ok("ssh", "--local", "--dry-run")).toBe(
        `would run: tmux new-session -A -s builder ${lab.files.program} ssh\n`,
      );
      expect(lab.ok("ssh", "--dry-run")).toBe("would run: on the builder: tmux new-session -A -s builder\n");
    });
  });
});
