# shellcheck shell=bash source-path=SCRIPTDIR
# full: the whole stack, by compose where there is one. podman-compose does not wait for health, does not replace what changed,
# and ends with 0 when a container did not start: that part is ours.

# shellcheck source=run.sh
. "$PROGRAM_DIR/run.sh"
# shellcheck source=cmd-fast.sh
. "$PROGRAM_DIR/cmd-fast.sh"

help_full() {
  cat <<TEXT
Usage: $PROGRAM full

Brings all services up, also those that '$PROGRAM fast' leaves out: with podman-compose or docker compose and the generated
$PROGRAM/compose.yaml; without either, by itself. Each service is waited for before those that depend on it start.
TEXT
}

cmd_full() {
  services_argument full "$@"
  [ -z "$WANTED" ] || bad_argument full "${WANTED%% *}"
  engine_there
  find_compose
  # shellcheck disable=SC2086 # names without spaces
  bring_up $SERVICES
  show_results
  external_missing
}

# find_compose: COMPOSE = the command, none when there is no compose here.
find_compose() {
  COMPOSE=()
  if [ "$ENGINE" = docker ]; then
    if docker compose version >/dev/null 2>&1; then COMPOSE=(docker compose); fi
  elif has podman-compose; then
    COMPOSE=(podman-compose)
  fi
  if [ "${#COMPOSE[@]}" -gt 0 ]; then
    run_container() { compose_up; }
  else
    note "there is no compose for $ENGINE here; starting the services without it"
  fi
}

# compose_up: has compose start the loaded service; as run_container.
compose_up() {
  local words wanted=$SERVICE code=0
  words=(${COMPOSE[@]+"${COMPOSE[@]}"})
  if [ "${COMPOSE[0]}" = podman-compose ] && [ -n "$KEEP_ID" ] && [ "$EUID" -ne 0 ]; then
    words+=(--podman-run-args=--userns=keep-id)
  fi
  compose_variables
  hashes_of "$wanted"
  words+=(-p "$PROGRAM" -f "$FILE_ROOT/$PROGRAM/compose.yaml" up -d --no-build --no-deps "$SERVICE")
  REPLY=$("${words[@]}" 2>&1 9>&-) || code=$?
  [ "$code" -eq 0 ] || return "$code"
  # Its own word counts for nothing.
  [ "$(engine inspect --format '{{.State.Status}}' "$CONTAINER" 2>/dev/null || :)" != created ] \
    && [ "$(engine inspect --format '{{index .Config.Labels "io.gantry.config"}}' "$CONTAINER" 2>/dev/null)" = "$CONFIG_HASH" ]
}

# compose_variables: exports what the compose file asks for.
compose_variables() {
  local each name
  labels_here
  export DEV_ROOT=$PROJECT_ROOT DEV_LABEL_OWN=$LABEL_OWN DEV_LABEL_SHARED=$LABEL_SHARED
  for each in $SERVICES; do
    hashes_of "$each"
    name=$(printf '%s' "$each" | tr 'a-z-' 'A-Z_')
    export "DEV_${name}_IMAGE=$IMAGE" "DEV_${name}_HASH=$DEPENDENCY_HASH" "DEV_${name}_CONFIG=$CONFIG_HASH"
  done
}
