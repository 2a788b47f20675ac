// What a release makes of its values: keys, templates, secrets, images.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Annotations } from "cdktf";
import type { ChartKeys } from "../../lib/cluster/chart-keys";
import { HelmChart } from "../../lib/cluster/helm-chart";
import { ImageCatalog } from "../../lib/cluster/image-catalog";
import { archiveOf, tinyChart } from "../support/charts";
import { messageOf } from "../support/project";
import { release, releaseFaults } from "../support/release";

const folder = mkdtempSync(join(tmpdir(), "gantry-keys-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** The table as the script makes it of the tests' own chart. */
function tinyKeys(): ChartKeys {
  const archive = join(folder, "tiny.tgz");
  writeFileSync(archive, archiveOf(tinyChart()));
  const script = join(__dirname, "../../scripts/chart-keys.mjs");
  return JSON.parse(execFileSync(process.execPath, [script, archive], { encoding: "utf8" })) as ChartKeys;
}

const keys = tinyKeys();
const at = { repo: "https://charts.example.org", tree: "0".repeat(64) };
const tiny = HelmChart.pinned("tiny", "1.0.0", { ...at, keys });

test("the table of a chart: its keys, those its templates read, those of charts in it, and images", () => {
  const image = { registry: 1, repository: 1, tag: 1 };
  expect(keys).toEqual({
    keys: {
      auth: { enabled: 1, existingSecret: 1 },
      below: { global: { zone: 1 }, image, port: 1 },
      extra: 1,
      global: { zone: 1 },
      image,
      podAnnotations: { server: 1, worker: 1 },
      podLabels: 1,
      replicas: 1,
      resources: { claims: 1, limits: 1, requests: 1 },
      schedule: 1,
      settings: 1,
    },
    images: [
      { at: "image", registry: "docker.io", repository: "bitnami/tiny", tag: "3.1-r0" },
      { at: "below.image", registry: "docker.io", repository: "bitnami/sub", tag: "1.0" },
    ],
    guardsImages: false,
  });
});

test("keys that the chart does not read, with the nearest one", () => {
  const values = {
    replicsa: 2,
    server: {},
    auth: { existingSecrt: "x" },
    below: { prot: 1 },
    podAnnotations: { team: "a" },
    podLabels: { any: "thing" },
    settings: { any: { thing: 1 } },
    global: { zones: "a" },
    oldSchedule: "x",
  };
  expect(releaseFaults(tiny, { values })).toEqual([
    'values.replicsa: unknown key of tiny 1.0.0; did you mean "replicas"?',
    'values.server: unknown key of tiny 1.0.0; did you mean "podAnnotations.server"?',
    'values.auth.existingSecrt: unknown key of tiny 1.0.0; did you mean "existingSecret"?',
    'values.below.prot: unknown key of tiny 1.0.0; did you mean "port"?',
    "values.podAnnotations.team: unknown key of tiny 1.0.0; known here: server, worker",
    'values.global.zones: unknown key of tiny 1.0.0; did you mean "zone"?',
    'values.oldSchedule: unknown key of tiny 1.0.0; did you mean "schedule"?',
  ]);
  const allowUnknown = ["replicsa", "server", "auth", "below.prot", "podAnnotations", "global.zones", "oldSchedule"];
  expect(releaseFaults(tiny, { values, allowUnknown })).toEqual([]);
});

test("templates, secrets and what no file can hold", () => {
  const values = { extra: ["{{ .Values.x }}", { password: "abc" }], settings: { note: "{{ ok }}" } };
  expect(releaseFaults(tiny, { values })).toEqual([
    'values.extra[0]: got "{{ .Values.x }}", which has "{{": many charts run their values as templates; say allowTemplates: ["extra"] if that is meant',
    "values.extra[1].password: got a secret (not shown), which would be in a generated file; use existingSecrets",
    'values.settings.note: got "{{ ok }}", which has "{{": many charts run their values as templates; say allowTemplates: ["settings.note"] if that is meant',
  ]);
  expect(releaseFaults(tiny, { values: { extra: [{ existingSecretKey: "key", token: "" }] } })).toEqual([]);
  const free = { extra: ["{{ .Values.x }}"], settings: { note: "{{ ok }}" } };
  expect(releaseFaults(tiny, { values: free, allowTemplates: ["extra", "settings"] })).toEqual([]);
  expect(releaseFaults(tiny, { values: free, allowTemplates: true })).toEqual([]);
  expect(releaseFaults(tiny, { values: { replicas: () => 1 } })).toEqual([
    "values.replicas: is function, not plain data",
  ]);
});

test("the values a release gets, and how it is rendered", () => {
  const made = release(tiny, {
    values: { replicas: 3, podLabels: { a: "b" } },
    existingSecrets: { "auth.existingSecret": "tiny-auth" },
  });
  expect(made.values).toEqual({ replicas: 3, podLabels: { a: "b" }, auth: { existingSecret: "tiny-auth" } });
  expect([made.releaseName, made.namespaceName]).toEqual(["tiny", "lab"]);
  expect(made.options).toEqual({ noHooks: true, kubeVersion: "1.28.4", includeCrds: true, checkKeys: undefined });
  // Without a table, the keys are checked when the chart is rendered.
  const unknown = release(HelmChart.pinned("tiny", "1.0.0", at), { values: { any: 1 }, allowUnknown: ["any"] });
  expect(unknown.options.checkKeys).toEqual({ allowUnknown: ["any"] });
  expect(releaseFaults(tiny, { existingSecrets: { "auth.existingSecrt": "x" } })).toEqual([
    'existingSecrets["auth.existingSecrt"]: unknown part of tiny 1.0.0; allowed: a value that takes the name of a Secret, as its path',
  ]);
});

describe("bitnami's images, where they are now", () => {
  const digest = `sha256:${"a".repeat(64)}`;

  test("by digest where it is known; a warning where not", () => {
    const images = ImageCatalog.bitnamiLegacy({ digests: { "tiny:3.1-r0": digest } });
    const addWarning = jest.spyOn(Annotations.prototype, "addWarning");
    expect(release(tiny, { images }).values).toEqual({
      image: { registry: "docker.io", repository: "bitnamilegacy/tiny", digest },
      below: { image: { registry: "docker.io", repository: "bitnamilegacy/sub" } },
    });
    expect(addWarning.mock.calls).toEqual([
      ["images without a digest: docker.io/bitnamilegacy/sub:1.0; give ImageCatalog.bitnamiLegacy their digests"],
      [
        'capacity: what tiny 1.0.0 takes with these values is not known and is in no proof; say it: capacity: { pods: …, requests: { cpu: "…", memory: "…" } }',
      ],
    ]);
    addWarning.mockRestore();
  });

  test("but not what the user put elsewhere", () => {
    const images = ImageCatalog.bitnamiLegacy();
    const values = { image: { registry: "mirror.example.org" }, below: { image: { repository: "acme/sub" } } };
    expect(release(tiny, { images, values }).values).toEqual(values);
    const guarded = HelmChart.pinned("tiny", "1.0.0", { ...at, keys: { ...keys, guardsImages: true } });
    expect(release(guarded, { images }).values).toMatchObject({ global: { security: { allowInsecureImages: true } } });
  });

  test("a chart whose images nobody knows", () => {
    const images = ImageCatalog.bitnamiLegacy();
    expect(releaseFaults(HelmChart.pinned("tiny", "1.0.0", at), { images })).toEqual([
      "images: the images of tiny 1.0.0 are not known; give HelmChart.pinned its keys (scripts/chart-keys.mjs ARCHIVE prints them), or set the images in values",
    ]);
    expect(messageOf(() => ImageCatalog.bitnamiLegacy({ digests: { tiny: digest, "tiny:1": "sha256:1" } }))).toBe(
      [
        "ImageCatalog.bitnamiLegacy: invalid props",
        '  digests.tiny: got the name "tiny"; allowed: the name and tag of an image, such as "redis:7.2.4-debian-12-r9"',
        '  digests["tiny:1"]: got "sha256:1"; allowed: a digest, such as "sha256:…" with 64 hexadecimal digits',
      ].join("\n"),
    );
  });
});
