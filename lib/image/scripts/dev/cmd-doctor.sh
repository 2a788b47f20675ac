# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2034
# doctor: what is wrong, with the remedy. Changes nothing.

# shellcheck source=native.sh
. "$PROGRAM_DIR/native.sh"
# shellcheck source=ports.sh
. "$PROGRAM_DIR/ports.sh"

help_doctor() {
  cat <<TEXT
Usage: $PROGRAM doctor [--json]

Looks at the engine, ports, environment files, dependency files, Python and programs, models, and servers that must be there already.
Exit code 1 when something is wrong.
TEXT
}

cmd_doctor() {
  services_argument doctor "$@"
  [ -z "$WANTED" ] || bad_argument doctor "${WANTED%% *}"
  doctor
}

# found TEXT REMEDY, fine TEXT: a line each, or an item of the JSON.
found() {
  local text
  FINDINGS=$((FINDINGS + 1))
  if [ -n "$JSON" ]; then
    json_string "$1" && text=$REPLY
    json_string "$2"
    DOCTOR_ITEMS="${DOCTOR_ITEMS:+$DOCTOR_ITEMS,}{\"finding\":$text,\"remedy\":$REPLY}"
  else
    say "WRONG  $1"
    say "       $2"
  fi
}

fine() { [ -n "$JSON" ] || say "ok     $1"; }

doctor() {
  FINDINGS=0 DOCTOR_ITEMS=''
  doctor_engine
  doctor_files
  doctor_ports
  [ -z "$NATIVE" ] || doctor_native
  doctor_external
  if [ -n "$JSON" ]; then say "{\"program\":\"$PROGRAM\",\"findings\":[$DOCTOR_ITEMS]}"; fi
  if [ "$FINDINGS" -eq 0 ]; then return; fi
  RUN_OUTCOME="$FINDINGS findings"
  exit 1
}

doctor_engine() {
  local version
  if ! has "$ENGINE"; then
    install_hint "$ENGINE"
    found "$ENGINE is not installed" "$REPLY"
    return
  fi
  if ! engine_said info; then
    found "$ENGINE does not answer" "${REPLY##*$'\n'}"
    return
  fi
  version=$(engine --version) || version=$ENGINE
  fine "$version"
  if [ "$ENGINE" = podman ] && [ "$EUID" -ne 0 ]; then
    case $(engine info --format '{{.Store.GraphDriverName}}' 2>/dev/null) in
      vfs) found 'podman keeps images without an overlay: each layer is a whole copy' \
        'write driver = "overlay" to ~/.config/containers/storage.conf, then podman system reset (all images go)' ;;
    esac
  fi
  if [ "$ENGINE" = podman ] && ! has podman-compose; then fine "no podman-compose: '$PROGRAM full' starts the services by itself"; fi
}

doctor_files() {
  local service each there
  for service in $SERVICES; do
    load_service "$service"
    there=1
    if [ -n "$ENV_FILE" ] && ! [ -f "$PROJECT_ROOT/$ENV_FILE" ]; then
      there=''
      found "$service: $ENV_FILE is not there" "$PROGRAM setup"
    elif [ -n "$ENV_FILE" ]; then
      doctor_env
    fi
    list DEPENDENCY
    for each in ${CONTEXT:+"$CONTEXT/$CONTAINERFILE"} ${LIST[@]+"${LIST[@]}"}; do
      [ ! -f "$PROJECT_ROOT/$each" ] || continue
      there=''
      found "$service: $each is not there" "it is seen from $PROJECT_ROOT"
    done
    list LIVE
    for each in ${LIST[@]+"${LIST[@]}"}; do
      each=${each%%:*}
      if [ -f "$PROJECT_ROOT/$each" ]; then
        there=''
        found "$service: $each is a file; a single file goes stale in the container" 'mount its directory'
      elif ! [ -d "$PROJECT_ROOT/$each" ]; then
        there=''
        found "$service: the directory $each is not there" "$PROGRAM setup"
      fi
    done
    [ -z "$there" ] || fine "$service: its files are there"
  done
}

# doctor_env: names that the template has and the environment file lacks: what a git pull brought.
doctor_env() {
  local each names=' ' missing=''
  [ -f "$PROJECT_ROOT/$ENV_TEMPLATE" ] || return 0
  read_env_file "$PROJECT_ROOT/$ENV_FILE"
  for each in ${ENV_LINES[@]+"${ENV_LINES[@]}"}; do names="$names${each%%=*} "; done
  read_env_file "$PROJECT_ROOT/$ENV_TEMPLATE"
  for each in ${ENV_LINES[@]+"${ENV_LINES[@]}"}; do
    case $names in *" ${each%%=*} "*) ;; *) missing="$missing ${each%%=*}" ;; esac
  done
  [ -z "$missing" ] || found "$SERVICE: $ENV_FILE lacks$missing, which $ENV_TEMPLATE has" "add them to $ENV_FILE"
}

doctor_ports() {
  local service each
  for service in $SERVICES; do
    load_service "$service"
    list PORT
    for each in ${LIST[@]+"${LIST[@]}"}; do
      port_taken "${each%%:*}" || continue
      port_holder "${each%%:*}"
      case $REPLY in "the container $CONTAINER") continue ;; esac
      found "$service: port ${each%%:*} is taken by $REPLY" "$REMEDY"
    done
  done
}

doctor_native() {
  local each
  if find_python; then
    fine "$PYTHON"
  elif has uv; then
    fine 'uv, which brings Python along'
  else
    install_hint "python$NATIVE_PYTHON"
    found "Python $NATIVE_PYTHON or newer is not installed (there is ${PYTHON_SEEN:-none})" "$REPLY"
  fi
  missing_programs
  each=$REPLY
  if [ -n "$each" ]; then
    install_hint "$each"
    found "not installed: $each" "$REPLY"
  fi
  list MODEL
  for each in ${LIST[@]+"${LIST[@]}"}; do
    model_of "$each"
    [ -f "$PROJECT_ROOT/$MODEL_PATH" ] || found "the model $MODEL_PATH is not there" "$PROGRAM setup"
  done
}

doctor_external() {
  local each port name purpose
  list EXTERNAL
  for each in ${LIST[@]+"${LIST[@]}"}; do
    read -r port name purpose <<<"$each"
    if port_taken "$port"; then
      fine "$name answers on port $port"
    else
      found "nothing listens on port $port: $name${purpose:+ ($purpose)}" 'start it'
    fi
  done
}
