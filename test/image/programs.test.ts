import { readdirSync } from "node:fs";
import { join } from "node:path";
import { DEV_PROGRAMS, IMAGE_PROGRAMS } from "../../lib/image/programs";

test.each([
  ["image", IMAGE_PROGRAMS.names],
  ["dev", DEV_PROGRAMS.names],
])("every program of scripts/%s is generated", (folder, listed) => {
  expect([...listed].sort()).toEqual(readdirSync(join(__dirname, "../../lib/image/scripts", folder)).sort());
});
