#!/usr/bin/env bash
# shellcheck source-path=SCRIPTDIR
# Says what the builder already has, in one round trip.
# usage: probe.sh ENGINE ROOT MODE {IMAGE HASH TAG}…
#   MODE retag: a tag that is on another image than ctx-HASH moves there; look: changes nothing
# Prints lines of words:
#   image IMAGE current|retagged|elsewhere|absent ID
#   tagged IMAGE HASH                what the tag is on now (MODE look)
# and when something is absent (or MODE is look):
#   snapshot IMAGE HASH              this source tree is here already
#   previous IMAGE HASH              the newest source tree
#   running IMAGE RUN HASH CLIENT    a build that has not ended
#   free KIB DIRECTORY               of the file systems that a build writes to
set -euo pipefail
engine=$1 root=$HOME/$2 mode=$3
shift 3
wanted=("$@")

names=()
while [ $# -ge 3 ]; do
  names+=("localhost/$1:ctx-$2")
  if [ "$mode" = look ]; then names+=("localhost/$1:$3"); fi
  shift 3
done
# Prints the ones that exist; says so on standard error about the others.
if ! type -P "$engine" >/dev/null; then
  printf '%s is not installed here\n' "$engine" >&2
  exit 120
fi
found=$("$engine" image inspect --format '{{.Id}} {{json .RepoTags}}' "${names[@]}" 2>/dev/null) || :

. "${BASH_SOURCE[0]%/*}/state.sh"
if [ "$mode" = look ]; then bury() { :; }; fi
set -- "${wanted[@]}"
missing=''
while [ $# -ge 3 ]; do
  state=absent id=- tagged=''
  while read -r each tags; do
    case $tags in
      *"\"localhost/$1:ctx-$2\""*)
        id=${each#sha256:}
        case $tags in
          *"\"localhost/$1:$3\""*) state=current tagged=$2 ;; # perhaps one of several contexts of the same content
          *) state=elsewhere ;;
        esac
        ;;
    esac
    if [ "$mode" = look ] && [ -z "$tagged" ] && [[ $tags == *"\"localhost/$1:$3\""* && $tags =~ \"localhost/$1:ctx-([0-9a-f]+)\" ]]; then
      tagged=${BASH_REMATCH[1]}
    fi
  done <<<"$found"
  if [ "$state" = elsewhere ] && [ "$mode" = retag ]; then
    "$engine" tag "$id" "localhost/$1:$3" && state=retagged
  fi
  printf 'image %s %s %s\n' "$1" "$state" "$id"
  if [ "$mode" = look ] && [ -n "$tagged" ]; then printf 'tagged %s %s\n' "$1" "$tagged"; fi
  if [ "$state" = absent ] || [ "$mode" = look ]; then
    missing=1
    if [ -d "$root/$1/$2" ]; then printf 'snapshot %s %s\n' "$1" "$2"; fi
    if [ -d "$root/$1/current/" ]; then
      previous=$(readlink "$root/$1/current")
      printf 'previous %s %s\n' "$1" "${previous##*/}"
    fi
    running_runs "$1"
    if [ -n "$REPLY" ]; then
      while IFS= read -r run; do
        meta "$run" hash && hash=$REPLY
        meta "$run" client || :
        printf 'running %s %s %s %s\n' "$1" "${run##*/}" "$hash" "$REPLY"
      done <<<"$REPLY"
    fi
  fi
  shift 3
done
[ -n "$missing" ] || exit 0

if [ "$mode" = look ]; then
  [ -d "$root" ] || root=$HOME
else
  mkdir -p "$GANTRY_STATE" "$root"
fi
engine_storage "$engine"
for directory in "$root" "$REPLY"; do
  free_kib "$directory"
  printf 'free %s %s\n' "$REPLY" "$directory"
done
