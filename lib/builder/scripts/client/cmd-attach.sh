# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2034
# attach: comes back to a build.

# shellcheck source=follow.sh
. "$PROGRAM_DIR/follow.sh"
# shellcheck source=runs.sh
. "$PROGRAM_DIR/runs.sh"

help_attach() {
  cat <<TEXT
Usage: $PROGRAM attach [--run RUN] [IMAGE]

Shows the last build of an image from its first line on, waits for its end, and exits with its code. No IMAGE means the
build that started last. Ctrl-C leaves the build alone.
TEXT
}

cmd_attach() {
  local code=0
  runs_arguments attach "$@"
  RUN_IMAGE=$RUNS_IMAGE
  phase build
  follow_program "$RUNS_IMAGE" follow.sh "$RUNS_IMAGE" "$RUNS_ID" 0 || code=$?
  case $code in
    0) RUN_OUTCOME=built ;;
    2) die 2 "there is no such build of $RUNS_IMAGE on the builder" "see: $PROGRAM logs --list" ;;
    *) RUN_OUTCOME='build failed' ;;
  esac
  exit "$code"
}
