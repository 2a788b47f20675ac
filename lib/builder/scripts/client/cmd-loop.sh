# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2034
# loop: builds whenever the sources change.

# shellcheck source=build.sh
. "$PROGRAM_DIR/build.sh"

help_loop() {
  cat <<TEXT
Usage: $PROGRAM loop [--interval SECONDS] [--max FAILURES] IMAGE

Watches the context of an image, and copies and builds when it changes. Ends with Ctrl-C, or when $MAX_ITERATIONS builds in a row
have failed (exit 65): whoever edits, a person or an agent, should think again then.

  --interval SECONDS   between two looks (1; fractions are taken)
  --max FAILURES       instead of the stack's maxIterations
TEXT
}

cmd_loop() {
  local image='' interval=1 max=$MAX_ITERATIONS
  while [ $# -gt 0 ]; do
    case $1 in
      --interval)
        need_value loop "$1" $#
        [[ $2 =~ ^[0-9]*\.?[0-9]+$ ]] || die 2 "loop: --interval wants seconds, not $2"
        interval=$2
        shift
        ;;
      --max)
        need_value loop "$1" $#
        [[ $2 =~ ^[1-9][0-9]{0,5}$ ]] || die 2 "loop: --max wants a count, not $2"
        max=$2
        shift
        ;;
      -*) common_flag "$1" || bad_argument loop "$1" ;;
      *)
        [ -z "$image" ] || bad_argument loop "$1"
        image=$1
        ;;
    esac
    shift
  done
  [ -n "$image" ] || die 2 "loop: which image?" "one of: $IMAGES"
  plan_images "$image"
  loop_on "$image" "$interval" "$max"
}

loop_on() { # IMAGE INTERVAL MAX
  local failures=0 last='' hashes code child
  host_ssh_setup # once, not for each build
  while :; do
    code=0
    loop_hashes || code=$?
    if [ "$code" -eq 0 ] && [ "$hashes" != "$last" ]; then
      last=$hashes
      # A build that fails ends its program, so it is one of its own, with its own line in the run log. In the background,
      # because bash acts on a signal only when the program in front has ended.
      loop_build &
      child=$!
      trap 'loop_interrupted "$child" 130' INT
      trap 'loop_interrupted "$child" 143' TERM
      trap 'loop_interrupted "$child" 129' HUP
      wait "$child" || code=$?
      trap 'exit 130' INT
      trap 'exit 143' TERM
      trap 'exit 129' HUP
      case $code in
        0) failures=0 ;;
        2)
          failures=$((failures + 1))
          note "$1 cannot be built as it is (exit 2), $failures of $3 in a row; waiting for a change"
          ;;
        *)
          failures=$((failures + 1))
          note "$1 failed (exit $code), $failures of $3 in a row; waiting for a change"
          ;;
      esac
      [ -z "$DRY_RUN" ] || return 0
      if [ "$failures" -ge "$3" ]; then
        RUN_IMAGE=$1
        loop_remedy "$1" "$code"
        case $code in 69 | 75 | 2) ;; *) code=65 ;; esac
        die "$code" "stopped after $failures builds in a row that failed" "$REPLY; start again when you know what is wrong"
      fi
      [ "$code" -ne 0 ] || note "watching $1"
    fi
    sleep "$2"
  done
}

# loop_remedy IMAGE EXIT: REPLY = what says more about a build that ended so.
loop_remedy() {
  case $2 in
    1 | 69) REPLY="$PROGRAM doctor says what is wrong with the builder" ;;
    2) REPLY="what is wrong stands above" ;;
    *) REPLY="$PROGRAM logs $1 shows the last one" ;;
  esac
}

# loop_interrupted CHILD EXIT: a signal that came here may have come to the build's program, too, or not.
loop_interrupted() {
  trap '' INT TERM HUP
  kill -INT "$1" 2>/dev/null || :
  wait "$1" || :
  exit "$2"
}

# loop_hashes: hashes = of the image and its bases. A tree that is being changed may be unreadable for a moment.
loop_hashes() {
  (plan_hashes 2>"$TEMP_DIR/loop.errors" && printf '%s ' "${PLAN_HASHES[@]}") >"$TEMP_DIR/loop.hashes" || return
  IFS= read -r -d '' hashes <"$TEMP_DIR/loop.hashes" || :
}

loop_build() {
  trap on_exit EXIT
  trap 'exit 130' INT
  TEMP_DIR=''
  temp_dir
  RUN_COMMAND=build
  clock
  run_reset
  build_planned
}
