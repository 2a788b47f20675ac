// Reads tools.json, and says which tools are there.
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { tools } = require("./tools.json");

/** Where tools are built and kept. */
const cache = process.env.GANTRY_TOOLS ?? path.join(os.homedir(), ".cache/gantry-tools");

/** The PATH the tests see: ours first, and the administrator's programs, which a plain user may not have on it. */
const searchPath = [path.join(cache, "bin"), process.env.PATH, "/usr/sbin", "/sbin"].join(path.delimiter);

/** Where a program is, or nothing. An absolute path is taken as it is. */
function which(program) {
  for (const dir of path.isAbsolute(program) ? [""] : searchPath.split(path.delimiter)) {
    const file = path.join(dir, program);
    try {
      // A path of its own may name a library.
      fs.accessSync(file, path.isAbsolute(program) ? fs.constants.R_OK : fs.constants.X_OK);
      if (fs.statSync(file).isFile()) return file;
    } catch {
      // not here
    }
  }
  return undefined;
}

/** Where a tool of the table is, or nothing. */
function findTool(name) {
  const tool = tools[name];
  if (tool === undefined) throw new Error(`${name} is not in test/tools/tools.json`);
  return which(tool.find?.replace("{cache}", cache) ?? name);
}

/** One line: how a person gets the tool. */
function howToGet(name) {
  const tool = tools[name];
  if (tool?.deb !== undefined) return `apt-get install ${tool.deb}`;
  return `test/tools/ensure ${name}`;
}

module.exports = { tools, cache, searchPath, which, findTool, howToGet };
