import { readdirSync } from "node:fs";
import { join } from "node:path";
import { CLIENT_PROGRAMS, HOST_PROGRAMS } from "../../lib/builder/programs";
import { COMMON_PROGRAMS } from "../../lib/core/program-library";

const lib = join(__dirname, "../../lib");

test.each([
  ["builder/scripts/client", CLIENT_PROGRAMS.names],
  ["builder/scripts/host", HOST_PROGRAMS.names],
  ["core/scripts", [...COMMON_PROGRAMS, "launcher.sh"]],
])("every program of %s is generated", (folder, listed) => {
  expect([...listed].sort()).toEqual(readdirSync(join(lib, folder)).sort());
});
