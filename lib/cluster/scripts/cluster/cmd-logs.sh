# shellcheck shell=bash source-path=SCRIPTDIR
# logs: what a service, workers or a chart printed.

# shellcheck source=api.sh
. "$PROGRAM_DIR/api.sh"

help_logs() {
  cat <<TEXT
Usage: $PROGRAM logs [--tail LINES] [--no-follow] [--environment ENVIRONMENT] NAME

Prints the last lines of all pods of a service, of workers or of a chart's release, and goes on as they print more.

  --tail LINES   the last lines of each pod; 100 when it is not said
  --no-follow    ends after them
TEXT
}

cmd_logs() {
  local environment='' tail=100 follow=-f name='' namespace each selector='' names=''
  while [ $# -gt 0 ]; do
    case $1 in
      --tail | --environment)
        need_value logs "$1" $#
        if [ "$1" = --tail ]; then tail=$2; else environment=$2; fi
        shift
        ;;
      --no-follow) follow='' ;;
      -*) common_flag "$1" || bad_argument logs "$1" ;;
      *)
        [ -z "$name" ] || bad_argument logs "$1"
        name=$1
        ;;
    esac
    shift
  done
  case $tail in '' | *[!0-9]*) die 2 "logs: --tail wants a number, not $tail" "see: $PROGRAM help logs" ;; esac
  environment_argument logs ${environment:+"$environment"}
  load_environment
  while read -r namespace each _; do
    [ -n "$each" ] || continue
    names="${names:+$names, }$each"
    if [ "$each" = "$name" ]; then
      selector="app=$name"
      # KEDA gives the pods of its Jobs this label and no other of ours.
      case $'\n'$WORKERS in *$'\n'"$namespace $name "*) selector="scaledjob.keda.sh/name=$name" ;; esac
      case $'\n'$RELEASES$'\n' in *$'\n'"$namespace $name"$'\n'*) selector="app.kubernetes.io/instance=$name" ;; esac
      break
    fi
  done <<<"$SERVICES"$'\n'"$WORKERS"$'\n'"$RELEASES"
  [ -n "$selector" ] || die 2 "logs: ${name:+no service, workers or chart }${name:-of what?}" "there are: $names"
  would kubectl -n "$namespace" logs -l "$selector" --all-containers --prefix --tail="$tail" ${follow:+"$follow"} && return
  need_cluster
  kube -n "$namespace" logs -l "$selector" --all-containers --prefix --max-log-requests=50 --tail="$tail" ${follow:+"$follow"} \
    || die 69 "the log of $name cannot be read" "see: $PROGRAM status $ENVIRONMENT"
}
