#!/usr/bin/env bash
# shellcheck source-path=SCRIPTDIR
# Says what the builder already has, in one round trip and with one call of the engine.
# usage: probe.sh ENGINE ROOT MODE {IMAGE TAG HASH}…
#   HASH -       not known yet: the client is still hashing
#   MODE retag   a tag that is on another image than ctx-HASH moves there; look: changes nothing
# Prints lines of words; lists are separated by commas, - is none:
#   image IMAGE current|retagged|elsewhere|absent ID    where HASH was given
#   tag IMAGE ID HASHES              the image that the tag is on, and the contents it was built from
#   known IMAGE HASHES               contents that were built here; the images may have been removed since
#   trees IMAGE HASHES PREVIOUS      source trees that are here, and the newest
#   running IMAGE RUN HASH CLIENT    a build that has not ended
#   free KIB DIRECTORY               of the file systems that a build writes to
# 120 = the engine is not installed.
set -euo pipefail
engine=$1 root=$HOME/$2 mode=$3
shift 3
. "${BASH_SOURCE[0]%/*}/state.sh"
if [ "$mode" = look ]; then READ_ONLY=1; fi
if ! type -P "$engine" >/dev/null; then
  printf '%s is not installed here\n' "$engine" >&2
  exit 120
fi
if [ "$mode" != look ] && ! [ -d "$root" ]; then mkdir -p "$GANTRY_STATE" "$root"; fi
storage=''
if [ -r "$GANTRY_STATE/storage.$engine" ]; then
  engine_storage "$engine"
  storage=$REPLY
  exec 5< <(free_kib "$root" "$storage") # beside the engine
fi

words=("$@") names=()
while [ $# -ge 3 ]; do
  names+=("localhost/$1:$2")
  if [ "$3" != - ]; then names+=("localhost/$1:ctx-$3"); fi
  shift 3
done
engine_images "$engine" "$storage" "${names[@]}"
found=$REPLY

# contexts IMAGE TAGS: REPLY = HASH,HASH of the ctx- tags in a JSON list of tags.
contexts() {
  local rest=$2 list=''
  while [[ $rest == *"\"localhost/$1:ctx-"* ]]; do
    rest=${rest#*"\"localhost/$1:ctx-"}
    list="$list,${rest%%\"*}"
  done
  REPLY=${list#,}
}

set -- "${words[@]}"
while [ $# -ge 3 ]; do
  state=absent id=- tagged=- hashes='' known='' trees='' previous=-
  while read -r each tags; do
    case $tags in
      *"\"localhost/$1:$2\""*)
        tagged=${each#sha256:}
        contexts "$1" "$tags"
        hashes=$REPLY
        ;;
    esac
    case $tags in
      *"\"localhost/$1:ctx-$3\""*)
        id=${each#sha256:} state=elsewhere
        ;;
    esac
  done <<<"$found"
  if [ "$3" != - ]; then
    if [ "$id" != - ] && [ "$id" = "$tagged" ]; then
      state=current
    elif [ "$state" = elsewhere ] && [ "$mode" = retag ] && "$engine" tag "$id" "localhost/$1:$2"; then
      state=retagged
    fi
    printf 'image %s %s %s\n' "$1" "$state" "$id"
  fi
  printf 'tag %s %s %s\n' "$1" "$tagged" "${hashes:--}"

  for run in "$GANTRY_STATE/builds/$1"/*/; do
    run=${run%/}
    if [ -d "$run" ] && meta "$run" hash; then
      hash=$REPLY
      if ! run_over "$run"; then
        meta "$run" client || :
        printf 'running %s %s %s %s\n' "$1" "${run##*/}" "$hash" "$REPLY"
      elif [ -s "$run/id" ]; then
        known=$known,$hash
      fi
    fi
  done
  for tree in "$root/$1"/*/; do
    tree=${tree%/}
    tree=${tree##*/}
    case $tree in current | '*') ;; *) trees=$trees,$tree ;; esac
  done
  if [ -L "$root/$1/current" ]; then
    for tree in ${trees//,/ }; do
      if [ "$root/$1/$tree" -ef "$root/$1/current" ]; then previous=$tree; fi
    done
  fi
  known=${known#,} trees=${trees#,}
  printf 'known %s %s\ntrees %s %s %s\n' "$1" "${known:--}" "$1" "${trees:--}" "$previous"
  shift 3
done

if [ -z "$storage" ]; then
  engine_storage "$engine"
  [ -d "$root" ] || root=$HOME
  free_kib "$root" "$REPLY"
else
  cat <&5
fi
