// Reads tools.json: every external program the tests use.
const { tools } = require("./tools.json");

/** One line: how a person gets the tool. */
function howToGet(name) {
  const tool = tools[name];
  if (tool === undefined) return "not in test/tools/tools.json";
  if (tool.deb !== undefined) return `apt-get install ${tool.deb}`;
  if (tool.go !== undefined) return `test/tools/ensure ${name} (needs go)`;
  return tool.hint;
}

module.exports = { tools, howToGet };
