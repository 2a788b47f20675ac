# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2034
# logs: what a build printed.

# shellcheck source=follow.sh
. "$PROGRAM_DIR/follow.sh"
# shellcheck source=runs.sh
. "$PROGRAM_DIR/runs.sh"

help_logs() {
  cat <<TEXT
Usage: $PROGRAM logs [--run RUN] [IMAGE]
       $PROGRAM logs --list [--json] [IMAGE]

Prints the log of the last build of an image as far as it is; '$PROGRAM attach' waits for the rest. No IMAGE means the
build that started last. --list shows the builds that the builder remembers.
TEXT
}

cmd_logs() {
  local code=0 list='' words=()
  while [ $# -gt 0 ]; do
    case $1 in --list) list=1 ;; *) words+=("$1") ;; esac
    shift
  done
  set -- ${words[@]+"${words[@]}"}
  if [ -n "$list" ]; then
    runs_list "$@"
    return
  fi
  runs_arguments logs "$@"
  RUN_IMAGE=$RUNS_IMAGE
  follow_program "$RUNS_IMAGE" follow.sh "$RUNS_IMAGE" "$RUNS_ID" 0 no-wait || code=$?
  case $code in
    0) ;;
    2) die 2 "there is no such build of $RUNS_IMAGE on the builder" "see: $PROGRAM logs --list" ;;
    *) exit "$code" ;;
  esac
}
