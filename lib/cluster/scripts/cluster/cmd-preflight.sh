# shellcheck shell=bash source-path=SCRIPTDIR
# preflight: what must hold before anything is deployed.

# shellcheck source=environment.sh
. "$PROGRAM_DIR/environment.sh"
# shellcheck source=preflight.sh
. "$PROGRAM_DIR/preflight.sh"

help_preflight() {
  cat <<TEXT
Usage: $PROGRAM preflight [ENVIRONMENT] [--port PORT[=NAME]]… [--json]

Whether the cluster answers, its namespaces can take something in, the charts are unpacked, and the ports of this machine that
are to be forwarded are free; for one that is not, who has it. Changes nothing. Tilt runs it before all else.

  --port PORT[=NAME]   a port that must be free, and what wants it

Exit codes: 0 all holds, 1 something does not.
TEXT
}

cmd_preflight() {
  local words=() ports=() each
  while [ $# -gt 0 ]; do
    case $1 in
      --port)
        need_value preflight "$1" $#
        case ${2%%=*} in
          '' | *[!0-9]*) die 2 "preflight: --port wants a number, got $2" "see: $PROGRAM help preflight" ;;
        esac
        ports+=("$2")
        shift
        ;;
      *) words+=("$1") ;;
    esac
    shift
  done
  environment_argument preflight ${words[@]+"${words[@]}"}
  preflight_charts "$ENVIRONMENT"
  if preflight_cluster; then preflight_namespaces "$ENVIRONMENT"; fi
  for each in ${ports[@]+"${ports[@]}"}; do
    preflight_port "${each%%=*}" "${each#*=}"
  done
  findings_end
}
