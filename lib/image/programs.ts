import { join } from "node:path";
import type { ProgramSet } from "../core/program-library";

/** Programs of `scripts/image`: the program `image`. A test compares the names with the directory. */
export const IMAGE_PROGRAMS: ProgramSet = {
  folder: "image",
  directory: join(__dirname, "scripts/image"),
  executable: false,
  names: ["builder.sh", "program.sh", "settings.sh"],
};
