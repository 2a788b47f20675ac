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
Usage: prune.sh [OPTIONS] PROJECT=NAME IMAGES='NAME:TAG …' [KEY=VALUE ...]

Prints one line for each thing that can go:  KIND<tab>KEY<tab>BYTES<tab>WHAT
  image     built by this project, and no longer what an image's tag names
  snapshot  of the sources, older than the newest KEEP_SNAPSHOTS
  run       log of a build, older than the newest KEEP_RUNS of its image
and with --all also
  image     the ones that the tags name
  name      of an image that stays by another name (KEEP)
  cache     of RUN --mount=type=cache; the engine keeps it for all projects of this user together

  --untagged    also images with this project's label and no name at all, whoever made them
  --caches      the caches, without --all
  --only-caches nothing but the caches
  --everything  as --all --untagged, and all snapshots and logs
  --remove      removes the things whose lines are on standard input, if they can still go, and prints their lines

Settings: PROJECT, IMAGES, ENGINE (podman), REMOTE_ROOT (development), KEEP_SNAPSHOTS (5), KEEP_RUNS (20);
  OTHER       patterns such as 'sindri:*': names that are this project's, too
  KEEP        patterns of names that stay, and so do their images
  OLDER_THAN  seconds: only what is older
Exit codes: 0, 2 usage, 75 a build is running.
TEXT
}

all=0 remove=0 untagged=0 caches=0 only_caches=0 everything=0
PROJECT='' IMAGES='' ENGINE=podman REMOTE_ROOT=development KEEP_SNAPSHOTS=5 KEEP_RUNS=20 OTHER='' KEEP='' OLDER_THAN=''
for word in "$@"; do
  case $word in
    -h | --help)
      usage
      exit 0
      ;;
    --all) all=1 caches=1 ;;
    --untagged) untagged=1 ;;
    --caches) caches=1 ;;
    --only-caches) caches=1 only_caches=1 ;;
    --everything) all=1 caches=1 untagged=1 everything=1 ;;
    --remove) remove=1 ;;
    PROJECT=* | IMAGES=* | ENGINE=* | REMOTE_ROOT=* | KEEP_SNAPSHOTS=* | KEEP_RUNS=* | OTHER=* | KEEP=* | OLDER_THAN=*)
      printf -v "${word%%=*}" %s "${word#*=}"
      ;;
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
if [ "$everything" = 1 ]; then KEEP_SNAPSHOTS=0 KEEP_RUNS=0; fi
line() { printf '%s\t%s\t%s\t%s\n' "$@"; }
bytes_of() { du -sk "$@" 2>/dev/null | awk '{ n += $1 } END { printf "%d", n * 1024 }'; }

# --- images -------------------------------------------------------------------------------------------------------------

# is_ours REPOSITORY TAG: a name that only this program gives. A label alone is not enough: an image that somebody builds
# FROM one of ours inherits it.
is_ours() {
  local name
  names_content "$2" && return 0
  [ "$all" = 1 ] || return 1
  for name in $IMAGES; do
    [ "$2" = "${name##*:}" ] || continue
    case $1 in "${name%:*}" | "localhost/${name%:*}") return 0 ;; esac
  done
  matches "$1:$2" "$OTHER"
}

# names_content TAG: ctx-<hash>, or base-<hash> and the like, which the program for images gives.
names_content() {
  case $1 in
    ctx-*) return 0 ;;
    *-*) [[ $1 =~ ^[A-Za-z0-9_.-]*-[0-9a-f]{16}$ ]] ;;
    *) return 1 ;;
  esac
}

# matches NAME PATTERNS: with or without localhost/ in front.
matches() {
  local pattern
  set -f
  for pattern in $2; do
    # shellcheck disable=SC2254 # a pattern
    case ${1#localhost/} in $pattern) set +f && return 0 ;; esac
  done
  set +f
  return 1
}

# Images and directories that are old enough to go. Engines print times in UTC, as `YYYY-MM-DD HH:MM:SS` or with a T between.
cutoff=''
if [ -n "$OLDER_THAN" ]; then
  # shellcheck disable=SC2016 # perl's
  cutoff=$(perl -MPOSIX=strftime -e 'print strftime("%Y-%m-%d %H:%M:%S", gmtime(time - shift))' "$OLDER_THAN")
fi

image_is_old() {
  local created
  [ -n "$cutoff" ] || return 0
  created=$("$ENGINE" image inspect --format '{{.Created}}' "$1") || return 1
  created=${created/T/ }
  [[ ${created:0:19} < $cutoff ]]
}

file_is_old() { [ -z "$OLDER_THAN" ] || [ -n "$(find "$1" -maxdepth 0 -mmin "+$((OLDER_THAN / 60))")" ]; }

# Lines `ID REPOSITORY TAG`, one for each name; without -a, so that the layers other images are made of do not show.
image_names() {
  "$ENGINE" image ls --no-trunc --filter "label=$label=$PROJECT" --format '{{.ID}} {{.Repository}} {{.Tag}}' | sort -u
}

# An image without a name is ours when a build of ours made it (and made it again later): what others build FROM our images
# has our label, too.
is_our_build() { grep -qsF "${1#sha256:}" "$GANTRY_STATE"/builds/*/*/id; }

# One line for each image that has no name but ours.
list_images() {
  local names id repository tag wanted what kept
  names=$(image_names)
  while read -r wanted; do
    [ -n "$wanted" ] || continue
    what='' kept=''
    while read -r id repository tag; do
      [ "$id" = "$wanted" ] || continue
      if [ "$tag" = '<none>' ]; then
        if [ "$untagged" = 0 ] && ! is_our_build "$id"; then
          what=''
          break
        fi
        what="$what untagged"
      elif matches "$repository:$tag" "$KEEP"; then
        kept=1
      elif is_ours "$repository" "$tag"; then
        what="$what $repository:$tag"
      else
        what=''
        break
      fi
    done <<<"$names"
    [ -n "$what" ] || continue
    image_is_old "$wanted" || continue
    if [ -n "$kept" ]; then
      [ "$all" = 0 ] || line name "$wanted" 0 "${what# }"
      continue
    fi
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
    if [ "$everything" = 1 ]; then current=''; fi
    [ -z "$current" ] || kept+=("$name/${current##*/}")
    while IFS= read -r dir; do
      [ "$dir" != "$name/${current##*/}" ] || continue
      file_is_old "$dir" || continue
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
      if [ "$count" -le "$KEEP_RUNS" ] || [ ! -e "$dir/exit" ] || ! file_is_old "$dir"; then continue; fi
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
  done < <(if [ -n "$OLDER_THAN" ]; then unused_caches; else cache_directories; fi)
}

# One directory for each cache, of which no file was written lately.
unused_caches() {
  local dir each
  while IFS= read -r dir; do
    while IFS= read -r each; do
      [ -n "$(in_namespace find "$each" -mmin "-$((OLDER_THAN / 60))" -print 2>/dev/null | head -n 1)" ] || printf '%s\n' "$each"
    done < <(in_namespace find "$dir" -mindepth 1 -maxdepth 1 -type d 2>/dev/null)
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
  if [ "$only_caches" = 0 ]; then
    list_images
    list_snapshots
    list_runs
  fi
  [ "$caches" = 0 ] || list_caches
}

# remove_one KIND KEY SIZE WHAT
remove_one() {
  local -a names
  case $1 in
    image | name)
      IFS=' ' read -r -a names <<<"$4"
      remove_image "$2" ${names[@]+"${names[@]}"}
      ;;
    snapshot | run) rm -rf -- "$2" ;;
    cache)
      if [ "$2" != buildkit ]; then
        in_namespace rm -rf -- "$2"
      elif [ -n "$OLDER_THAN" ]; then
        docker builder prune -af --filter "until=${OLDER_THAN}s" >/dev/null
      else
        docker builder prune -af >/dev/null
      fi
      ;;
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
