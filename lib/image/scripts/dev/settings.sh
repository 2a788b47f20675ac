# shellcheck shell=bash
# What the stack wrote down: dev.env and services/*.env, as plain variables.
# The settings become plain shell variables; shellcheck cannot see where they come from.
# shellcheck disable=SC2034

# read_settings: the program's settings, if they are there.
read_settings() {
  # Not from the caller's environment: a setting this version of the file does not have is empty.
  PROJECT='' ENGINE=podman NETWORK='' SERVICES='' FAST_SERVICES='' ENV_TEMPLATE='' SHIMS='' STACK_DIR=.. PROJECT_DIR=''
  DIRECTORY_COUNT=0 MODEL_COUNT=0 EXTERNAL_COUNT=0 NATIVE='' NATIVE_PYTHON='' NATIVE_REQUIREMENTS='' NATIVE_NEEDS=''
  NATIVE_PORT='' NATIVE_VENV='' NATIVE_ENV_FILE='' NATIVE_COMMAND_COUNT=0 NATIVE_ENV_COUNT=0
  [ -r "$FILE_ROOT/$PROGRAM/dev.env" ] || return 0
  # shellcheck source=/dev/null
  . "$FILE_ROOT/$PROGRAM/dev.env"
}

# load_settings: the same, checked; PROJECT_ROOT (absolute) and STATE_DIR.
load_settings() {
  read_settings
  check_settings "$FILE_ROOT/$PROGRAM/dev.env"
}

# load_service NAME: the settings of one service.
load_service() {
  SERVICE=$1 CONTAINER='' IMAGE_NAME='' IMAGE_REF='' CONTEXT='' CONTAINERFILE='' TARGET='' ARG_COUNT=0
  PRODUCTION_FILE='' PRODUCTION_TARGET=''
  PORT_COUNT=0 LIVE_COUNT=0 LIVE_LABELS='' VOLUME_COUNT=0 DEPENDENCY_VOLUME_COUNT=0 DEPENDENCY_COUNT=0 ENV_COUNT=0
  ENV_FILE='' ENTRYPOINT_COUNT=0 COMMAND_COUNT=0 DEVICE_COUNT=0 HEALTH_PATH='' HEALTH_PORT='' HEALTH_TIMEOUT=60 HEALTH_COMMAND_COUNT=0 DEPENDS_ON=''
  STOP_SECONDS=10 KEEP_ID=''
  # shellcheck source=/dev/null
  . "$FILE_ROOT/$PROGRAM/services/$1.env"
}

# list NAME: LIST = the values NAME_1, NAME_2 …
list() {
  local i count=${1}_COUNT name
  LIST=()
  for ((i = 1; i <= ${!count}; i++)); do
    name=${1}_$i
    LIST+=("${!name}")
  done
}

# known_service NAME: ends the program when the stack has no such service.
known_service() {
  case " $SERVICES " in
    *" $1 "*) ;;
    *) die 2 "unknown service: $1" "$PROGRAM has: $SERVICES" ;;
  esac
}

# with_dependencies WANTED: REPLY = these services and those they depend on, in the order they start.
with_dependencies() {
  local wanted=" $* " before='' name other order=''
  while [ "$wanted" != "$before" ]; do
    before=$wanted
    for name in $wanted; do
      load_service "$name"
      for other in $DEPENDS_ON; do
        case $wanted in *" $other "*) ;; *) wanted="$wanted$other " ;; esac
      done
    done
  done
  for name in $SERVICES; do
    case $wanted in *" $name "*) order="$order $name" ;; esac
  done
  REPLY=${order# }
}

# services_argument COMMAND WORDS…: takes the words of a command that knows only common flags and service names; WANTED.
services_argument() {
  local command=$1
  shift
  WANTED=''
  while [ $# -gt 0 ]; do
    case $1 in
      -*) common_flag "$1" || bad_argument "$command" "$1" ;;
      *)
        known_service "$1"
        WANTED="$WANTED $1"
        ;;
    esac
    shift
  done
  WANTED=${WANTED# }
}

# read_env_file PATH: ENV_LINES = "NAME=value" of each line of an env file, as the engines read it: no quoting, no expansion.
read_env_file() {
  local line
  ENV_LINES=()
  while IFS= read -r line || [ -n "$line" ]; do
    line=${line%$'\r'}
    case $line in
      '' | '#'*) ;;
      [A-Za-z_]*=*) ENV_LINES+=("$line") ;;
    esac
  done <"$1"
}

# env_file_there PATH USER: a missing one is the first thing a newcomer meets.
env_file_there() {
  [ -f "$PROJECT_ROOT/$1" ] || die 2 "$2: its environment file $1 is not there" \
    "make it from $ENV_TEMPLATE with: $PROGRAM setup"
}
