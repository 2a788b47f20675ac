# shellcheck shell=bash disable=SC2034
# Naming a build that the builder remembers.

# runs_arguments COMMAND ARGS…: RUNS_IMAGE and RUNS_ID from [--run RUN] [IMAGE]; without an image, the build that started last.
runs_arguments() {
  local command=$1
  shift
  RUNS_IMAGE='' RUNS_ID=last
  while [ $# -gt 0 ]; do
    case $1 in
      --run)
        need_value "$command" --run $#
        RUNS_ID=$2
        shift
        ;;
      -*) common_flag "$1" || bad_argument "$command" "$1" ;;
      *)
        [ -z "$RUNS_IMAGE" ] || bad_argument "$command" "$1"
        RUNS_IMAGE=$1
        ;;
    esac
    shift
  done
  case $RUNS_ID in */* | .*) die 2 "$command: $RUNS_ID is not a run" "see: $PROGRAM logs --list" ;; esac
  if [ -n "$RUNS_IMAGE" ]; then
    load_image "$RUNS_IMAGE"
    host_ssh_setup
    return
  fi
  local answer image run rest
  # shellcheck disable=SC2086,SC2153 # a list of names, from the settings
  host_answer runs.sh $IMAGES || die $? "the builder cannot be asked for its builds"
  answer=$REPLY
  while read -r image run rest; do
    [ -n "$image" ] || continue
    if [ "$RUNS_ID" = last ] || [ "$run" = "$RUNS_ID" ]; then
      RUNS_IMAGE=$image RUNS_ID=$run
      return
    fi
  done <<<"$answer"
  die 2 "the builder remembers no such build" "start one: $PROGRAM build"
}

# runs_list [IMAGE]: the table, or with --json one line each.
runs_list() {
  local images='' answer image run hash state seconds client
  while [ $# -gt 0 ]; do
    case $1 in
      -*) common_flag "$1" || bad_argument logs "$1" ;;
      *)
        load_image "$1"
        images="$images $1"
        ;;
    esac
    shift
  done
  # shellcheck disable=SC2086 # a list of names
  host_answer runs.sh ${images:-$IMAGES} || die $? "the builder cannot be asked for its builds"
  answer=$REPLY
  [ -n "$JSON" ] || printf '%-24s %-26s %-18s %-9s %9s  %s\n' IMAGE RUN CONTEXT STATE AGO BY
  while read -r image run hash state seconds client; do
    [ -n "$image" ] || continue
    if [ -n "$JSON" ]; then
      json_string "$client"
      say "{\"image\":\"$image\",\"run\":\"$run\",\"hash\":\"$hash\",\"state\":\"$state\",\"secondsAgo\":$seconds,\"client\":$REPLY}"
    else
      ago "$seconds"
      printf '%-24s %-26s %-18s %-9s %9s  %s\n' "$image" "$run" "$hash" "$state" "$REPLY" "$client"
    fi
  done <<<"$answer"
}

# ago SECONDS: REPLY = 5 s, 3 min, 2 h, 4 d
ago() {
  if [ "$1" -lt 100 ]; then
    REPLY="$1 s"
  elif [ "$1" -lt 6000 ]; then
    REPLY="$(($1 / 60)) min"
  elif [ "$1" -lt 172800 ]; then
    REPLY="$(($1 / 3600)) h"
  else
    REPLY="$(($1 / 86400)) d"
  fi
}
