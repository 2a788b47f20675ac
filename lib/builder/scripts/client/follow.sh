# shellcheck shell=bash disable=SC2034
# Showing a build that runs on the builder. Nothing that happens here touches the build: Ctrl-C leaves it, a connection that
# drops is made again and goes on where the log stopped.

FOLLOW_IMAGE='' FOLLOW_PID='' FOLLOW_READER=''

# follow_program IMAGE NAME ARGS…: runs a host program that prints `run <id>` and a build's log; returns the build's code.
# Sets RUN_ID.
follow_program() {
  local image=$1 line code tries=0 seen before=0
  shift
  program_line "$@"
  line=$REPLY
  FOLLOW_IMAGE=$image
  rm -f -- "$TEMP_DIR/run" "$TEMP_DIR/log"
  : >"$TEMP_DIR/log"
  [ -p "$TEMP_DIR/fifo" ] || mkfifo "$TEMP_DIR/fifo"
  trap 'follow_interrupted 130' INT
  trap 'follow_interrupted 143' TERM
  trap 'follow_stop; exit 129' HUP
  while :; do
    code=0
    follow_once "$line" || code=$?
    if [ -s "$TEMP_DIR/run" ]; then read -r _ RUN_ID <"$TEMP_DIR/run" || :; fi
    case $code in
      121)
        ship_library
        continue
        ;;
      255) ;;
      *) break ;;
    esac
    tries=$((tries + 1))
    if ! [ -s "$TEMP_DIR/run" ]; then
      # Nothing is known to run yet. The program may be asked the same again: it knows the run.
      [ "$tries" -le 3 ] || host_unreachable
      on_host :
      continue
    fi
    seen=$(wc -c <"$TEMP_DIR/log")
    seen=$((seen)) # without the blanks of BSD's wc
    if [ "$seen" -gt "$before" ]; then tries=1 before=$seen; fi
    if [ "$tries" -gt 8 ]; then
      kind_remedy
      die 69 "the connection is gone (${HOST_FAULT:-no answer}); the build goes on by itself" \
        "come back with: $PROGRAM attach $image${REPLY:+$'\n'$REPLY}"
    fi
    note "the connection dropped; the build goes on, connecting again ($tries)"
    kind_heal || sleep $((tries < 4 ? tries : 15))
    program_line follow.sh "$image" "$RUN_ID" "$seen" # from the byte we have
    line=$REPLY
  done
  trap 'exit 130' INT
  trap 'exit 143' TERM
  trap 'exit 129' HUP
  if [ -n "$QUIET" ] && [ "$code" -ne 0 ]; then tail -n 25 "$TEMP_DIR/log" >&2; fi
  FOLLOW_IMAGE=''
  return "$code"
}

# follow_once LINE: in the background, because bash acts on a signal only when the program in front has ended.
follow_once() {
  local code=0
  follow_reader <"$TEMP_DIR/fifo" &
  FOLLOW_READER=$!
  # With job control it has a process group of its own: Ctrl-C is for us, and on this machine not for the build either.
  set -m
  # The connection that is kept open holds the outputs until the build ends, so they must not be ours.
  KIND_EXEC=1 kind_attempt '' "$1" >"$TEMP_DIR/fifo" 2>"$TEMP_DIR/follow.errors" &
  FOLLOW_PID=$!
  set +m
  wait "$FOLLOW_PID" || code=$?
  FOLLOW_PID=''
  wait "$FOLLOW_READER" || :
  if [ -s "$TEMP_DIR/follow.errors" ]; then cat -- "$TEMP_DIR/follow.errors" >&2; fi
  if [ "$code" -eq 255 ]; then kind_fault; else kind_reached; fi
  return "$code"
}

follow_reader() {
  local header
  IFS= read -r header || return 0
  case $header in 'run '*) [ -s "$TEMP_DIR/run" ] || printf '%s\n' "$header" >"$TEMP_DIR/run" ;; esac
  if [ -n "$QUIET" ]; then
    exec cat >>"$TEMP_DIR/log"
  elif [ -n "$JSON" ]; then
    exec tee -a "$TEMP_DIR/log" >&2
  else
    exec tee -a "$TEMP_DIR/log"
  fi
}

# The reader too: the connection that is kept open has the other end of its pipe until the build ends.
follow_stop() { [ -z "$FOLLOW_PID" ] || kill "$FOLLOW_PID" "$FOLLOW_READER" 2>/dev/null || :; }

follow_interrupted() { # EXIT
  trap '' INT TERM HUP # once is enough
  follow_stop
  printf '\n%s\n  %s\n' "The build of $FOLLOW_IMAGE goes on on the builder." "come back with: $PROGRAM attach $FOLLOW_IMAGE" >&2
  RUN_OUTCOME='interrupted; the build goes on'
  exit "$1"
}
