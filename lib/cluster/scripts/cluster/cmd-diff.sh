# shellcheck shell=bash source-path=SCRIPTDIR
# diff: what apply would change.

# shellcheck source=api.sh
. "$PROGRAM_DIR/api.sh"

help_diff() {
  cat <<TEXT
Usage: $PROGRAM diff [ENVIRONMENT]

Compares the objects of an environment (the first one: ${ENVIRONMENTS%% *}) with those of the cluster. Prints nothing when they are equal.
TEXT
}

cmd_diff() {
  environment_argument diff "$@"
  need_cluster
  render
  differences
  if [ -n "$DIFFERENCES" ]; then say "$DIFFERENCES"; else note "no differences"; fi
}
