// Clusters: synthesis against the same objects written by hand, a `vendor` with nothing to do against `helm pull`, and rendering
// with Tanka against `helm template` of the same charts. GANTRY_CHARTS may name a directory with the archives of the example's
// charts and their index.yaml; without it four charts made here stand for them.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { basename, delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import { App, LocalBackend, TerraformStack } from "cdktf";
import { K3sTiltStack } from "../examples/k3s-tilt/k3s-tilt-stack";
import { HelmChart, K3sCluster, MachineProfile } from "../lib/cluster";
import { which } from "../test/tools/table.cjs";
import { atMost, inTurn, median, ms, type Figure } from "./figures";
import { handWrittenCluster } from "./hand-written-cluster";

const DIGEST = "0".repeat(64);
const IMAGE = `ghcr.io/acme/app@sha256:${DIGEST}`;
const run = promisify(execFile);

/** Synthesis at three sizes, and both figures of charts. */
export async function clusterFigures(): Promise<Figure[]> {
  return [...(await synthFigures()), ...(await chartFigures())];
}

function synthesize(declare: (stack: TerraformStack, outdir: string) => void): void {
  const outdir = mkdtempSync(join(tmpdir(), "gantry-bench-"));
  const app = new App({ outdir });
  const stack = new TerraformStack(app, "bench");
  new LocalBackend(stack, { path: "bench.tfstate" });
  declare(stack, outdir);
  app.synth();
  rmSync(outdir, { recursive: true });
}

function clusterIn(stack: TerraformStack): K3sCluster {
  return new K3sCluster(stack, "bench", {
    version: "v1.28.5+k3s1",
    servers: [{ name: "dgx", machine: MachineProfile.dgxSpark() }],
  });
}

function ours(count: number): void {
  synthesize((stack) => {
    const namespace = clusterIn(stack).addNamespace("apps");
    for (let i = 0; i < count; i++) {
      const chart = HelmChart.pinned(`chart-${i}`, "1.0.0", { repo: "https://charts.example.com", tree: DIGEST });
      namespace.addChart(chart, { values: { replicas: 1, auth: { existingSecret: "auth" } } });
      namespace.addService(`app-${i}`, {
        image: IMAGE,
        ports: { http: 8080 },
        env: { LEVEL: "info" },
        requests: { cpu: "10m", memory: "16Mi" },
      });
    }
  });
}

function byHand(count: number): void {
  synthesize((_, outdir) => {
    for (const [path, text] of handWrittenCluster(count, IMAGE)) {
      const file = join(outdir, "stacks/bench/files", path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
  });
}

/** What a chart and a workload cost beyond the first, and whether that stays the same. */
async function synthFigures(): Promise<Figure[]> {
  ours(1);
  byHand(1); // both have loaded their modules now
  const times = new Map<number, { hand: number; gantry: number }>();
  for (const count of [1, 10, 100, 300]) {
    const runs = await inTurn(count < 100 ? 15 : 7, [() => byHand(count), () => ours(count)]);
    const [hand = NaN, gantry = NaN] = runs.map(median);
    times.set(count, { hand, gantry });
  }
  const at = (count: number) => times.get(count) ?? { hand: NaN, gantry: NaN };
  const each = (from: number, to: number) => (at(to).gantry - at(from).gantry) / (to - from);
  const byHandEach = (at(100).hand - at(1).hand) / 99;
  const sizes = [1, 10, 100].map((count) => `${count}: ${ms(at(count).gantry)}, by hand ${ms(at(count).hand)}`);
  return [
    atMost(8, {
      name: "cluster-synth-each",
      value: each(1, 100) / byHandEach,
      unit: "x",
      detail: `one more chart and workload: ${ms(each(1, 100))} checked, compared and written as a whole, ${ms(byHandEach)} by hand, unchecked (${sizes.join("; ")})`,
    }),
    atMost(1.5, {
      name: "cluster-synth-linear",
      value: each(100, 300) / each(1, 100),
      unit: "x",
      detail: "time per chart and workload from 100 to 300 against that from 1 to 100",
    }),
  ];
}

/** Charts in a directory with an index, and the files of a stack that takes them. */
interface Charts {
  readonly archives: string;
  readonly files: string;
  readonly releases: readonly { readonly name: string; readonly version: string }[];
}

async function chartFigures(): Promise<Figure[]> {
  const helm = tool("helm");
  const tk = tool("tk");
  const work = mkdtempSync(join(tmpdir(), "gantry-bench-"));
  const homes = Object.fromEntries(
    ["CONFIG", "CACHE", "DATA"].map((name) => [`HELM_${name}_HOME`, join(work, name)] as const),
  );
  const path = [dirname(helm), dirname(tk), process.env.PATH ?? ""].join(delimiter);
  const named = process.env.GANTRY_CHARTS ?? "";
  const env = { ...process.env, ...homes, PATH: path, XDG_CACHE_HOME: join(work, "cache"), KUBECONFIG: "" };
  const shell = (script: string, cwd = work) =>
    run("bash", ["-ec", script], { cwd, env, maxBuffer: 1 << 28 }).then(({ stdout }) => stdout);
  let server: Server | undefined;
  try {
    const charts = named === "" ? await madeHere(work, shell) : exampleCharts(work, named);
    server = await serve(charts.archives);
    const { port } = server.address() as AddressInfo;
    await shell(`helm repo add charts http://127.0.0.1:${port}`);
    const program = join(charts.files, "bin/cluster");
    await shell(`${program} vendor --quiet --mirror ${charts.archives}`);
    const pulls = charts.releases.map(
      ({ name, version }) => `helm pull charts/${name} --version ${version} --untar -d v`,
    );
    const [pull = NaN, vendor = NaN] = (
      await inTurn(9, [() => shell(`rm -rf v; ${pulls.join("; ")}`), () => shell(`${program} vendor --quiet`)])
    ).map(median);

    const values = join(charts.files, "tanka/environments/local/values");
    const templates = charts.releases.map(
      ({ name }) =>
        `helm template ${name} ${join(charts.files, "tanka/vendor", name)} -f ${join(values, `${name}.json`)} ` +
        "--namespace apps --include-crds --no-hooks --kube-version v1.28.5",
    );
    const tanka = join(charts.files, "tanka");
    plainEnvironment(tanka, charts);
    const show = (environment: string) => () =>
      shell(`tk show environments/${environment} --dangerous-allow-redirect`, tanka);
    const [direct = NaN, plain = NaN, shown = NaN, checked = NaN] = (
      await inTurn(9, [() => shell(templates.join("; ")), show("plain"), show("local"), () => shell(`${program} show`)])
    ).map(median);
    const which = `${charts.releases.map(({ name }) => name).join(", ")}${named === "" ? ", made here" : ""}`;
    return [
      atMost(0.3, {
        name: "vendor-noop",
        value: vendor / pull,
        unit: "x",
        detail: `nothing to do: ${ms(vendor)} with every file checked, helm pull of ${which} from this machine ${ms(pull)} (medians of 9)`,
      }),
      atMost(1.1, {
        name: "tanka-show",
        value: shown / direct,
        unit: "x",
        detail: `${which}: tk show ${ms(shown)}, helm template ${ms(direct)}; cluster show, which checks the charts first, ${ms(checked)} (medians of 9)`,
      }),
      atMost(1.1, {
        name: "tanka-ours",
        value: shown / plain,
        unit: "x",
        detail: `the same tk show against Tanka's own helmTemplate of the same charts without anything of ours: ${ms(plain)}`,
      }),
    ];
  } finally {
    server?.close();
    rmSync(work, { recursive: true, force: true });
  }
}

/** An environment as somebody would write it by hand: the charts with the same values, and nothing else. */
function plainEnvironment(tanka: string, { releases }: Charts): void {
  const directory = join(tanka, "environments/plain");
  const options =
    "calledFrom: std.thisFile, namespace: 'apps', kubeVersion: 'v1.28.5', noHooks: true, includeCrds: true";
  const field = ({ name }: { name: string }) =>
    `  '${name}': helm('${name}', '../../vendor/${name}', { ${options}, values: import '../local/values/${name}.json' }),\n`;
  mkdirSync(directory);
  writeFileSync(
    join(directory, "main.jsonnet"),
    `local helm = std.native('helmTemplate');\n{\n${releases.map(field).join("")}}\n`,
  );
  const spec = readFileSync(join(tanka, "environments/local/spec.json"), "utf8");
  writeFileSync(join(directory, "spec.json"), spec.replaceAll("environments/local", "environments/plain"));
}

/** The stack of the example, whose charts are in `archives`. */
function exampleCharts(work: string, archives: string): Charts {
  const outdir = join(work, "cdktf.out");
  const app = new App({ outdir });
  new K3sTiltStack(app, "raibid");
  app.synth();
  const files = join(outdir, "stacks/raibid/files");
  const lock = JSON.parse(readFileSync(join(files, "tanka/charts.lock.json"), "utf8")) as {
    charts: { name: string; version: string }[];
  };
  return { archives, files, releases: lock.charts };
}

/** Four charts of sixty objects each, packed, and a stack that takes them. */
async function madeHere(work: string, shell: (script: string) => Promise<string>): Promise<Charts> {
  const archives = join(work, "archives");
  mkdirSync(archives);
  const names = ["one", "two", "three", "four"];
  for (const name of names) {
    const chart = join(work, "sources", name);
    mkdirSync(join(chart, "templates"), { recursive: true });
    writeFileSync(join(chart, "Chart.yaml"), `apiVersion: v2\nname: ${name}\nversion: 1.0.0\n`);
    writeFileSync(join(chart, "values.yaml"), "count: 60\nreplicas: 1\n");
    writeFileSync(join(chart, "templates/all.yaml"), TEMPLATE);
    await shell(`helm package ${chart} -d ${archives}`);
  }
  await shell(`helm repo index ${archives}`);
  const outdir = join(work, "cdktf.out");
  const app = new App({ outdir });
  const stack = new TerraformStack(app, "bench");
  new LocalBackend(stack, { path: "bench.tfstate" });
  const namespace = clusterIn(stack).addNamespace("apps");
  for (const name of names) {
    const sha256 = createHash("sha256")
      .update(readFileSync(join(archives, `${name}-1.0.0.tgz`)))
      .digest("hex");
    namespace.addChart(HelmChart.pinned(name, "1.0.0", { repo: "https://charts.example.com", sha256 }));
  }
  app.synth();
  const releases = names.map((name) => ({ name, version: "1.0.0" }));
  return { archives, files: join(outdir, "stacks/bench/files"), releases };
}

const TEMPLATE = `{{- range $i := until (int .Values.count) }}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ $.Release.Name }}-{{ $i }}
  labels: { app: {{ $.Release.Name }}, helm.sh/chart: {{ $.Chart.Name }}-{{ $.Chart.Version }} }
spec:
  replicas: {{ $.Values.replicas }}
  selector: { matchLabels: { app: {{ $.Release.Name }}-{{ $i }} } }
  template:
    metadata: { labels: { app: {{ $.Release.Name }}-{{ $i }} } }
    spec:
      containers:
        - name: app
          image: registry.example.com/app:1.0.0
          ports: [{ name: http, containerPort: 8080 }]
          env:
            - { name: NAMESPACE, value: {{ $.Release.Namespace | quote }} }
            - { name: NUMBER, value: {{ $i | quote }} }
          readinessProbe: { httpGet: { path: /, port: http } }
{{- end }}
`;

/** The files of a directory on a port of this machine. */
function serve(directory: string): Promise<Server> {
  const known = new Set(readdirSync(directory));
  const server = createServer((request, response) => {
    const name = basename(request.url ?? "");
    if (known.has(name)) response.end(readFileSync(join(directory, name)));
    else response.writeHead(404).end();
  });
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      resolve(server);
    });
  });
}

function tool(name: string): string {
  const path = which(name);
  if (path === undefined) throw new Error(`${name} is not installed`);
  return path;
}
