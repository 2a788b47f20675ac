import { stringify } from "yaml";
import { assertPrintable, type Data } from "./model";

/**
 * Prints YAML that a 1.1 parser (Ansible, PyYAML, cloud-init) and a 1.2 parser both read back unchanged: strings that
 * either would take for something else (`no`, `1e3`, `0o7`, `22:22`) are quoted; no anchors, no folding.
 *
 * @throws Error for what YAML cannot carry, such as a Terraform reference.
 */
export function renderYaml(model: Data, { header = "" }: { readonly header?: string } = {}): string {
  assertPrintable(model);
  const text = stringify(model, {
    version: "1.1",
    compat: "core",
    aliasDuplicateObjects: false,
    lineWidth: 0,
    defaultStringType: "PLAIN",
    doubleQuotedAsJSON: true,
  });
  return `${header}${text}`;
}
