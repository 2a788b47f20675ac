# shellcheck shell=bash source-path=SCRIPTDIR
# scale: how many workers run although nothing waits.

# shellcheck source=api.sh
. "$PROGRAM_DIR/api.sh"

help_scale() {
  cat <<TEXT
Usage: $PROGRAM scale [--environment ENVIRONMENT] WORKERS COUNT
       $PROGRAM scale [--environment ENVIRONMENT] WORKERS --reset

Changes how many workers KEDA keeps although nothing waits (minReplicaCount), until --reset or 'apply --force'. More start with the
jobs in the queue, up to the maximum of the stack. A ScaledJob has no scale of its own that 'kubectl scale' could set.
TEXT
}

cmd_scale() {
  local environment='' reset='' words=() name count namespace each min max names=''
  while [ $# -gt 0 ]; do
    case $1 in
      --environment)
        need_value scale "$1" $#
        environment=$2
        shift
        ;;
      --reset) reset=1 ;;
      -*) common_flag "$1" || bad_argument scale "$1" ;;
      *) words+=("$1") ;;
    esac
    shift
  done
  name=${words[0]:-} count=${words[1]:-}
  [ -n "$name" ] || die 2 "scale: which workers?" "see: $PROGRAM help scale"
  environment_argument scale ${environment:+"$environment"}
  load_environment
  while read -r namespace each min max; do
    [ "$each" != "$name" ] || break
    names="${names:+$names, }$each"
  done <<<"$WORKERS"
  [ "$each" = "$name" ] || die 2 "scale: no workers $name" "the stack has: ${names:-none}"
  if [ -n "$reset" ]; then
    [ -z "$count" ] || bad_argument scale "$count"
    count=$min
  fi
  case $count in '' | *[!0-9]*) die 2 "scale: COUNT is a whole number, not '$count'" "see: $PROGRAM help scale" ;; esac
  [ "$count" -le "$max" ] || die 2 "scale: $count is more than the maximum of $name, $max" "the maximum is that of the stack, against which its quota is proved"
  would kubectl -n "$namespace" patch scaledjob "$name" --type merge -p "{\"spec\":{\"minReplicaCount\":$count}}" && return
  need_cluster
  kube -n "$namespace" patch scaledjob.keda.sh "$name" --field-manager=gantry-scale --type merge \
    -p "{\"spec\":{\"minReplicaCount\":$count}}" >/dev/null || die 69 "the ScaledJob $namespace/$name cannot be changed"
  say "$name: at least $count, at most $max"
}
