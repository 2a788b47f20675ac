import type { TargetsModel } from "./makefile.render";

/** A justfile with the same targets: what follows a target goes to the program as it is, `CONFIG=FILE` and `REF=REF` included. */
export function renderJustfile({ program, targets }: TargetsModel): string {
  const groups = [...new Set(targets.map(({ group }) => group))];
  return [
    "# Short names for the program that does the work; `just help` shows them with the times they took.",
    "# What follows a target is for the program: CONFIG=FILE names a deployment, REF=REF a commit, --dry-run only says what it",
    "# would do. FORCE=1 in the environment answers yes.",
    "set positional-arguments",
    "",
    `export GANTRY_IMAGE := justfile_directory() / "${program}"`,
    "",
    "# The targets, and how long they took",
    "[no-cd]",
    "help:",
    '    @"$GANTRY_IMAGE" help targets',
    ...groups.flatMap((group) =>
      targets
        .filter((each) => each.group === group)
        .flatMap(({ name, description, words }) => [
          "",
          `# ${description}`,
          "[no-cd]",
          `${name} *args:`,
          `    @"$GANTRY_IMAGE" ${words.join(" ")} "$@"`,
        ]),
    ),
    "",
  ].join("\n");
}
