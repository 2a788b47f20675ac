import { readdirSync } from "node:fs";
import { join } from "node:path";
import { CLIENT_PROGRAMS, HOST_PROGRAMS } from "../../lib/builder/programs";

const scripts = join(__dirname, "../../lib/builder/scripts");

test.each([
  ["client", CLIENT_PROGRAMS],
  ["host", HOST_PROGRAMS],
])("every program of scripts/%s is generated", (folder, listed) => {
  expect([...listed].sort()).toEqual(readdirSync(join(scripts, folder)).sort());
});
