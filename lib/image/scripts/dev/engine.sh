# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2034
# The container engine, what runs of ours on it, and the lock that lets one change at a time happen.

# shellcheck source=../../../core/scripts/lock.sh
. "$COMMON_DIR/lock.sh"

# Without our lock (file 9): what it leaves running would hold it.
engine() { "$ENGINE" "$@" 9>&-; }

engine_there() {
  has "$ENGINE" || die 1 "$ENGINE is not installed" "install it, or change the engine in the stack"
}

# engine_said COMMAND…: runs the engine; when it fails, its words are in REPLY.
engine_said() {
  local code=0
  REPLY=$(engine "$@" 2>&1) || code=$?
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
  exec 4< <("$ENGINE" ps -a --filter "label=io.gantry.dev=$PROGRAM" --format "$format" 2>"$TEMP_DIR/ps.errors" 9>&- && echo '|end')
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

# lock: one change at a time.
lock() {
  local pid=''
  [ -z "$LOCK$DRY_RUN" ] || return 0
  state_dir
  exec 9<>"$STATE_DIR/$PROGRAM.lock"
  if ! lock_file -n 9; then
    read -r pid <"$STATE_DIR/$PROGRAM.lock" || :
    die 75 "another run of $PROGRAM is at work${pid:+ (process $pid)}" "wait for it, or end it"
  fi
  printf '%s\n' "$$" >"$STATE_DIR/$PROGRAM.lock"
  LOCK=1
}

# What a run that ends halfway must put right.
UNDO=''

engine_leave() {
  [ -z "$UNDO" ] || $UNDO
}
