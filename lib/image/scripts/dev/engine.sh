# shellcheck shell=bash disable=SC2034
# The container engine, what runs of ours on it, and the lock that lets one change at a time happen.

engine() { "$ENGINE" "$@"; }

engine_there() {
  has "$ENGINE" || die 1 "$ENGINE is not installed" "install it, or change the engine in the stack"
}

# engine_said COMMAND…: runs the engine; when it fails, its words are in REPLY.
engine_said() {
  local code=0
  REPLY=$("$ENGINE" "$@" 2>&1) || code=$?
  return "$code"
}

# --- what there is --------------------------------------------------------------------------------------------------

# containers_ask: starts the question which containers of this program there are, beside other work.
containers_ask() {
  local label='{{.Label "io.gantry.%s"}}' format each
  engine_there
  format='{{.Names}}|{{.State}}'
  for each in service config root; do
    # shellcheck disable=SC2059 # the format is ours
    printf -v label '|{{.Label "io.gantry.%s"}}' "$each"
    if [ "$ENGINE" = podman ]; then printf -v label '|{{index .Labels "io.gantry.%s"}}' "$each"; fi
    format="$format$label"
  done
  temp_dir
  exec 4< <("$ENGINE" ps -a --filter "label=io.gantry.dev=$PROGRAM" --format "$format" 2>"$TEMP_DIR/ps.errors" && echo '|end')
}

# containers_read: CONTAINERS = the answer, a line each: name|state|service|config|root
containers_read() {
  local answer='' errors=''
  IFS= read -r -d '' -u 4 answer || :
  exec 4<&-
  case $answer in
    *'|end'$'\n') CONTAINERS=${answer%'|end'*} ;;
    *)
      IFS= read -r -d '' errors <"$TEMP_DIR/ps.errors" || :
      die 69 "$ENGINE does not answer" "${errors%$'\n'}"
      ;;
  esac
}

containers_look() {
  containers_ask
  containers_read
}

# container NAME: whether there is one of ours of this name; C_STATE, C_SERVICE, C_CONFIG, C_ROOT.
container() {
  local name
  while IFS='|' read -r name C_STATE C_SERVICE C_CONFIG C_ROOT; do
    if [ "$name" = "$1" ]; then
      state_word
      return 0
    fi
  done <<<"$CONTAINERS"
  C_STATE='' C_SERVICE='' C_CONFIG='' C_ROOT=''
  return 1
}

# state_word: C_STATE in docker's words; podman 4 says "Up 2 minutes ago".
state_word() {
  case $C_STATE in
    Up* | running) C_STATE=running ;;
    Exited*) C_STATE=exited ;;
    Created) C_STATE=created ;;
    Paused) C_STATE=paused ;;
  esac
}

# --- the lock -------------------------------------------------------------------------------------------------------

LOCK=''

# lock: one change at a time. A directory is made or is there, on every system; a program that was killed leaves one behind.
lock() {
  local pid=''
  [ -z "$LOCK" ] || return 0
  [ -z "$DRY_RUN" ] || return 0
  state_dir
  if ! mkdir "$STATE_DIR/$PROGRAM.lock" 2>/dev/null; then
    read -r pid 2>/dev/null <"$STATE_DIR/$PROGRAM.lock/pid" || :
    if [ -z "$pid" ]; then sleep 1 && { read -r pid 2>/dev/null <"$STATE_DIR/$PROGRAM.lock/pid" || :; }; fi
    if [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null; then
      die 75 "another run of $PROGRAM is at work (process $pid)" "wait for it, or end it"
    fi
    rm -rf -- "$STATE_DIR/$PROGRAM.lock"
    mkdir "$STATE_DIR/$PROGRAM.lock" 2>/dev/null || die 75 "another run of $PROGRAM is at work" "wait for it"
  fi
  LOCK=$STATE_DIR/$PROGRAM.lock
  printf '%s\n' "$$" >"$LOCK/pid"
}

# What a run that ends halfway must put right.
UNDO=''

engine_leave() {
  [ -z "$UNDO" ] || $UNDO
  [ -z "$LOCK" ] || rm -rf -- "$LOCK"
}
