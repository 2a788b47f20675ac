# shellcheck shell=bash
# logs: what a service printed.

help_logs() {
  cat <<TEXT
Usage: $PROGRAM logs [--follow] [--tail LINES] [SERVICE]

Prints what the container of a service has printed; of all services when none is named.

  --follow       go on as it prints more (one service)
  --tail LINES   only the last lines
TEXT
}

cmd_logs() {
  local follow='' tail='' words=() each options=()
  while [ $# -gt 0 ]; do
    case $1 in
      --follow | -f) follow=1 ;;
      --tail)
        need_value logs "$1" $#
        tail=$2
        shift
        case $tail in '' | *[!0-9]*) die 2 "logs: --tail wants a number, not $tail" "see: $PROGRAM help logs" ;; esac
        ;;
      *) words+=("$1") ;;
    esac
    shift
  done
  services_argument logs ${words[@]+"${words[@]}"}
  if [ -n "$follow" ]; then
    case ${WANTED:-$SERVICES} in *' '*) die 2 'logs: --follow takes one service' "$PROGRAM has: $SERVICES" ;; esac
  fi
  [ -z "$tail" ] || options+=(--tail "$tail")
  [ -z "$follow" ] || options+=(-f)
  containers_look
  for each in ${WANTED:-$SERVICES}; do
    load_service "$each"
    if ! container "$CONTAINER"; then
      say "$each: there is no container; start it with: $PROGRAM fast"
      continue
    fi
    case ${WANTED:-$SERVICES} in *' '*) say "== $each" ;; esac
    engine logs ${options[@]+"${options[@]}"} "$CONTAINER" 2>&1 || die 69 "the log of $CONTAINER cannot be read" "see: $PROGRAM doctor"
  done
}
