# shellcheck shell=bash source-path=SCRIPTDIR
# setup: once after a checkout.

# shellcheck source=native.sh
. "$PROGRAM_DIR/native.sh"
# shellcheck source=cmd-doctor.sh
. "$PROGRAM_DIR/cmd-doctor.sh"

help_setup() {
  cat <<TEXT
Usage: $PROGRAM setup [--no-models]

Makes the directories of the stack and of mounted code, each missing environment file from $ENV_TEMPLATE (for you only to read),
downloads the models, and looks at the machine as '$PROGRAM doctor' does. What is there already is never overwritten. Exit code 1
when doctor finds something.

  --no-models   leave the downloads to '$PROGRAM local'
TEXT
}

cmd_setup() {
  local with_models=1 words=() each service
  while [ $# -gt 0 ]; do
    case $1 in --no-models) with_models='' ;; *) words+=("$1") ;; esac
    shift
  done
  services_argument setup ${words[@]+"${words[@]}"}
  [ -z "$WANTED" ] || bad_argument setup "${WANTED%% *}"
  phase directories
  list DIRECTORY
  for each in ${LIST[@]+"${LIST[@]}"}; do setup_directory "$each"; done
  for service in $SERVICES; do
    load_service "$service"
    list LIVE
    for each in ${LIST[@]+"${LIST[@]}"}; do setup_directory "${each%%:*}"; done
    [ -z "$ENV_FILE" ] || setup_env "$ENV_FILE"
  done
  [ -z "$NATIVE_ENV_FILE" ] || setup_env "$NATIVE_ENV_FILE"
  phase models
  [ -z "$with_models" ] || models
  if [ -n "$DRY_RUN" ]; then return; fi
  phase checks
  doctor
}

setup_directory() {
  [ ! -d "$PROJECT_ROOT/$1" ] || return 0
  if would mkdir -p "$1"; then return; fi
  mkdir -p -- "$PROJECT_ROOT/$1" || die 2 "$1 cannot be made" "it is seen from $PROJECT_ROOT"
  note "made $1"
}

setup_env() {
  [ ! -e "$PROJECT_ROOT/$1" ] || return 0
  [ -f "$PROJECT_ROOT/$ENV_TEMPLATE" ] || die 2 "$1 is not there, nor $ENV_TEMPLATE to make it from" \
    "write $PROJECT_ROOT/$ENV_TEMPLATE, or $1 yourself"
  if would cp "$ENV_TEMPLATE" "$1"; then return; fi
  if ! (umask 077 && cat -- "$PROJECT_ROOT/$ENV_TEMPLATE" >"$PROJECT_ROOT/$1.new") \
    || ! mv -- "$PROJECT_ROOT/$1.new" "$PROJECT_ROOT/$1"; then
    die 2 "$1 cannot be written" "it is seen from $PROJECT_ROOT"
  fi
  note "made $1 from $ENV_TEMPLATE; look through it"
}
