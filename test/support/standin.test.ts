// The stand-in host itself: what the other tests rely on.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { freePort } from "./free-port";
import { registryTools, type Standin, standinTools, startStandin } from "./standin";
import { withTools } from "./tools";

withTools([...standinTools, "busybox"], () => {
  describe("an ssh host", () => {
    let host: Standin;
    beforeAll(async () => {
      host = await startStandin();
    });
    afterAll(() => host.stop());

    test("starts in its own home, as its own user", () => {
      expect(host.output('pwd; echo "$HOME"; id -un')).toBe(`${host.home}\n${host.home}\n${host.user}\n`);
    });

    test("gives input to a command and its exit code back", () => {
      expect(host.run("cat; exit 3", "hello")).toEqual({ code: 3, stdout: "hello", stderr: "" });
    });

    test("builds an image with rootless podman, with the overlay driver", () => {
      const script = [
        "mkdir -p context/bin && cp /bin/busybox context/bin/busybox && cd context",
        'printf \'FROM scratch\\nCOPY bin /bin\\nRUN ["/bin/busybox", "touch", "/made"]\\n\' >Containerfile',
        "podman build -q -t it:dev -f Containerfile . >/dev/null",
        "podman info --format '{{.Host.Security.Rootless}} {{.Store.GraphDriverName}}'",
      ].join(" && ");
      expect(host.output(script)).toBe("true overlay\n");
    });

    test("survives a restart with its host key, on the same and on another port", async () => {
      const { hostKey, port } = host;
      await host.restart();
      expect([host.hostKey, host.port]).toEqual([hostKey, port]);
      await host.restart(await freePort());
      expect(host.hostKey).toBe(hostKey);
      expect(host.port).not.toBe(port);
      expect(host.output("echo back")).toBe("back\n");
    });

    test("comes back as another machine", async () => {
      const { hostKey } = host;
      await host.changeHostKey();
      expect(host.hostKey).not.toBe(hostKey);
      expect(host.output("echo back")).toBe("back\n");
    });

    test("drops connections but not what was detached from them", () => {
      const job = "(setsid sh -c 'sleep 1; echo done >after') </dev/null >/dev/null 2>&1 & echo $PPID";
      expect(host.run(job).code).toBe(0);
      host.dropConnections();
      expect(host.output("for i in $(seq 50); do [ -f after ] && break; sleep 0.1; done; cat after")).toBe("done\n");
    });
  });

  test("two at once do not see each other and leave nothing behind", async () => {
    const [one, two] = await Promise.all([startStandin(), startStandin()]);
    one.output("echo 1 >mine");
    expect(two.run("cat mine").code).not.toBe(0);
    one.output("(setsid sleep 1000) </dev/null >/dev/null 2>&1 &");
    await Promise.all([one.stop(), two.stop()]);
    for (const host of [one, two]) {
      expect(existsSync(host.scratch)).toBe(false);
      if (process.getuid?.() === 0) expect(spawnSync("id", [host.user]).status).not.toBe(0);
    }
  });

  test("a test process that is killed takes its host along", async () => {
    const program = `
      const { startStandin } = require("./test/support/standin");
      startStandin().then((host) => { console.log(host.scratch); process.kill(process.pid, "SIGKILL"); });`;
    const { stdout } = spawnSync(process.execPath, ["-r", "ts-node/register", "-e", program], { encoding: "utf8" });
    const scratch = stdout.trim();
    expect(scratch).toMatch(/gantry-host-/);
    for (let left = 100; left > 0 && existsSync(scratch); left--) await new Promise((done) => setTimeout(done, 50));
    expect(existsSync(scratch)).toBe(false);
  });
});

withTools([...registryTools, "skopeo"], () => {
  test("a registry wants its password and keeps what is pushed", async () => {
    const host = await startStandin({ registry: true });
    try {
      const { address, user, password } = host.registry ?? { address: "", user: "", password: "" };
      host.output("mkdir c && echo hi >c/f && printf 'FROM scratch\\nCOPY f /f\\n' >c/Containerfile");
      host.output(`podman build -q -t ${address}/it:1 c`);
      expect(host.run(`podman push ${address}/it:1`).code).not.toBe(0);
      expect(host.run(`podman login -u ${user} --password-stdin ${address}`, password).code).toBe(0);
      host.output(`podman push -q ${address}/it:1`);
      const inspect = ["inspect", "--tls-verify=false", "--creds", `${user}:${password}`, `docker://${address}/it:1`];
      expect(spawnSync("skopeo", inspect, { env: host.env }).status).toBe(0);
    } finally {
      await host.stop();
    }
  });
});
