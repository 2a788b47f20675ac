// `setup`, `doctor` and `local`: this machine, without containers.
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DevNativeProps, DevStackProps } from "../../lib/image/dev-stack.props";
import { DevLab } from "../support/dev-lab";
import { freePort } from "../support/free-port";
import { which, withTools } from "../support/tools";

const model = "the weights\n";
/** Serves the model under its name, and something else under all others. */
const SERVER = `
  const body = (url) => url === "/voice.onnx" ? ${JSON.stringify(model)} : "another file";
  require("node:http").createServer((request, response) => response.end(body(request.url)))
    .listen(Number(process.argv[1]), "127.0.0.1", () => console.log("listens"));`;
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

withTools(["python3", "python3-venv", "curl"], () => {
  let lab: DevLab;
  let server: ChildProcess; // a process of its own: the program is waited for without looking at anything else
  let port: number;

  beforeAll(async () => {
    port = await freePort();
    server = spawn(process.execPath, ["-e", SERVER, String(port)], { stdio: ["ignore", "pipe", "inherit"] });
    await new Promise((resolve) => server.stdout?.once("data", resolve));
    lab = new DevLab(stack(), "jarvis");
    lab.webService("app", 8000);
    lab.stub("podman", "exit 0");
    lab.write(
      ".env.example",
      '# Where the language models are\nLLM_API_BASE=http://localhost:1234/v1\nLOG_LEVEL=it\'s "x"\n',
    );
    lab.write("requirements.txt", "# nothing: no index can be reached\n");
    lab.write(
      "server.py",
      "import json, os, sys\nprint(json.dumps([sys.prefix, os.getcwd(), os.environ['LOG_LEVEL'], os.environ['DEBUG'], sys.argv[1:]]))\nsys.exit(int(os.environ.get('END', '0')))\n",
    );
  });
  afterAll(() => {
    server.kill();
    lab.stop();
  });

  function stack(native: Partial<DevNativeProps> = {}, more: Partial<DevStackProps> = {}): DevStackProps {
    return {
      services: {
        app: { build: { context: "app" }, live: { "app/src": "/app/src", "app/new": "/app/new" }, envFile: ".env" },
      },
      directories: ["data/raw"],
      models: [
        {
          path: "models/voice.onnx",
          url: `http://127.0.0.1:${port}/voice.onnx`,
          sha256: sha256(model),
        },
      ],
      native: {
        command: ["python", "server.py", "a b", "it's"],
        python: "3.8",
        requirements: "requirements.txt",
        envFile: ".env",
        env: { DEBUG: "$1" },
        ...native,
      },
      ...more,
    };
  }
  const configure = (native: Partial<DevNativeProps> = {}, more: Partial<DevStackProps> = {}) =>
    lab.configure(stack(native, more));
  const there = (path: string) => existsSync(join(lab.project, path));

  test("doctor names what is missing, with the remedy, and changes nothing", () => {
    configure({ needs: ["no-such-program"] });
    const { code, stdout } = lab.run(["doctor"], { PATH: `${lab.bin}:${process.env.PATH ?? ""}` });
    expect(code).toBe(1);
    for (const line of [
      "ERROR   app: .env is not there\n        -> jarvis setup\n",
      "ERROR   app: the directory app/new is not there\n        -> jarvis setup\n",
      "ERROR   local: not installed: no-such-program\n",
      "ERROR   local: the model models/voice.onnx is not there\n        -> jarvis setup\n",
    ]) {
      expect(stdout).toContain(line);
    }
    expect([there(".env"), there("models"), there("app/new")]).toEqual([false, false, false]);
    configure();
  });

  test("local without .env: the remedy is setup", () => {
    expect(lab.run(["local"])).toMatchObject({
      code: 2,
      stderr: "jarvis: local: its environment file .env is not there\n  make it from .env.example with: jarvis setup\n",
    });
  });

  test("a model that is not what the stack says is 65, and nothing of it stays", () => {
    configure(
      {},
      { models: [{ path: "models/voice.onnx", url: `http://127.0.0.1:${port}/other`, sha256: sha256(model) }] },
    );
    const { code, stderr } = lab.run(["setup"]);
    expect([code, stderr]).toEqual([
      65,
      expect.stringContaining("jarvis: models/voice.onnx is not what the stack says"),
    ]);
    expect([there("models/voice.onnx"), there("models/voice.onnx.part")]).toEqual([false, false]);
    configure();
  });

  test("setup makes directories, .env for you only, and models; twice it changes nothing", () => {
    lab.remove(".env");
    expect(lab.shim("setup.sh")).toMatchObject({ code: 0, stdout: expect.not.stringContaining("ERROR") });
    expect([there("data/raw"), there("app/new")]).toEqual([true, true]);
    expect(lab.read(".env")).toBe(lab.read(".env.example"));
    expect(statSync(join(lab.project, ".env")).mode & 0o777).toBe(0o600);
    expect(lab.read("models/voice.onnx")).toBe(model);
    lab.write(".env", 'LLM_API_BASE=mine\nLOG_LEVEL=it\'s "x"\n');
    expect(lab.run(["setup"])).toMatchObject({ code: 0, stderr: "" });
    expect(lab.read(".env")).toContain("mine");
  });

  test("what the template got since is named", () => {
    lab.write(".env.example", `${lab.read(".env.example")}NEW=1\n`);
    expect(lab.run(["doctor"])).toMatchObject({
      code: 1,
      stdout: expect.stringContaining(
        "ERROR   app: .env lacks NEW, which .env.example has\n        -> add them to .env\n",
      ),
    });
    lab.write(".env", `${lab.read(".env")}NEW=2\n`);
  });

  test("the server runs in the environment, in the project, with the values unchanged", () => {
    const { code, stdout, stderr } = lab.shim("dev-local.sh");
    expect([code, stderr]).toEqual([0, "making .venv\ninstalling what requirements.txt names\n"]);
    expect(JSON.parse(stdout)).toEqual([join(lab.project, ".venv"), lab.project, 'it\'s "x"', "$1", ["a b", "it's"]]);
  });

  test("packages are installed again only when their file changed, and after a failure", () => {
    expect(lab.run(["local", "--no-server"])).toMatchObject({
      code: 0,
      stderr: ".venv is up to date\n",
      stdout: "ready: .venv\n",
    });
    lab.write("requirements.txt", "-r missing.txt\n");
    for (const _ of [1, 2]) {
      expect(lab.run(["local", "--no-server"])).toMatchObject({
        code: 65,
        stderr: expect.stringContaining("jarvis: the packages cannot be installed\n"),
      });
    }
    lab.write("requirements.txt", "# nothing\n");
    expect(lab.run(["local", "--no-server"]).stderr).toBe("installing what requirements.txt names\n");
  });

  test("a server that fails is 65 with its code", () => {
    configure({ env: { DEBUG: "", END: "7" } });
    expect(lab.run(["local"])).toMatchObject({
      code: 65,
      stderr: ".venv is up to date\njarvis: the server ended with exit code 7\n  it was: python server.py a b it's\n",
    });
    configure();
  });

  test("a program that is missing, a Python that is too old: 1, before anything is made", () => {
    configure({ needs: ["no-such-program"] });
    expect(lab.run(["local"])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^jarvis: not installed: no-such-program\n {2}.*no-such-program\n$/),
    });
    configure({ python: "3.99" });
    const path = withoutUv();
    expect(lab.run(["local"], { PATH: path })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("jarvis: Python 3.99 or newer is not installed (there is python3 3.9)\n"),
    });
    configure();
  });

  test("a port that is taken, and a server of somebody else that is not there", () => {
    configure({ port });
    expect(lab.run(["local"])).toMatchObject({
      code: 2,
      stderr: `jarvis: port ${port} is taken by node (process ${server.pid ?? 0})\n  end it, or give the service another port in the stack\n`,
    });
    configure({}, { external: { "lm-studio": { port: 9, purpose: "language models" } } });
    expect(lab.run(["local", "--no-server"]).stderr).toContain(
      "jarvis: warning: nothing listens on port 9 of this machine: lm-studio (language models)\n",
    );
    configure({}, { external: { "lm-studio": { port } } });
    expect(lab.run(["doctor"]).stdout).toContain(`ok      external: lm-studio answers on port ${port}\n`);
    configure();
  });

  test("uv is used where it is there", () => {
    lab.remove(".venv");
    lab.stub(
      "uv",
      `printf '%s\\n' "$*" >>"${lab.home}/uv.log"; [ "$1" != venv ] || python3 -m venv --without-pip "\${!#}"`,
    );
    lab.ok("local", "--no-server");
    lab.unstub("uv");
    expect(readFileSync(join(lab.home, "uv.log"), "utf8")).toBe(
      `venv --quiet --python >=3.8 ${lab.project}/.venv\npip install --quiet --python ${lab.project}/.venv/bin/python -r ${lab.project}/requirements.txt\n`,
    );
  });

  /** A PATH with what the program needs, an old Python, and no uv. */
  function withoutUv(): string {
    const directory = join(lab.home, "tools");
    mkdirSync(directory);
    for (const name of "bash env cat mktemp mkdir rm mv date sha256sum readlink dirname".split(" ")) {
      const file = which(name);
      if (file !== undefined) symlinkSync(file, join(directory, name));
    }
    writeFileSync(join(directory, "python3"), "#!/bin/sh\necho 3.9\n", { mode: 0o755 });
    return directory;
  }
});
