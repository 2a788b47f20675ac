// Containerfiles that we print, read by podman: whatever text is in them arrives unchanged in the image.
import { Containerfile, expanded, Mount, Step, type ContainerfileStep } from "../../lib/image";
import { differences, hostileStrings, unchanged } from "../support/hostile";
import { startStandin, type Standin } from "../support/standin";
import { withTools } from "../support/tools";

interface Config {
  readonly Env: readonly string[];
  readonly Labels: Readonly<Record<string, string>>;
  readonly Cmd?: readonly string[];
  readonly Entrypoint?: readonly string[];
  readonly WorkingDir?: string;
  readonly User?: string;
  readonly Volumes?: Readonly<Record<string, unknown>>;
  readonly ExposedPorts?: Readonly<Record<string, unknown>>;
  readonly Healthcheck?: unknown;
}

/** Text that a file name can be. */
const asName = (text: string) => text.replaceAll("/", "|").slice(0, 60) || "empty";

withTools(["ssh", "sshd", "podman", "busybox", "perl"], () => {
  let host: Standin;
  const { strings: all, seed } = hostileStrings();
  // Every tenth of the long list in each run is enough for one image; others come in other runs.
  const strings = [...all.slice(0, 330), ...all.slice(-170)];
  beforeAll(async () => {
    host = await startStandin();
    host.output(`
      mkdir -p shell/bin && cp /bin/busybox shell/bin && for i in sh cat printf env ls readlink; do ln -s busybox shell/bin/$i; done
      printf 'FROM scratch\\nCOPY . /\\nENV PATH=/bin\\n' >shell/Containerfile
      podman build -q -t localhost/shell:1 shell >/dev/null; mkdir -p context`);
  });
  afterAll(() => host.stop());

  /** Builds and returns what podman wrote down of the image. */
  const build = (file: Containerfile, name: string, args: readonly string[] = []): Config => {
    const text = file.render();
    const put = host.run(`cat >Containerfile.${name}`, text);
    if (put.code !== 0) throw new Error(put.stderr);
    // As the builder does: build arguments without a shell between.
    const values = Object.entries(file.buildArgs).map(
      ([key, value]) => `--build-arg ${key}=$'${value === "\n" ? "\\n" : value}'`,
    );
    // Caches of its own: podman 4.3 keeps them in a directory that all users of the machine share.
    const done = host.run(
      `mkdir -p tmp && TMPDIR=$PWD/tmp podman build --layers=false --format docker -t localhost/${name} -f Containerfile.${name} ${[...values, ...args].join(" ")} context 2>&1`,
    );
    if (done.code !== 0) throw new Error(`seed ${seed}\n${done.stdout.slice(-3000)}`);
    return JSON.parse(host.output(`podman image inspect --format '{{json .Config}}' localhost/${name}`)) as Config;
  };

  const shell = (...steps: readonly ContainerfileStep[]) =>
    Containerfile.of({ stages: [{ name: "final", from: "localhost/shell:1", steps }] });

  test("environment, labels and volumes", () => {
    const pairs = strings.map((text, i): [string, string] => [`V_${i}`, text]);
    const volumes = [...new Set(strings.filter((_, i) => i % 8 === 0).map((text) => `/v/${asName(text)}`))].filter(
      (path) => !/[\s\u0085]$/.test(path),
    );
    const { Env, Labels, Volumes } = build(
      shell(Step.env(Object.fromEntries(pairs)), Step.label(Object.fromEntries(pairs)), Step.volume(volumes)),
      "env",
    );
    expect({ seed, volumes: Object.keys(Volumes ?? {}).sort() }).toEqual({ seed, volumes: [...volumes].sort() });
    const env = new Map(Env.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
    expect(
      differences(
        seed,
        strings,
        pairs.map(([name]) => env.get(name)),
      ),
    ).toEqual(unchanged(seed, strings));
    expect(
      differences(
        seed,
        strings,
        pairs.map(([name]) => Labels[name]),
      ),
    ).toEqual(unchanged(seed, strings));
  });

  test("words of commands, and default values of arguments", () => {
    const words = strings.map((text) => `=${text}`); // printf's own options are not ours
    const dump = ["sh", "-c", 'printf "%s\\0" "$@" >/words', "sh", ...words];
    const some = strings.slice(0, 60);
    const args = some.map((text, i) => Step.arg(`A_${i}`, text));
    const copies = some.map((_, i): [string, ReturnType<typeof expanded>] => [`E_${i}`, expanded(`<\${A_${i}}>`)]);
    const { Cmd, Entrypoint, Env } = build(
      shell(Step.run(dump), Step.cmd(strings), Step.entrypoint(strings), ...args, Step.env(Object.fromEntries(copies))),
      "words",
    );
    expect(differences(seed, strings, Cmd ?? [])).toEqual(unchanged(seed, strings));
    expect(differences(seed, strings, Entrypoint ?? [])).toEqual(unchanged(seed, strings));
    const env = new Map(Env.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
    const wrapped = some.map((text) => `<${text}>`);
    expect(
      differences(
        seed,
        wrapped,
        copies.map(([name]) => env.get(name)),
      ),
    ).toEqual(unchanged(seed, wrapped));
    const seen = readBack("words", "words").split("\0").slice(0, -1);
    expect(differences(seed, words, seen)).toEqual(unchanged(seed, words));
  });

  test("paths: where files come from and go to, directories", () => {
    const names = [...new Set(strings.map(asName))].filter((name) => name !== "." && name !== "..");
    const sources = names.filter((name) => !/[*?[\\]/.test(name)).slice(0, 200);
    const targets = names.filter((_, i) => i % 16 === 0).slice(0, 20);
    const directories = names.filter((_, i) => i % 4 === 0);
    // Files with these names; each holds its number.
    host.run(
      `perl -e 'chdir "context" or die; local $/; my $i = 0; for (split /\\0/, <STDIN>) { open my $f, ">", "./$_" or die "$_: $!"; print $f $i++ }'`,
      sources.join("\0"),
    );
    const { WorkingDir } = build(
      shell(
        Step.copy(sources, "/from/"),
        ...targets.map((name) => Step.copy([sources[0] ?? ""], `/to/${name}${isPlain(name) ? "" : "/"}`)),
        ...directories.map((name) => Step.workdir(`/dir/${name}`)),
        Step.run([
          "sh",
          "-c",
          'cd /from && for i in * .[!.]* ..?*; do printf "%s=%s\\0" "$(cat "./$i")" "$i"; done >/came',
        ]),
        Step.run(["sh", "-c", 'for i in to dir; do (cd /$i && printf "%s\\0" * .[!.]* ..?* >/$i.names); done']),
      ),
      "paths",
    );
    const came = new Map(
      readBack("paths", "came")
        .split("\0")
        .map((pair): [string, string] => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]),
    );
    expect(
      differences(
        seed,
        sources,
        sources.map((_, i) => came.get(String(i))),
      ),
    ).toEqual(unchanged(seed, sources));
    const listed = (path: string) => {
      const found = new Set(readBack("paths", path).split("\0"));
      return (name: string) => !found.has(name);
    };
    expect({ seed, missing: targets.filter(listed("to.names")) }).toEqual({ seed, missing: [] });
    expect({ seed, missing: directories.filter(listed("dir.names")) }).toEqual({ seed, missing: [] });
    expect(WorkingDir).toBe(`/dir/${directories.at(-1) ?? ""}`);
  });

  test("the other steps mean what they say", () => {
    host.run("cat >secret", "s3cret");
    const file = Containerfile.of({
      args: { VERSION: "it's 1", KIND: "busy" },
      stages: [
        { name: "tools-busy", from: "localhost/shell:1" },
        { name: "tools", from: expanded("tools-${KIND}"), steps: [Step.run(["sh", "-c", "printf tool >/tool"])] },
        {
          name: "final",
          from: "tools",
          steps: [
            Step.comment("ENV NOT=this\nRUN false"),
            Step.arg("VERSION"),
            Step.env({ VERSION: expanded("v${VERSION}") }),
            Step.shell(["printf '%s' \"$VERSION\" >/shell", "[ -s /shell ]"]),
            Step.run(["sh", "-c", 'printf %s "$(cat /b) $(cat /run/secrets/token) $(ls -d /c /t)" >/mounts'], {
              mounts: [
                Mount.bind("/b", { from: "tools", source: "/tool" }),
                Mount.secret("token"),
                Mount.cache("/c", { id: "c", sharing: "locked" }),
                Mount.tmpfs("/t"),
              ],
            }),
            Step.copy(["/tool"], "/copied", { from: "tools", owner: "7:8", mode: "0640" }),
            Step.run(["sh", "-c", "ls -ln /copied >/owner"]),
            Step.defaultShell(["/bin/sh", "-c", '/bin/printf "%s" "$0" >/asked']),
            Step.shell(["not run"]),
            Step.user("7:8"),
            Step.stopSignal("SIGRTMIN+3"),
            Step.expose(53, "udp"),
            Step.healthcheck(["true", "$HOME"], {
              intervalSeconds: 5,
              timeoutSeconds: 2,
              startPeriodSeconds: 1,
              retries: 4,
            }),
          ],
        },
      ],
    });
    const config = build(file, "steps", ["--secret id=token,src=secret"]);
    expect(readBack("steps", "asked")).toBe("not run");
    expect(config).toMatchObject({ User: "7:8", StopSignal: "SIGRTMIN+3", ExposedPorts: { "53/udp": {} } });
    expect(host.output("podman image inspect --format '{{json .HealthCheck}}' localhost/steps")).toBe(
      '{"Test":["CMD","true","$HOME"],"StartPeriod":1000000000,"Interval":5000000000,"Timeout":2000000000,"Retries":4}\n',
    );
    expect(config.Env).toContain("VERSION=vit's 1");
    expect(readBack("steps", "shell")).toBe("vit's 1");
    expect(readBack("steps", "mounts")).toBe("tool s3cret /c\n/t");
    expect(readBack("steps", "owner")).toMatch(/^-rw-r----- +1 7 +8 +4 /);
  });

  /** A file of an image. */
  function readBack(image: string, path: string): string {
    return host.output(
      `id=$(podman create localhost/${image} x) && podman cp "$id":/${path} out.${image} >/dev/null; podman rm "$id" >/dev/null; cat out.${image}`,
    );
  }
});

/** Whether podman 4.3 can give a file this name while it copies it. */
const isPlain = (name: string) => /^[\0-\x7f]{1,100}$/.test(name);
