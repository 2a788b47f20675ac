# shellcheck shell=bash source-path=SCRIPTDIR
# fast: daily development. Builds only when dependencies changed; code is mounted.

# shellcheck source=run.sh
. "$PROGRAM_DIR/run.sh"

help_fast() {
  cat <<TEXT
Usage: $PROGRAM fast [SERVICE…]

Brings the services up with your code mounted. An image is built only when its dependency files, Containerfile, build
arguments or base image changed; a container is replaced only when the image or its settings changed. With nothing changed it
changes nothing. No SERVICE means all but those that only '$PROGRAM full' starts; a service brings those it depends on.
TEXT
}

cmd_fast() {
  services_argument fast "$@"
  # shellcheck disable=SC2086 # names without spaces
  with_dependencies ${WANTED:-$FAST_SERVICES}
  WANTED=$REPLY
  # shellcheck disable=SC2086
  bring_up $WANTED
  show_results
  external_missing
}

# external_missing: says which servers of others do not answer.
external_missing() {
  local each port name purpose
  list EXTERNAL
  for each in ${LIST[@]+"${LIST[@]}"}; do
    read -r port name purpose <<<"$each"
    port_taken "$port" || warn "nothing listens on port $port of this machine: $name${purpose:+ ($purpose)}"
  done
}
