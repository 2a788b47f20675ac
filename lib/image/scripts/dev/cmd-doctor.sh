# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2034
# doctor: what is wrong, with the remedy. Changes nothing.

# shellcheck source=native.sh
. "$PROGRAM_DIR/native.sh"
# shellcheck source=ports.sh
. "$PROGRAM_DIR/ports.sh"
# shellcheck source=../../../core/scripts/findings.sh
. "$COMMON_DIR/findings.sh"

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

doctor() {
  doctor_engine
  doctor_files
  doctor_ports
  [ -z "$NATIVE" ] || doctor_native
  doctor_external
  findings_end
}

doctor_engine() {
  local version
  if ! has "$ENGINE"; then
    install_hint "$ENGINE"
    finding error engine "$ENGINE is not installed" "$REPLY"
    return
  fi
  if ! engine_said info; then
    finding error engine "$ENGINE does not answer" "${REPLY##*$'\n'}"
    return
  fi
  version=$(engine --version) || version=$ENGINE
  finding ok engine "${version:-$ENGINE}"
  if [ "$ENGINE" = podman ] && [ "$EUID" -ne 0 ]; then
    case $(engine info --format '{{.Store.GraphDriverName}}' 2>/dev/null) in
      vfs) finding error engine 'podman keeps images without an overlay: each layer is a whole copy' \
        'write driver = "overlay" to ~/.config/containers/storage.conf, then podman system reset (all images go)' ;;
    esac
  fi
  if [ "$ENGINE" = podman ] && ! has podman-compose; then finding ok engine "no podman-compose: '$PROGRAM full' starts the services by itself"; fi
}

doctor_files() {
  local service each there
  for service in $SERVICES; do
    load_service "$service"
    there=1
    if [ -n "$ENV_FILE" ] && ! [ -f "$PROJECT_ROOT/$ENV_FILE" ]; then
      there=''
      finding error "$service" "$ENV_FILE is not there" "$PROGRAM setup"
    elif [ -n "$ENV_FILE" ]; then
      doctor_env
    fi
    list DEPENDENCY
    for each in ${CONTEXT:+"$CONTEXT/$CONTAINERFILE"} ${LIST[@]+"${LIST[@]}"}; do
      [ ! -f "$PROJECT_ROOT/$each" ] || continue
      there=''
      finding error "$service" "$each is not there" "it is seen from $PROJECT_ROOT"
    done
    list LIVE
    for each in ${LIST[@]+"${LIST[@]}"}; do
      each=${each%%:*}
      if [ -f "$PROJECT_ROOT/$each" ]; then
        there=''
        finding error "$service" "$each is a file; a single file goes stale in the container" 'mount its directory'
      elif ! [ -d "$PROJECT_ROOT/$each" ]; then
        there=''
        finding error "$service" "the directory $each is not there" "$PROGRAM setup"
      fi
    done
    [ -z "$there" ] || finding ok "$service" "its files are there"
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
  [ -z "$missing" ] || finding error "$SERVICE" "$ENV_FILE lacks$missing, which $ENV_TEMPLATE has" "add them to $ENV_FILE"
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
      finding error "$service" "port ${each%%:*} is taken by $REPLY" "$REMEDY"
    done
  done
}

doctor_native() {
  local each
  if find_python; then
    finding ok local "$PYTHON"
  elif has uv; then
    finding ok local 'uv, which brings Python along'
  else
    install_hint "python$NATIVE_PYTHON"
    finding error local "Python $NATIVE_PYTHON or newer is not installed (there is ${PYTHON_SEEN:-none})" "$REPLY"
  fi
  missing_programs
  each=$REPLY
  if [ -n "$each" ]; then
    install_hint "$each"
    finding error local "not installed: $each" "$REPLY"
  fi
  list MODEL
  for each in ${LIST[@]+"${LIST[@]}"}; do
    model_of "$each"
    [ -f "$PROJECT_ROOT/$MODEL_PATH" ] || finding error local "the model $MODEL_PATH is not there" "$PROGRAM setup"
  done
}

doctor_external() {
  local each port name purpose
  list EXTERNAL
  for each in ${LIST[@]+"${LIST[@]}"}; do
    read -r port name purpose <<<"$each"
    if port_taken "$port"; then
      finding ok external "$name answers on port $port"
    else
      finding error external "nothing listens on port $port: $name${purpose:+ ($purpose)}" 'start it'
    fi
  done
}
