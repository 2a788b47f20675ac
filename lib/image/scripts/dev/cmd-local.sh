# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2034
# local: the server on this machine, without containers.

# shellcheck source=native.sh
. "$PROGRAM_DIR/native.sh"
# shellcheck source=ports.sh
. "$PROGRAM_DIR/ports.sh"
# shellcheck source=cmd-fast.sh
. "$PROGRAM_DIR/cmd-fast.sh"

help_local() {
  cat <<TEXT
Usage: $PROGRAM local [--no-server]

Makes the virtual environment (with uv where it is there), installs the packages when their file changed, downloads the models
that are missing, and runs the server in the foreground.

  --no-server   everything but the server
TEXT
}

cmd_local() {
  local server=1 words=() code=0 missing
  while [ $# -gt 0 ]; do
    case $1 in --no-server) server='' ;; *) words+=("$1") ;; esac
    shift
  done
  services_argument local ${words[@]+"${words[@]}"}
  [ -z "$WANTED" ] || bad_argument local "${WANTED%% *}"
  [ -n "$NATIVE" ] || die 2 'the stack has no strategy without containers' 'give the DevStack native: { command: […] }'
  [ -z "$NATIVE_ENV_FILE" ] || env_file_there "$NATIVE_ENV_FILE" local
  phase checks
  find_python || {
    install_hint "python$NATIVE_PYTHON"
    has uv || die 1 "Python $NATIVE_PYTHON or newer is not installed (there is ${PYTHON_SEEN:-none})" "$REPLY, or install uv"
  }
  missing_programs
  missing=$REPLY
  if [ -n "$missing" ]; then
    install_hint "$missing"
    die 1 "not installed: $missing" "$REPLY"
  fi
  if [ -n "$server" ] && [ -n "$NATIVE_PORT" ] && port_taken "$NATIVE_PORT"; then local_port_taken; fi
  phase environment
  local_environment
  phase models
  models
  external_missing
  [ -n "$server" ] || {
    [ -n "$DRY_RUN" ] || say "ready: $NATIVE_VENV"
    return 0
  }
  list NATIVE_COMMAND
  if would "${LIST[@]}"; then return; fi
  phase server
  local_server || code=$?
  phase ''
  case $code in
    0) ;;
    130 | 143) exit "$code" ;;
    *) die 65 "the server ended with exit code $code" "it was: ${LIST[*]}" ;;
  esac
}

local_port_taken() {
  port_holder "$NATIVE_PORT"
  case $REPLY in
    "the container $PROGRAM-"*-dev)
      REMEDY=${REPLY#"the container $PROGRAM-"}
      REMEDY="$PROGRAM stop ${REMEDY%-dev}"
      ;;
  esac
  die 2 "port $NATIVE_PORT is taken by $REPLY" "$REMEDY"
}

# local_environment: the virtual environment, with the packages of the file as it is now. What it was made from is noted only
# when that is done.
local_environment() {
  local venv=$PROJECT_ROOT/$NATIVE_VENV sum='' noted=''
  if [ -n "$NATIVE_REQUIREMENTS" ]; then
    [ -f "$PROJECT_ROOT/$NATIVE_REQUIREMENTS" ] || die 2 "$NATIVE_REQUIREMENTS is not there" "it is seen from $PROJECT_ROOT"
    read -r sum _ < <(sha256 <"$PROJECT_ROOT/$NATIVE_REQUIREMENTS")
  fi
  sum="$NATIVE_PYTHON $NATIVE_REQUIREMENTS $sum"
  if [ -f "$venv/.gantry" ]; then IFS= read -r noted <"$venv/.gantry" || :; fi
  if [ "$noted" = "$sum" ] && [ -x "$venv/bin/python" ]; then
    note "$NATIVE_VENV is up to date"
    return
  fi
  if would make the environment "$NATIVE_VENV"; then return; fi
  if ! [ -x "$venv/bin/python" ]; then
    note "making $NATIVE_VENV"
    if has uv; then
      uv venv --quiet --python ">=$NATIVE_PYTHON" "$venv" >&2 || die 65 "uv cannot make $NATIVE_VENV" 'see above'
    else
      "$PYTHON" -m venv "$venv" >&2 || die 65 "$PYTHON cannot make $NATIVE_VENV" 'see above; on Debian the package python3-venv is needed'
    fi
  fi
  [ -z "$NATIVE_REQUIREMENTS" ] || install_packages "$venv"
  printf '%s\n' "$sum" >"$venv/.gantry"
}

install_packages() {
  local what
  note "installing what $NATIVE_REQUIREMENTS names"
  case $NATIVE_REQUIREMENTS in
    */pyproject.toml) what=(-e "$PROJECT_ROOT/${NATIVE_REQUIREMENTS%/*}") ;;
    pyproject.toml) what=(-e "$PROJECT_ROOT") ;;
    *) what=(-r "$PROJECT_ROOT/$NATIVE_REQUIREMENTS") ;;
  esac
  if has uv; then
    (cd -- "$PROJECT_ROOT" && uv pip install --quiet --python "$1/bin/python" "${what[@]}") >&2
  else
    (cd -- "$PROJECT_ROOT" && PIP_DISABLE_PIP_VERSION_CHECK=1 "$1/bin/python" -m pip install --quiet "${what[@]}") >&2
  fi || die 65 'the packages cannot be installed' 'see above; they are tried again at the next run'
}

# local_server: the server in the environment, with what the env file and the stack say.
local_server() (
  local each
  cd -- "$PROJECT_ROOT" || exit
  export VIRTUAL_ENV=$PROJECT_ROOT/$NATIVE_VENV
  export PATH=$VIRTUAL_ENV/bin:$PATH
  if [ -n "$NATIVE_ENV_FILE" ]; then
    read_env_file "$PROJECT_ROOT/$NATIVE_ENV_FILE"
    for each in ${ENV_LINES[@]+"${ENV_LINES[@]}"}; do export "${each?}"; done
  fi
  list NATIVE_ENV
  for each in ${LIST[@]+"${LIST[@]}"}; do export "${each?}"; done
  list NATIVE_COMMAND
  trap - INT TERM HUP EXIT
  exec "${LIST[@]}"
)
