// Over a thousand hostile strings through every renderer, read back by the programs that read generated files. One
// process of each reads all of them.
import { execFileSync } from "node:child_process";
import { resolve } from "node:path";
import { parse } from "yaml";
import { renderEnv, shellQuote } from "../../../lib/core/render/env";
import { renderJson } from "../../../lib/core/render/json";
import { renderNixValue } from "../../../lib/core/render/nix";
import { renderYaml } from "../../../lib/core/render/yaml";
import { differences, hostileStrings, unchanged } from "../../support/hostile";
import { Project } from "../../support/project";
import { withTools } from "../../support/tools";
import { findTool } from "../../tools/table.cjs";

const { strings, seed } = hostileStrings();
const same = unchanged(seed, strings);
const keys = [...new Set(strings)].filter((key) => key !== "__proto__");
const numbers = [0, -0, 1, -1, 1.5, -0.25, 1e-7, 1.5e-9, -2e-300, 123456.789, 0.1, 1 / 3, 2 ** 53 - 1, -(2 ** 53 - 1)];
const model = {
  strings,
  keys: Object.fromEntries(keys.map((key, i) => [key, i])),
  nested: strings.map((text, i) => ({
    [text]: [text, { deep: [[text]], n: i, t: true, f: false, z: null, e: [], o: {} }],
  })),
  numbers,
};

let project: Project;
beforeAll(() => {
  project = new Project();
});
afterAll(() => {
  project.remove();
});

function run(program: string, args: readonly string[]): string {
  return execFileSync(program, args, { encoding: "utf8", maxBuffer: 1 << 28, cwd: project.directory });
}

function expectModel(read: unknown): void {
  const came = read as typeof model;
  expect(differences(seed, strings, came.strings)).toEqual(same);
  expect(Object.keys(came.keys)).toHaveLength(keys.length);
  expect(keys.filter((key, i) => came.keys[key] !== i)).toEqual([]);
  const wrong = model.nested.filter((item, i) => JSON.stringify(came.nested[i]) !== JSON.stringify(item));
  expect({ seed, wrong: wrong.slice(0, 3) }).toEqual({ seed, wrong: [] });
  expect(came.numbers.map((number) => number + 0)).toEqual(numbers.map((number) => number + 0)); // -0 may come back as 0
}

for (const shell of ["bash", "dash"]) {
  withTools([shell], () => {
    test(`${shell} reads settings back`, () => {
      project.write("settings.env", renderEnv(Object.fromEntries(strings.map((text, i) => [`V${String(i)}`, text]))));
      const echo = `. ./settings.env; i=0; while [ "$i" -lt "$1" ]; do eval "printf '%s\\0' \\"\\$V$i\\""; i=$((i + 1)); done`;
      const came = run(shell, ["-euc", echo, shell, String(strings.length)])
        .split("\0")
        .slice(0, -1);
      expect(differences(seed, strings, came)).toEqual(same);
    });

    test(`${shell} reads quoted words back`, () => {
      project.write("words.sh", `printf '%s\\0' ${strings.map(shellQuote).join(" ")}\n`);
      expect(differences(seed, strings, run(shell, ["-eu", "words.sh"]).split("\0").slice(0, -1))).toEqual(same);
    });
  });
}

withTools(["nix-instantiate"], () => {
  test("Nix reads values, names and numbers back", () => {
    project.write("value.nix", renderNixValue(model));
    const json = run("nix-instantiate", ["--eval", "--strict", "--json", "--store", "dummy://", "value.nix"]);
    // Nix sorts names.
    const sorted = JSON.parse(json) as typeof model;
    const nested = sorted.nested.map((item, i) => {
      const [key = ""] = Object.keys(model.nested[i] ?? {});
      const [text, { deep, n, t, f, z, e, o }] = item[key] as [string, Record<string, never>];
      return { [key]: [text, { deep, n, t, f, z, e, o }] };
    });
    // Its JSON has six digits of a number, so it compares them itself.
    project.write("numbers.json", JSON.stringify(numbers));
    const equal = "(import ./value.nix).numbers == builtins.fromJSON (builtins.readFile ./numbers.json)";
    expect(run("nix-instantiate", ["--eval", "--strict", "--store", "dummy://", "--expr", equal]).trim()).toBe("true");
    expectModel({ ...sorted, nested, numbers });
  });
});

test.each(["1.1", "1.2"] as const)("the yaml library as a reader of YAML %s", (version) => {
  expectModel(parse(renderYaml(model), { version, maxAliasCount: 0 }));
});

withTools(["python3", "pyyaml"], () => {
  test("PyYAML reads values and names back", () => {
    project.write("value.yaml", renderYaml(model));
    const read =
      "import sys; sys.path.append(sys.argv[1]); " +
      "import json,yaml; json.dump(yaml.safe_load(open('value.yaml', encoding='utf-8', newline='')), sys.stdout)";
    const modules = resolve(findTool("pyyaml") ?? "", "../..");
    expectModel(JSON.parse(run("python3", ["-c", read, modules])));
  });
});

test("each string on its own, as a document and as a name", () => {
  const wrong = strings.filter((text) => {
    const texts = [renderYaml(text), renderYaml({ [text]: text }), renderYaml([text])];
    return (["1.1", "1.2"] as const).some((version) => {
      const [alone, pair, item] = texts.map((yaml) => parse(yaml, { version }) as unknown);
      return JSON.stringify([alone, pair, item]) !== JSON.stringify([text, { [text]: text }, [text]]);
    });
  });
  expect({ seed, wrong }).toEqual({ seed, wrong: [] });
});

test("JSON.parse", () => {
  expectModel(JSON.parse(renderJson(model)));
});

withTools(["python3"], () => {
  test("Python's JSON", () => {
    project.write("value.json", renderJson(model));
    const read = "import json,sys; json.dump(json.load(open('value.json', encoding='utf-8')), sys.stdout)";
    expectModel(JSON.parse(run("python3", ["-c", read])));
  });
});

withTools(["bash", "podman"], () => {
  test("podman takes build arguments from settings", () => {
    // As the builder does it: settings are sourced, and each argument is one word of the command.
    const names = strings.map((_, i) => `A${String(i)}`);
    project.write(
      "args.env",
      renderEnv(Object.fromEntries(strings.map((text, i) => [`ARG_${String(i)}`, `${names[i] ?? ""}=${text}`]))),
    );
    const labels = names.map((name, i) => `l${String(i)}="$${name}"`).join(" ");
    project.write("Containerfile", `FROM scratch\n${names.map((name) => `ARG ${name}\n`).join("")}LABEL ${labels}\n`);
    const build = `
      . ./args.env
      args=()
      for ((i = 0; i < $1; i++)); do name=ARG_$i; args+=(--build-arg "\${!name}"); done
      podman build --quiet --layers=false --iidfile id "\${args[@]}" . >build.log 2>&1 || { cat build.log; exit 1; }
      podman image inspect "$(cat id)" --format '{{json .Config.Labels}}'
      podman rmi "$(cat id)" >rmi.log`;
    const came = JSON.parse(run("bash", ["-euc", build, "bash", String(strings.length)])) as Record<string, string>;
    expect(
      differences(
        seed,
        strings,
        strings.map((_, i) => came[`l${String(i)}`]),
      ),
    ).toEqual(same);
  });
});
