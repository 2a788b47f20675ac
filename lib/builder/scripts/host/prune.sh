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
  name      of such an image, when others stand on it: it stays without a name
  layer     of a build that failed, or of such an image; no image that stays needs it
  snapshot  of the sources, older than the newest KEEP_SNAPSHOTS
  run       log of a build, older than the newest KEEP_RUNS of its image
and with --all also
  image     the ones that the tags name, also those of images that are no longer in the stack
  snapshot, run  of images that are no longer in the stack
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
readonly layers=$GANTRY_STATE/layers/${PROJECT//\//_}
work=$(mktemp -d)
readonly work
trap 'rm -rf -- "$work"' EXIT
if [ "$remove" = 0 ]; then READ_ONLY=1; fi
if [ "$everything" = 1 ]; then KEEP_SNAPSHOTS=0 KEEP_RUNS=0; fi
line() { printf '%s\t%s\t%s\t%s\n' "$@"; }
# %.0f: the awk of Debian ends at 2 GiB with %d.
bytes_of() { du -sk "$@" 2>/dev/null | awk '{ n += $1 } END { printf "%.0f", n * 1024 }'; }

# --- images -------------------------------------------------------------------------------------------------------------

# is_ours REPOSITORY TAG CONTENT: a name that only this program gives. A label alone is not enough: an image that somebody
# builds FROM one of ours inherits it. CONTENT: repositories in which the same image has a ctx- tag, between spaces; its other
# tags there are those of the stack, then or now, and of build --tag.
is_ours() {
  local name
  names_content "$2" && return 0
  [ "$all" = 1 ] || return 1
  case $3 in *" $1 "*) return 0 ;; esac
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

# young_images ID…: REPLY = those that are not old enough, one a line.
young_images() {
  REPLY=''
  if [ -z "$cutoff" ] || [ $# -eq 0 ]; then return; fi
  REPLY=$("$ENGINE" image inspect --format '{{.Id}} {{.Created}}' "$@" | sed 's/^sha256://; s/T/ /' \
    | awk -v cutoff="$cutoff" 'substr($2 " " $3, 1, 19) >= cutoff { print $1 }')
}

file_is_old() { [ -z "$OLDER_THAN" ] || [ -n "$(find "$1" -maxdepth 0 -mmin "+$((OLDER_THAN / 60))")" ]; }

# all_images: prints `P|ID|PARENT` for each image, layers included.
all_images() {
  if [ "$ENGINE" = podman ]; then
    podman image ls -a --no-trunc --format '{{.ID}}|{{.ParentId}}'
  else
    docker image ls -aq --no-trunc | sort -u | xargs docker image inspect --format '{{.Id}}|{{.Parent}}'
  fi | sed 's/sha256://g; s/^/P|/' | sort -u
}

# image_names FILTER…: prints `ID REPOSITORY TAG`, one for each name; layers have none.
image_names() {
  "$ENGINE" image ls -a --no-trunc "$@" --format '{{.ID}} {{.Repository}} {{.Tag}}' | sed 's/^sha256://' | sort -u
}

# known_builds: prints `R|running or over|IMAGE|ID|MADE|FOUND` for the builds of this project that are remembered.
known_builds() {
  local run name id state
  for run in "$GANTRY_STATE"/builds/*/*/; do
    run=${run%/} name=${run%/*}
    name=${name##*/}
    if meta "$run" project && [ "$REPLY" = "$PROJECT" ]; then
      if run_over "$run"; then state=over; else state=running; fi
      printf 'R|%s|%s|%s\n' "$state" "$name" "$(run_layers "$run")"
    elif [ -s "$run/id" ]; then
      read -r id <"$run/id" || :
      printf 'R|over|%s|%s|-|-\n' "$name" "${id#sha256:}"
    fi
  done | sed 's/\([^|]\) /\1|/g'
  if [ -r "$layers" ]; then sed 's/ /|/g; s/^/R|over|-|/' "$layers"; fi
}

# named_images: prints `G|ID|NAMES` for each image that has no name but ours, `K|ID|NAMES` when it has names that stay, too.
named_images() {
  local names id repository tag wanted what kept content old=''
  names=$(image_names --filter "label=$label=$PROJECT" | grep -v ' <none>$' || :)
  # shellcheck disable=SC2046 # ids
  young_images $(printf '%s\n' "$names" | cut -d' ' -f1 | uniq)
  old=$REPLY
  while read -r wanted; do
    if [ -z "$wanted" ] || [[ $'\n'$old$'\n' == *$'\n'"$wanted"$'\n'* ]]; then continue; fi
    what='' kept='' content=' '
    while read -r id repository tag; do
      if [ "$id" = "$wanted" ] && [[ $tag == ctx-* ]]; then content="$content$repository "; fi
    done <<<"$names"
    while read -r id repository tag; do
      [ "$id" = "$wanted" ] || continue
      if matches "$repository:$tag" "$KEEP"; then
        kept=K
      elif is_ours "$repository" "$tag" "$content"; then
        what="$what $repository:$tag"
      else
        what=''
        break
      fi
    done <<<"$names"
    [ -z "$what" ] || printf '%s|%s|%s\n' "${kept:-G}" "$wanted" "${what# }"
  done < <(printf '%s\n' "$names" | cut -d' ' -f1 | uniq)
}

# What can go of all this. An image stays when it has a name that stays, or is not ours; what it stands on stays, and without
# --all what its build used: that is the cache of the next one. Prints `KIND|ID|WHAT|DEPTH ID,DEPTH ID,…`: with each image the
# layers that only it needs, from the top; what stands on others before these.
# shellcheck disable=SC2016 # awk's
readonly CHOOSE='
  $1 == "P" { parent[$2] = $3; next }
  $1 == "L" { labelled[$2] = 1; next }
  $1 == "N" { named[$2] = 1; next }
  $1 == "Y" { young[$2] = 1; next }
  $1 == "G" { go[$2] = $3; next }
  $1 == "K" { if (all) print "name", $2, $3, ""; next }
  $1 == "R" {
    runs++
    state[runs] = $2; result[runs] = $4; used[runs] = $5 "," $6
    if ($4 != "-") ended[$4] = 1
    n = split($5, list, ",")
    for (i = 1; i <= n; i++) if (list[i] != "-" && !(list[i] in maker)) maker[list[i]] = $3
  }
  function depth(id,   n) { while (id in parent && n < 1000) { n++; id = parent[id] }; return n }
  END {
    for (id in parent) {
      if (id in named || id in young) continue
      if (substr(id, 1, 11) in maker) loose[id] = "layer"
      if (id in labelled && (untagged || id in ended)) loose[id] = "image"
    }
    # The layers of an image of ours have our label, or are in a log.
    for (id in parent) if (id in go || id in loose) {
      for (up = parent[id]; up in labelled && !(up in named) && !(up in young); up = parent[up]) if (!(up in loose)) below_ours[up] = 1
    }
    for (id in below_ours) loose[id] = "layer"
    for (r = 1; r <= runs; r++) {
      id = result[r]
      if (state[r] != "running" && (!(id in parent) || id in go || id in loose)) continue
      n = split(used[r], list, ",")
      for (i = 1; i <= n; i++) mentioned[list[i]] = 1
    }
    for (id in parent) {
      if (id in go) continue
      if (id in loose && (!(substr(id, 1, 11) in mentioned) || (untagged && id in labelled))) continue
      for (up = id; up != "" && !(up in needed); up = parent[up]) needed[up] = 1
    }
    for (id in parent) if (!(id in needed)) above[parent[id]] = 1
    for (id in go) order[++lines] = id
    for (id in loose) if (!(id in needed) && !(id in above)) order[++lines] = id
    for (i = 1; i <= lines; i++) key[i] = sprintf("%04d %s", 1000 - depth(order[i]), order[i])
    for (i = 2; i <= lines; i++) {
      value = key[i]; id = order[i]
      for (j = i - 1; j > 0 && key[j] > value; j--) { key[j + 1] = key[j]; order[j + 1] = order[j] }
      key[j + 1] = value; order[j + 1] = id
    }
    for (i = 1; i <= lines; i++) {
      id = order[i]
      if (id in go && id in needed) { print "name", id, go[id], ""; continue }
      below = ""
      for (up = parent[id]; up in loose && !(up in needed) && !(up in taken); up = parent[up]) {
        taken[up] = 1
        below = below (below == "" ? "" : ",") depth(up) " " up
      }
      if (id in go) { kind = "image"; what = go[id] }
      else if (loose[id] == "image") { kind = "image"; what = "untagged" }
      else {
        kind = "layer"; what = maker[substr(id, 1, 11)]
        what = "layers of builds" (what == "-" ? "" : " of " what) ", " substr(id, 1, 12)
      }
      print kind, id, what, below
    }
  }'

# One line for each. What it says of sizes is what gets free.
list_images() {
  local id
  local -a ids
  ids=()
  all_images >"$work/all"
  image_names --filter "label=$label=$PROJECT" | awk '{ print "L|" $1 }' >"$work/labelled"
  image_names | awk '$3 != "<none>" { print "N|" $1 }' >"$work/named"
  known_builds >"$work/builds"
  named_images >"$work/ours"
  while read -r id; do ids+=("$id"); done < <(cut -d'|' -f2 "$work/all")
  young_images ${ids[@]+"${ids[@]}"}
  printf '%s\n' "$REPLY" | sed 's/^/Y|/' >"$work/young"
  cat "$work"/{labelled,named,young,ours,builds,all} | awk -F'|' -v OFS='|' -v all="$all" -v untagged="$untagged" "$CHOOSE" >"$work/choice"
  ids=()
  while read -r id; do ids+=("$id"); done < <(awk -F'|' '
    FNR == NR { parent[$2] = $3; next }
    { print $2; n = split($4, list, ","); for (i = 1; i <= n; i++) { sub(/.* /, "", list[i]); print list[i]; if (parent[list[i]] != "") print parent[list[i]] }
      if (parent[$2] != "") print parent[$2] }' "$work/all" "$work/choice" | sort -u)
  [ "${#ids[@]}" -gt 0 ] || return 0
  "$ENGINE" image inspect --format '{{.Id}}|{{.Size}}' "${ids[@]}" | sed 's/^sha256://; s/^/S|/' >"$work/sizes"
  cat "$work"/{sizes,all,choice} | awk -F'|' '
    $1 == "S" { size[$2] = $3; next }
    $1 == "P" { parent[$2] = $3; next }
    function own(id,   n) { n = size[id] - size[parent[id]]; return n > 0 ? n : 0 }
    {
      bytes = $1 == "name" ? 0 : own($2)
      n = split($4, list, ",")
      for (i = 1; i <= n; i++) { sub(/.* /, "", list[i]); bytes += own(list[i]) }
      printf "%s\tsha256:%s\t%.0f\t%s\n", $1, $2, bytes, $3
    }'
}

# Name by name: the last one takes the image along, and an image that a container uses stays. Parents are not ours to judge
# here: the engine would take all that have no name, of whoever.
remove_image() {
  local id=$1 name
  shift
  for name in "$@"; do
    [ "$name" != untagged ] || name=$id
    remove_name "$name" || return
  done
  awk -F'|' -v id="${id#sha256:}" '$1 != "name" && $2 == id && $4 != "" { gsub(/,/, "\n", $4); print $4 }' "$work/choice" >>"$work/below"
}

# remove_names NAME…: of an image that stays. podman would take it along with the last one, though others stand on it.
remove_names() {
  local name
  for name in "$@"; do
    if [ "$ENGINE" = podman ]; then podman untag "$name" "$name"; else docker image rm "$name" >/dev/null; fi || return
  done
}

remove_name() {
  if [ -z "${no_prune+set}" ]; then
    no_prune=''
    case $("$ENGINE" image rm --help 2>&1) in *--no-prune*) no_prune=--no-prune ;; esac
  fi
  "$ENGINE" image rm ${no_prune:+"$no_prune"} "$1" >/dev/null
}

# The layers of what was removed; those that something still stands on stay.
remove_layers() {
  local id
  [ -e "$work/below" ] || return 0
  while read -r _ id; do
    if "$ENGINE" image inspect "$id" >/dev/null 2>&1; then remove_name "$id" 2>/dev/null || :; fi
  done < <(sort -k1,1nr -k2,2 "$work/below" | uniq)
}

# forget_layers: what is gone need not be remembered.
forget_layers() {
  [ -s "$layers" ] || return 0
  { all_images && cat "$layers"; } | awk '
    /^P\|/ { id = substr($0, 3, 64); here[id] = here[substr(id, 1, 11)] = 1; next }
    { made = ""; n = split($2, list, ","); for (i = 1; i <= n; i++) if (list[i] in here) made = made "," list[i] }
    made != "" || $1 in here { print $1, made == "" ? "-" : substr(made, 2), $3 }' >"$layers.new"
  mv "$layers.new" "$layers"
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
      size=$(du -sk ${kept[@]+"${kept[@]}"} "$dir" 2>/dev/null | awk -F '\t' -v dir="$dir" '$2 == dir { printf "%.0f", $1 * 1024 }')
      line snapshot "$dir" "${size:-0}" "${dir#"$HOME/"}"
      kept+=("$dir")
    done
  done
}

# former_images: prints the images that this project built and that are not in the stack any more.
former_images() {
  local dir name run
  for dir in "$GANTRY_STATE"/builds/*/; do
    dir=${dir%/}
    name=${dir##*/}
    case " $IMAGES " in *" $name:"*) continue ;; esac
    for run in "$dir"/*/; do
      if meta "${run%/}" project && [ "$REPLY" = "$PROJECT" ]; then
        printf '%s\n' "$name"
        break
      fi
    done
  done
}

# All of theirs. Trees only when no other project builds an image of that name here.
list_former() {
  local name dir run others size
  local -a counted
  while IFS= read -r name; do
    others='' counted=()
    for run in "$GANTRY_STATE/builds/$name"/*/; do
      run=${run%/}
      if ! meta "$run" project || [ "$REPLY" != "$PROJECT" ]; then
        others=1
        continue
      fi
      if [ ! -e "$run/exit" ] || ! file_is_old "$run"; then continue; fi
      line run "$run" "$(bytes_of "$run")" "${run#"$HOME/"}"
    done
    [ -z "$others" ] || continue
    while IFS= read -r dir; do
      file_is_old "$dir" || continue
      counted+=("$dir")
      size=$(du -sk ${counted[@]+"${counted[@]}"} 2>/dev/null | awk -F '\t' -v dir="$dir" '$2 == dir { printf "%.0f", $1 * 1024 }')
      line snapshot "$dir" "${size:-0}" "${dir#"$HOME/"}"
    done < <(snapshot_directories "$HOME/$REMOTE_ROOT/$name")
  done < <(former_images)
}

# remove_snapshot DIRECTORY: with its record; what is left over of an image that is gone, too.
remove_snapshot() {
  rm -rf -- "$1" "${1%/*}/.files-${1##*/}"
  if [ -L "${1%/*}/current" ] && ! [ -e "${1%/*}/current" ]; then rm -f -- "${1%/*}/current"; fi
  rmdir -- "${1%/*}" 2>/dev/null || :
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
  for dir in {"${TMPDIR:-/var/tmp}",/var/tmp}/buildah-cache{"-$(id -u)",}; do
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
    size=$(in_namespace du -sk "$dir" 2>/dev/null | awk '{ printf "%.0f", $1 * 1024 }')
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
    printf "%.0f", n * (u == "kB" ? 1e3 : u == "MB" ? 1e6 : u == "GB" ? 1e9 : u == "TB" ? 1e12 : 1) }'
}

# --- all of it ----------------------------------------------------------------------------------------------------------

list_all() {
  if [ "$only_caches" = 0 ]; then
    list_images
    list_snapshots
    list_runs
    [ "$all" = 0 ] || list_former
  fi
  [ "$caches" = 0 ] || list_caches
}

# remove_one KIND KEY SIZE WHAT
remove_one() {
  local -a names
  case $1 in
    name)
      IFS=' ' read -r -a names <<<"$4"
      remove_names ${names[@]+"${names[@]}"}
      ;;
    image)
      IFS=' ' read -r -a names <<<"$4"
      remove_image "$2" ${names[@]+"${names[@]}"}
      ;;
    layer) remove_image "$2" "$2" ;;
    snapshot) remove_snapshot "$2" ;;
    run)
      run_forget "$2"
      rmdir -- "${2%/*}" 2>/dev/null || :
      ;;
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
  for name in $IMAGES $(former_images); do
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
approved=$(cut -f 1,2,4)
list_all >"$work/list"
while IFS=$'\t' read -r kind key size what; do
  # Sizes change when something else comes or goes.
  grep -qxF "$(printf '%s\t%s\t%s' "$kind" "$key" "$what")" <<<"$approved" || continue
  if remove_one "$kind" "$key" "$size" "$what" </dev/null; then
    line "$kind" "$key" "$size" "$what"
  else
    printf 'prune: kept %s (%s)\n' "$what" "$kind" >&2
  fi
done <"$work/list"
remove_layers
forget_layers
