import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./consumer";

// npm leaves them out where the registry has no binaries for other platforms, and `npm ci` then refuses the file:
// scripts/complete-lock.mjs mends it.
test("package-lock.json holds the optional binaries of every platform", () => {
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
    packages: Record<string, { readonly optionalDependencies?: Record<string, string> }>;
  };
  const missing = Object.values(packages).flatMap(({ optionalDependencies = {} }) =>
    Object.entries(optionalDependencies)
      .filter(([name, version]) => /^\d/.test(version) && !(`node_modules/${name}` in packages))
      .map(([name]) => name),
  );
  expect(missing).toEqual([]);
});
