import { createHash } from "node:crypto";
import { assertPrintable, type Data } from "./render/model";

/**
 * Hex sha256 of plain data: equal for equal data whatever the order of keys, different for different data.
 *
 * @throws Error when the data holds a Terraform reference, whose value is not known yet.
 */
export function contentHash(data: Data): string {
  assertPrintable(data, "hashed data");
  return createHash("sha256").update(canonical(data)).digest("hex");
}

function canonical(data: Data): string {
  if (Array.isArray(data)) return `[${(data as readonly Data[]).map(canonical).join(",")}]`;
  if (typeof data === "object" && data !== null) {
    const fields = Object.entries(data as Readonly<Record<string, Data>>).sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${fields.map(([key, value]) => `${JSON.stringify(key)}:${canonical(value)}`).join(",")}}`;
  }
  return JSON.stringify(data);
}
