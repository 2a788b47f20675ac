import { renderJson } from "../core/render/json";
import type { Part, ReleasePart, RenderTarget } from "./environment";

/** Where the chart of a release is unpacked, below `tanka/`. */
export function vendorDirectory({ chart }: ReleasePart): string {
  return `vendor/${chart.directory}`;
}

/** `main.jsonnet` of an environment: it imports what the stack wrote, and holds no data of its own. */
export function renderMain(parts: readonly Part[]): string {
  const releases = parts.filter((part): part is ReleasePart => part.partKind === "release");
  return [
    "// What the stack declares, as Kubernetes objects. Everything here is an import: the data lies beside it as JSON.",
    ...(releases.length > 0
      ? ["local helm = import 'helm.libsonnet';", "local releases = import 'releases.json';"]
      : []),
    "",
    "{",
    ...parts.flatMap((part) => fieldOf(part)),
    "}",
    "",
  ].join("\n");
}

function fieldOf(part: Part): string[] {
  if (part.partKind === "manifests") {
    return [`  ${fieldName(part.partName)}: import 'manifests/${part.partName}.json',`];
  }
  const chart = `../../${vendorDirectory(part)}`;
  return [
    `  ${fieldName(part.partName)}: helm.release(`,
    `    releases${fieldAccess(part.partName)} { calledFrom: std.thisFile },`,
    `    import 'values/${part.partName}.json',`,
    `    importstr '${chart}/values.yaml',`,
    `    importstr '${chart}/Chart.yaml',`,
    "  ),",
  ];
}

/** `releases.json`: how each chart is rendered. */
export function renderReleases(parts: readonly Part[], target: RenderTarget): string {
  const releases = parts.filter((part): part is ReleasePart => part.partKind === "release");
  return renderJson(
    Object.fromEntries(
      releases.map((release) => [
        release.partName,
        {
          release: release.partName,
          chart: `../../${vendorDirectory(release)}`,
          namespace: target.namespace(release.namespaceName),
          kubeVersion: release.options.kubeVersion,
          noHooks: release.options.noHooks,
          includeCrds: release.options.includeCrds,
          // Without it, the keys of the values were checked when the stack was synthesized.
          ...(release.options.checkKeys === undefined ? {} : { allowUnknown: release.options.checkKeys.allowUnknown }),
        },
      ]),
    ),
  );
}

// The words of jsonnet, which no field may be called without quotes.
const KEYWORDS =
  /^(assert|else|error|false|for|function|if|import|importbin|importstr|in|local|null|self|super|tailstrict|then|true)$/;

function isIdentifier(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !KEYWORDS.test(name);
}

function fieldName(name: string): string {
  return isIdentifier(name) ? name : `'${name}'`;
}

function fieldAccess(name: string): string {
  return isIdentifier(name) ? `.${name}` : `['${name}']`;
}
