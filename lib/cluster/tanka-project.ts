import { join } from "node:path";
import { Construct } from "constructs";
import { GeneratedFile, staticFile } from "../core/generated-file";
import { renderYaml } from "../core/render/yaml";

/** What all environments share: Tanka's root, and the static programs that main.jsonnet imports. */
export class TankaProject extends Construct {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    const file = (path: string, content: string) => new GeneratedFile(this, path, { path: `tanka/${path}`, content });
    // Marks the root. A jsonnetfile.json would, too, but jsonnet-bundler then empties vendor/, where the charts are.
    file("tkrc.yaml", renderYaml({ apiVersion: "tanka.dev/v1alpha1", kind: "Config" }));
    file(".gitignore", "/vendor/\n");
    for (const name of ["helm.libsonnet", "values.libsonnet"]) {
      new GeneratedFile(this, name, { path: `tanka/lib/${name}`, content: staticFile(join(__dirname, "tanka", name)) });
    }
  }
}
