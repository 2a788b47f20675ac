#!/usr/bin/env bash
# shellcheck source-path=SCRIPTDIR
# Finds, and removes, what builds of one project have left on this host. What belongs to others is never looked at: images
# are ours by their label and their names, all else by its path.
set -euo pipefail
here=${BASH_SOURCE[0]%/*}
# shellcheck source=state.sh
. "$here/state.sh"

usage() {
  cat <<'TEXT'
Usage: prune.sh [--all] [--remove] PROJECT=NAME IMAGES='NAME:TAG …' [KEY=VALUE ...]

Prints one line for each thing that can go:  KIND<tab>KEY<tab>BYTES<tab>WHAT
  image     built by this project, and no longer what an image's tag names
  snapshot  of the sources, older than the newest KEEP_SNAPSHOTS
  run       log of a build, older than the newest KEEP_RUNS of its image
and with --all also
  image     the ones that the tags name
  cache     of RUN --mount=type=cache; the engine keeps it for all projects of this user together

  --remove  removes the things whose lines are on standard input, if they can still go, and prints their lines

Settings: PROJECT, IMAGES, ENGINE (podman), REMOTE_ROOT (development), KEEP_SNAPSHOTS (5), KEEP_RUNS (20).
Exit codes: 0, 2 usage, 75 a build is running.
TEXT
}

all=0 remove=0
PROJECT='' IMAGES='' ENGINE=podman REMOTE_ROOT=development KEEP_SNAPSHOTS=5 KEEP_RUNS=20
for word in "$@"; do
  case $word in
    -h | --help)
      usage
      exit 0
      ;;
    --all) all=1 ;;
    --remove) remove=1 ;;
    PROJECT=* | IMAGES=* | ENGINE=* | REMOTE_ROOT=* | KEEP_SNAPSHOTS=* | KEEP_RUNS=*) printf -v "${word%%=*}" %s "${word#*=}" ;;
    *)
      usage >&2
      exit 2
      ;;
  esac
done
if [ -z "$PROJECT" ]; then
  usage >&2
  exit 2
fi

readonly label=io.gantry.project
line() { printf '%s\t%s\t%s\t%s\n' "$@"; }
bytes_of() { du -sk "$@" 2>/dev/null | awk '{ n += $1 } END { printf "%d", n * 1024 }'; }

# --- images -------------------------------------------------------------------------------------------------------------

# is_ours REPOSITORY TAG: a name that only this program gives. A label alone is not enough: an image that somebody builds
# FROM one of ours inherits it.
is_ours() {
  local name
  case $2 in ctx-*) return 0 ;; esac
  [ "$all" = 1 ] || return 1
  for name in $IMAGES; do
    [ "$2" = "${name##*:}" ] || continue
    case $1 in "${name%:*}" | "localhost/${name%:*}") return 0 ;; esac
  done
  return 1
}

# Lines `ID REPOSITORY TAG`, one for each name; without -a, so that the layers other images are made of do not show.
image_names() {
  "$ENGINE" image ls --no-trunc --filter "label=$label=$PROJECT" --format '{{.ID}} {{.Repository}} {{.Tag}}' | sort -u
}

# An image without a name is ours when a build of ours made it (and made it again later): what others build FROM our images
# has our label, too.
is_our_build() { grep -qsF "${1#sha256:}" "$GANTRY_STATE"/builds/*/*/id; }

# One line for each image that has no name but ours.
list_images() {
  local names id repository tag wanted what
  names=$(image_names)
  while read -r wanted; do
    [ -n "$wanted" ] || continue
    what=''
    while read -r id repository tag; do
      [ "$id" = "$wanted" ] || continue
      if [ "$tag" = '<none>' ] && is_our_build "$id"; then
        what="$what untagged"
      elif is_ours "$repository" "$tag"; then
        what="$what $repository:$tag"
      else
        what=''
        break
      fi
    done <<<"$names"
    [ -n "$what" ] || continue
    line image "$wanted" "$("$ENGINE" image inspect --format '{{.Size}}' "$wanted")" "${what# }"
  done < <(printf '%s\n' "$names" | cut -d' ' -f1 | uniq)
}

# Name by name: the last one takes the image along, and an image that a container uses stays.
remove_image() {
  local id=$1 name
  shift
  for name in "$@"; do
    [ "$name" != untagged ] || name=$id
    "$ENGINE" image rm "$name" >/dev/null || return
  done
}

# --- files --------------------------------------------------------------------------------------------------------------

# newest_first DIRECTORY…: by time of last change.
newest_first() { ls -1dt "$@" 2>/dev/null || :; }

# A file of several snapshots is one file with several names. It counts for the newest, which is kept: what is printed is
# what gets free.
list_snapshots() {
  local name dir current size
  local -a kept old
  for name in $IMAGES; do
    name=$HOME/$REMOTE_ROOT/${name%:*}
    [ -d "$name" ] || continue
    kept=() old=()
    current=$(readlink "$name/current" 2>/dev/null || :)
    [ -z "$current" ] || kept+=("$name/${current##*/}")
    while IFS= read -r dir; do
      [ "$dir" != "$name/${current##*/}" ] || continue
      if [ ${#kept[@]} -lt "$KEEP_SNAPSHOTS" ]; then kept+=("$dir"); else old+=("$dir"); fi
    done < <(snapshot_directories "$name")
    for dir in ${old[@]+"${old[@]}"}; do
      size=$(du -sk ${kept[@]+"${kept[@]}"} "$dir" 2>/dev/null | awk -F '\t' -v dir="$dir" '$2 == dir { printf "%d", $1 * 1024 }')
      line snapshot "$dir" "${size:-0}" "${dir#"$HOME/"}"
      kept+=("$dir")
    done
  done
}

# Directories named like a hash: nothing else in there is ours.
snapshot_directories() {
  local dir
  while IFS= read -r dir; do
    case ${dir##*/} in *[!0-9a-f]*) continue ;; ????????????*) ;; *) continue ;; esac
    [ -L "$dir" ] || [ ! -d "$dir" ] || printf '%s\n' "$dir"
  done < <(newest_first "$1"/*)
}

# A run without its exit code is not over.
list_runs() {
  local name dir count
  for name in $IMAGES; do
    count=0
    while IFS= read -r dir; do
      [ -d "$dir" ] || continue
      count=$((count + 1))
      if [ "$count" -le "$KEEP_RUNS" ] || [ ! -e "$dir/exit" ]; then continue; fi
      line run "$dir" "$(bytes_of "$dir")" "${dir#"$HOME/"}"
    done < <(newest_first "$HOME/.gantry/builds/${name%:*}"/*)
  done
}

# Where podman keeps RUN --mount=type=cache, by version and by who runs it.
cache_directories() {
  local dir
  for dir in "${TMPDIR:-/var/tmp}/buildah-cache-$(id -u)" "/var/tmp/buildah-cache-$(id -u)" /var/tmp/buildah-cache; do
    [ -d "$dir" ] && [ -O "$dir" ] && printf '%s\n' "$dir"
  done | sort -u
}

list_caches() {
  local dir size
  if [ "$ENGINE" = docker ]; then
    size=$(docker system df --format '{{.Type}} {{.Size}}' | awk '$1 == "Build" { print $NF }')
    [ -z "$size" ] || line cache buildkit "$(from_units "$size")" 'build cache of docker'
    return
  fi
  while IFS= read -r dir; do
    # Files of the users inside containers: only their own namespace may read them.
    size=$(in_namespace du -sk "$dir" 2>/dev/null | awk '{ printf "%d", $1 * 1024 }')
    [ "${size:-0}" -le 8192 ] || line cache "$dir" "$size" 'RUN --mount=type=cache, of all projects of this user'
  done < <(cache_directories)
}

in_namespace() { if [ "$(id -u)" = 0 ]; then "$@"; else podman unshare "$@"; fi; }

# 1.2GB → bytes
from_units() {
  printf '%s\n' "$1" | awk '{ n = $1 + 0; u = $1; gsub(/[0-9.]/, "", u)
    printf "%d", n * (u == "kB" ? 1e3 : u == "MB" ? 1e6 : u == "GB" ? 1e9 : u == "TB" ? 1e12 : 1) }'
}

# --- all of it ----------------------------------------------------------------------------------------------------------

list_all() {
  list_images
  list_snapshots
  list_runs
  [ "$all" = 0 ] || list_caches
}

# remove_one KIND KEY SIZE WHAT
remove_one() {
  local -a names
  case $1 in
    image)
      IFS=' ' read -r -a names <<<"$4"
      remove_image "$2" ${names[@]+"${names[@]}"}
      ;;
    snapshot | run) rm -rf -- "$2" ;;
    cache) if [ "$2" = buildkit ]; then docker builder prune -af >/dev/null; else in_namespace rm -rf -- "$2"; fi ;;
  esac
}

# Builds wait as long as things are removed; when one runs, or waits with its sources here, nothing is removed.
take_locks() {
  local name fd=20
  for name in $IMAGES; do
    name=${name%:*}
    running_runs "$name"
    [ -z "$REPLY" ] || busy "$name"
    mkdir -p "$GANTRY_STATE/locks"
    eval "exec $fd<>\"\$GANTRY_STATE/locks/\$name.lock\" $((fd + 1))<>\"\$GANTRY_STATE/locks/\$name.sync\""
    lock_fd -n "$fd" || busy "$name"
    lock_fd -n $((fd + 1)) || busy "$name"
    fd=$((fd + 2))
  done
}

busy() {
  printf 'prune: %s is being built\n' "$1" >&2
  exit 75
}

if [ "$remove" = 0 ]; then
  list_all
  exit
fi
take_locks
approved=$(cat)
list_all | while IFS=$'\t' read -r kind key size what; do
  grep -qxF "$(line "$kind" "$key" "$size" "$what")" <<<"$approved" || continue
  if remove_one "$kind" "$key" "$size" "$what" </dev/null; then
    line "$kind" "$key" "$size" "$what"
  else
    printf 'prune: kept %s (%s)\n' "$what" "$kind" >&2
  fi
done
