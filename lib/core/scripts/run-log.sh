# shellcheck shell=bash disable=SC2034
# The run log: one line of JSON for each run, and for each image of a run that has several, in .gantry/runs.jsonl.

RUN_COMMAND='' RUN_OUTCOME='' RUN_MODE='' # the mode: which of several ways to do the same, for all lines of the run

# run_begin COMMAND: from here on the program writes a line when it ends.
run_begin() {
  clock
  RUN_COMMAND=$1 RUN_START=$NOW_MS
  run_reset
}

run_reset() {
  RUN_IMAGE='' RUN_HASH='' RUN_ID='' RUN_OUTCOME='' RUN_PHASES='' PHASE='' RUN_LINE_START=$NOW_MS
}

# phase NAME: the time from here to the next phase goes to NAME; a name used again adds up.
phase() {
  local ms rest
  clock
  if [ -n "$PHASE" ]; then
    ms=$((NOW_MS - PHASE_START))
    case ,$RUN_PHASES in
      *",\"$PHASE\":"*)
        rest=${RUN_PHASES#*"\"$PHASE\":"}
        ms=$((ms + ${rest%%,*}))
        rest=${rest#"${rest%%,*}"}
        RUN_PHASES=${RUN_PHASES%%"\"$PHASE\":"*}\"$PHASE\":$ms$rest
        ;;
      *) RUN_PHASES=${RUN_PHASES:+$RUN_PHASES,}\"$PHASE\":$ms ;;
    esac
  fi
  PHASE=$1 PHASE_START=$NOW_MS
}

# run_write OUTCOME EXIT: writes the line; a run of several images calls it after each.
run_write() {
  local line start
  phase ''
  state_dir
  utc_time "$RUN_LINE_START" && start=$REPLY
  line="{\"start\":\"$start\",\"program\":\"$PROGRAM\",\"command\":\"$RUN_COMMAND\""
  if [ -n "$RUN_MODE" ]; then line="$line,\"mode\":\"$RUN_MODE\""; fi
  if [ -n "$RUN_IMAGE" ]; then json_string "$RUN_IMAGE" && line="$line,\"image\":$REPLY"; fi
  if [ -n "$RUN_HASH" ]; then line="$line,\"hash\":\"$RUN_HASH\""; fi
  if [ -n "$RUN_ID" ]; then line="$line,\"run\":\"$RUN_ID\""; fi
  if [ -n "$DRY_RUN" ]; then line="$line,\"dryRun\":true"; fi
  json_string "$1"
  line="$line,\"phases\":{$RUN_PHASES},\"ms\":$((NOW_MS - RUN_LINE_START)),\"outcome\":$REPLY,\"exit\":$2}"
  printf '%s\n' "$line" >>"$STATE_DIR/runs.jsonl"
  run_reset
  RUN_WRITTEN=1
}

RUN_WRITTEN=''

# run_end EXIT: writes the line of a run that ends, unless every image had its own.
run_end() {
  [ -n "$RUN_COMMAND" ] || return 0
  case $RUN_COMMAND in help | version) return 0 ;; esac
  if [ -n "$RUN_WRITTEN" ] && [ -z "$RUN_IMAGE$RUN_OUTCOME" ]; then return 0; fi
  if [ -z "$RUN_OUTCOME" ]; then
    case $1 in
      0) RUN_OUTCOME='done' ;;
      130) RUN_OUTCOME=interrupted ;;
      *) RUN_OUTCOME=failed ;;
    esac
  fi
  run_write "$RUN_OUTCOME" "$1" || :
}
