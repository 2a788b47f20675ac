import { Duration } from "../../lib";
import { renderJustfile } from "../../lib/image/justfile.render";
import { renderMaintenanceService, renderMaintenanceTimer } from "../../lib/image/maintenance.render";
import { renderMakefile } from "../../lib/image/makefile.render";
import { modeTargets, targetTable } from "../../lib/image/mode-targets";

const budgets = {
  base: Duration.minutes(20),
  fast: Duration.minutes(5),
  clean: Duration.minutes(15),
  nuclear: Duration.minutes(50),
};
const targets = modeTargets("v3-", budgets).filter(({ name }) => /base|source|soft|cycle-fast/.test(name));
const model = { program: "bin/image", targets };

test("a Makefile", () => {
  expect(renderMakefile(model))
    .toBe(`# Short names for the program that does the work; \`make help\` shows them with the times they took.
# CONFIG=FILE names a deployment, REF=REF a commit, ARGS='--dry-run' gives options, FORCE=1 answers yes.
.DEFAULT_GOAL := help

# The directory of this file. The functions of make would split it at spaces.
export GANTRY_IMAGE := $(shell list='$(subst ','\\'',$(MAKEFILE_LIST))'; file="$\${list# }"; [ -f "$$file" ] || file="$\${list##* }"; cd -- "$$(dirname -- "$$file")" && pwd -P)/bin/image
# As they were given: make would look for variables in them.
override CONFIG := $(value CONFIG)
override REF := $(value REF)
override ARGS := $(value ARGS)
export CONFIG REF ARGS FORCE

.PHONY: help v3-docker-build-base v3-docker-build-from-source v3-cache-clear-soft v3-cycle-fast

help:
	@"$$GANTRY_IMAGE" help targets

# Build

v3-docker-build-base:
	@"$$GANTRY_IMAGE" build --base $$ARGS

v3-docker-build-from-source:
	@set -- $$ARGS; [ -z "$$REF" ] || set -- --ref "$$REF" "$$@"; "$$GANTRY_IMAGE" build --dev --from-source "$$@"

# Cache

v3-cache-clear-soft:
	@"$$GANTRY_IMAGE" clear soft $$ARGS

# Cycle

v3-cycle-fast:
	@set -- $$ARGS; [ -z "$$CONFIG" ] || set -- --config "$$CONFIG" "$$@"; "$$GANTRY_IMAGE" cycle fast "$$@"
`);
});

test("a justfile", () => {
  expect(renderJustfile(model))
    .toBe(`# Short names for the program that does the work; \`just help\` shows them with the times they took.
# What follows a target is for the program: CONFIG=FILE names a deployment, REF=REF a commit, --dry-run only says what it
# would do. FORCE=1 in the environment answers yes.
set positional-arguments

export GANTRY_IMAGE := justfile_directory() / "bin/image"

# The targets, and how long they took
[no-cd]
help:
    @"$GANTRY_IMAGE" help targets

# Build base image
[no-cd]
v3-docker-build-base *args:
    @"$GANTRY_IMAGE" build --base "$@"

# Build what is pushed
[no-cd]
v3-docker-build-from-source *args:
    @"$GANTRY_IMAGE" build --dev --from-source "$@"

# Clear incremental, mirrors
[no-cd]
v3-cache-clear-soft *args:
    @"$GANTRY_IMAGE" clear soft "$@"

# Build, verify, deploy
[no-cd]
v3-cycle-fast *args:
    @"$GANTRY_IMAGE" cycle fast "$@"
`);
});

test("the table, and no prefix", () => {
  expect(targetTable(modeTargets("", budgets).slice(0, 5))).toBe(
    [
      "docker-build-base\tBuild base image\tup to 20m\tToolchain changes\tbuild-base",
      "docker-build-fast\tBuild using base\tup to 5m\tDaily work\tbuild-fast",
      "docker-build-fast-nocache\tBuild without caches\t-\tOdd build errors\tbuild-fast-nocache",
      "docker-build-from-source\tBuild what is pushed\t-\tBefore a merge (REF=…)\tbuild-from-source",
      "cache-status\tShow what caches use\t-\t-\t-",
      "",
    ].join("\n"),
  );
});

test("a service and its timer", () => {
  const maintenance = { project: "lab", every: "monthly" } as const;
  expect(renderMaintenanceService(maintenance)).toBe(`[Unit]
Description=Clear the build caches of lab (monthly)

[Service]
Type=oneshot
# %Y is the directory of this file (systemd 251 and newer).
ExecStart=/bin/sh -c 'exec "$$1/../bin/image" clear monthly --yes' sh "%Y"
Nice=19
`);
  expect(renderMaintenanceTimer(maintenance)).toContain("OnCalendar=monthly\nPersistent=true\n");
});
