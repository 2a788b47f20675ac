import { join } from "node:path";
import { readModes, readTree } from "../golden/trees";
import { SECRET, synthesizeOn } from "../support/determinism";
import { Project } from "../support/project";

let project: Project;
beforeAll(() => {
  project = new Project();
});
afterAll(() => {
  project.remove();
});

test("two machines write the same bytes and modes, in the output and in an adopted directory", () => {
  const program = join(__dirname, "determinism.stack.ts");
  const [here, elsewhere] = (["here", "elsewhere"] as const).map((machine) => {
    const outdir = synthesizeOn(machine, program, project.directory);
    const adopted = project.path(machine, "cwd/adopted");
    const files = join(outdir, "stacks/default/files");
    return {
      output: readTree(outdir),
      adopted: readTree(adopted),
      modes: [readModes(files), readModes(adopted)],
    };
  });
  expect(elsewhere).toEqual(here);
  expect(here?.adopted.size).toBe(2 * 14 + 1);
  const all = [...(here?.output ?? []), ...(here?.adopted ?? [])].map(([path, text]) => `${path}\n${text}`).join("\n");
  for (const word of [project.directory, SECRET, "Kathmandu", "user-here", "ap-northeast-3"])
    expect(all).not.toContain(word);
});
