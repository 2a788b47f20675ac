import { readdirSync } from "node:fs";
import { join } from "node:path";
import { CLUSTER_PROGRAMS } from "../../lib/cluster/programs";

test("every program of scripts/cluster is generated", () => {
  expect([...CLUSTER_PROGRAMS.names].sort()).toEqual(
    readdirSync(join(__dirname, "../../lib/cluster/scripts/cluster")).sort(),
  );
});
