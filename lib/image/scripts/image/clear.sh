# shellcheck shell=bash source-path=SCRIPTDIR
# Settings of publications are read in shells of their own.
# shellcheck disable=SC2034,SC2030,SC2031,SC2153
# What the tiers clear: directories of this project on this machine, and by the builder's own prune what is on the builder.
# Everything is a line KIND<tab>KEY<tab>BYTES<tab>WHAT, as prune has them.

# shellcheck source=source.sh
. "$PROGRAM_DIR/source.sh"

# tier_plan TIER: PRUNE = the options of the builder's prune, nothing when the tier leaves the builder alone; LOCAL_KINDS.
tier_plan() {
  PRUNE=() LOCAL_KINDS=''
  case $1 in
    soft) LOCAL_KINDS='incremental repos' ;;
    medium) LOCAL_KINDS='incremental target repos' PRUNE=(--caches --untagged) ;;
    hard) LOCAL_KINDS='incremental target repos' PRUNE=(--all --untagged) ;;
    nuke) LOCAL_KINDS='incremental target repos' PRUNE=(--everything) ;;
    weekly)
      weekly_age
      PRUNE=(--caches --untagged --older-than "$REPLY")
      ;;
    monthly) LOCAL_KINDS='incremental target repos' PRUNE=(--all --untagged) ;;
    superseded) PRUNE=(--untagged) ;; # after a cycle: old contents, and what was built again
  esac
  [ "${#PRUNE[@]}" -gt 0 ] || return 0
  case $1 in
    nuke | superseded) ;;
    monthly) keep_newest_bases ;;
    *) keep_bases ;;
  esac
  own_names
}

# weekly_age: REPLY = the seconds for which a weekly clear leaves what was used. Less where the engine's caches have grown.
weekly_age() {
  local lines
  REPLY=604800
  [ -z "${CLEAR_OLDER:-}" ] || return 0
  lines=$(builder prune --plan --dry-run --only-caches </dev/null) || die $? "the builder cannot say what its caches hold (see above)"
  clear_bytes "$lines"
  if [ "$REPLY" -gt 10000000000 ]; then
    human_size "$REPLY"
    note "the build caches hold $REPLY, more than 10 GB (9.3 GiB): what was not used for 72 h goes, not only for a week"
    REPLY=259200
  else
    REPLY=604800
  fi
}

# base_images: REPLY = the images whose role is base.
base_images() {
  local image bases=''
  for image in $IMAGES; do
    load_tags "$image"
    if [ "$ROLE" = base ]; then bases="$bases $image"; fi
  done
  REPLY=${bases# }
}

# keep_bases: every name of a base stays, also those of its older contents.
keep_bases() {
  local image
  base_images
  for image in $REPLY; do
    load_tags "$image"
    keep_name "$image:*" "$REPOSITORY:$CONTENT_PREFIX*" "$REPOSITORY:$MOVING_TAG"
    if [ -n "$VERSION_TAG" ]; then keep_name "$REPOSITORY:$VERSION_TAG"; fi
    keep_published "$image"
  done
}

keep_name() {
  local name
  for name in "$@"; do PRUNE+=(--keep "$name"); done
}

# keep_published IMAGE: the names that publishing gave it.
keep_published() {
  local name file
  for name in $PUBLICATIONS; do
    file=$FILE_ROOT/$PROGRAM/publications/$name.env
    [ -r "$file" ] || continue
    published_names "$file" "$1"
    # shellcheck disable=SC2086 # a list of patterns
    keep_name $REPLY
  done
}

# published_names FILE IMAGE: REPLY = patterns of the names of a publication of this image. In a shell of its own: the file
# sets variables of the same names as others.
published_names() {
  REPLY=$(
    set -f
    IMAGE='' REGISTRY='' NAME='' CONTENT_PREFIX=ctx- VERSION_TAG='' MOVING_TAGS=''
    # shellcheck source=/dev/null
    . "$1"
    [ "$IMAGE" = "$2" ] || exit 0
    for tag in "$CONTENT_PREFIX*" $VERSION_TAG $MOVING_TAGS; do printf '%s ' "$REGISTRY/$NAME:$tag"; done
  )
}

# keep_newest_bases: only the newest KEEP_BASES contents of each base stay.
keep_newest_bases() {
  local image id name created seen count kept=''
  base_images
  for image in $REPLY; do
    seen=' ' count=0
    while IFS=$'\t' read -r created id name; do
      [ -n "$id" ] || continue
      case $seen in
        *" $id "*) ;;
        *)
          count=$((count + 1))
          seen="$seen$id "
          if [ "$count" -le "$KEEP_BASES" ]; then kept="$kept $id "; fi
          ;;
      esac
      case $kept in *" $id "*) keep_name "${name#localhost/}" ;; esac
    done < <(base_builds "$image")
  done
}

# base_builds IMAGE: lines CREATED<tab>ID<tab>NAME of its builds on the builder, newest first.
base_builds() {
  local pattern
  load_tags "$1"
  engine image ls --no-trunc --filter "label=io.gantry.project=$PROJECT" \
    --format '{{.CreatedAt}}\t{{.ID}}\t{{.Repository}}:{{.Tag}}' </dev/null \
    | while IFS=$'\t' read -r created id name; do
      for pattern in "$1:*" "$REPOSITORY:$CONTENT_PREFIX*" "$REPOSITORY:$VERSION_TAG" "$REPOSITORY:$MOVING_TAG"; do
        # shellcheck disable=SC2254 # a pattern
        case ${name#localhost/} in $pattern) printf '%s\t%s\t%s\n' "$created" "$id" "$name" && break ;; esac
      done
    done | sort -r
}

# own_names: what this program names counts as ours, and what it pulled of ours.
own_names() {
  local image name file
  for image in $IMAGES; do
    load_tags "$image"
    PRUNE+=(--also "$image:*" --also "$REPOSITORY:*")
  done
  for name in $PUBLICATIONS; do
    file=$FILE_ROOT/$PROGRAM/publications/$name.env
    [ -r "$file" ] || continue
    name=$(
      REGISTRY='' NAME=''
      # shellcheck source=/dev/null
      . "$file" && printf '%s/%s' "$REGISTRY" "$NAME"
    )
    PRUNE+=(--also "$name:*")
  done
}

# --- on this machine ------------------------------------------------------------------------------------------------

# local_lines: the lines of LOCAL_KINDS.
local_lines() {
  local kind
  for kind in $LOCAL_KINDS; do
    case $kind in
      incremental) project_directories incremental INCREMENTAL ;;
      target) project_directories target CARGO ;;
      repos)
        cache_directory
        if [ -d "$REPLY" ]; then local_line repos "$REPLY" "$REPLY"; fi
        ;;
    esac
  done
}

# project_directories KIND LIST: the directories that a list of patterns of the stack names. Only inside of the project, and
# no links: what they lead to is somebody else's.
project_directories() {
  local i variable count=${2}_COUNT path inside files
  for ((i = 1; i <= ${!count}; i++)); do
    variable=${2}_$i
    while IFS= read -r path; do
      if [ ! -d "$path" ] || [ -L "$path" ]; then continue; fi
      inside=$(cd -- "$path" && pwd -P) || continue
      case $inside/ in "$PROJECT_ROOT"/?*) ;; *) continue ;; esac
      # Nobody's build directory: sources of the project are in it. Where git does not answer, they may be.
      if files=$(git -C "$inside" ls-files -- . 2>/dev/null); then
        files=${files:+git has files of it in its books}
      elif repository_above "$inside"; then
        files="git cannot read the repository $REPLY"
      fi
      if [ -n "$files" ]; then
        warn "${inside#"$PROJECT_ROOT"/} is not cleared: $files"
        continue
      fi
      # What is in a directory that goes as a whole is not counted twice.
      if [ "$1" = incremental ] && [[ " $LOCAL_KINDS " == *' target '* ]] && in_target "$inside"; then continue; fi
      local_line "$1" "$inside" "${inside#"$PROJECT_ROOT"/}"
    done < <(expand "${!variable}")
  done
}

# expand PATTERN: the paths it names in the project.
expand() (
  IFS=''
  cd -- "$PROJECT_ROOT" || exit
  # shellcheck disable=SC2086 # a pattern; IFS keeps its spaces
  printf '%s\n' ./$1
)

in_target() {
  local i variable path
  for ((i = 1; i <= CARGO_COUNT; i++)); do
    variable=CARGO_$i
    while IFS= read -r path; do
      path=$(cd -- "$PROJECT_ROOT" && cd -- "$path" 2>/dev/null && pwd -P) || continue
      case $1/ in "$path"/*) return 0 ;; esac
    done < <(expand "${!variable}")
  done
  return 1
}

local_line() { # KIND KEY WHAT
  local kib
  kib=$(du -sk -- "$2" 2>/dev/null) || kib="${kib:-0}"
  kib=${kib%%[!0-9]*}
  printf '%s\t%s\t%s\t%s\n' "$1" "$2" $((${kib:-0} * 1024)) "$3"
}

# local_remove LINES: removes them and prints the lines of what is gone.
local_remove() {
  local kind key bytes what
  while IFS=$'\t' read -r kind key bytes what; do
    [ -n "$kind" ] || continue
    if [ "$kind" = repos ]; then remove_repos "$key"; else rm -rf -- "${key:?}"; fi
    if [ -e "$key" ]; then
      note "kept $what: a build from source is using it, or it cannot be removed"
    else
      printf '%s\t%s\t%s\t%s\n' "$kind" "$key" "$bytes" "$what"
    fi
  done <<<"$1"
}

# remove_repos DIRECTORY: the mirrors that nobody is fetching into or has a work tree of.
remove_repos() {
  local mirror lock
  for lock in "$1"/*.git.lock; do
    [ -e "$lock" ] || continue
    mirror=${lock%.lock}
    (
      exec 6<>"$lock"
      lock_file -n 6 || exit 0
      for tree in "$mirror.trees"/*-*; do
        # Named by the process that builds in it.
        if [ -d "$tree" ] && kill -0 "${tree##*-}" 2>/dev/null; then exit 0; fi
      done
      rm -rf -- "${mirror:?}" "${mirror:?}.new" "${mirror:?}.trees" "$lock"
    )
  done
  rmdir -- "$1" 2>/dev/null || :
}

# --- both -----------------------------------------------------------------------------------------------------------

# alone_with_images: waits for no cycle: between its build and its deployment, an image has no container yet that would keep it.
alone_with_images() {
  state_dir
  exec 7<>"$STATE_DIR/cycles.lock"
  lock_file -n 7
}

# clear_list TIER: CLEAR_LINES = all that the tier would remove now.
clear_list() {
  local there='' code=0
  tier_plan "$1"
  LOCAL_LINES=$(local_lines)
  if [ "${#PRUNE[@]}" -gt 0 ]; then
    clear_age
    there=$(builder prune --plan --dry-run "${PRUNE[@]}" </dev/null) || code=$?
    [ "$code" -eq 0 ] || die "$code" "the builder cannot say what there is to remove (see above)"
  fi
  CLEAR_LINES=$LOCAL_LINES
  if [ -n "$there" ]; then CLEAR_LINES=${CLEAR_LINES:+$CLEAR_LINES$'\n'}$there; fi
}

# clear_age: the option --older-than of this run comes last and so wins.
clear_age() {
  if [ -n "${CLEAR_OLDER:-}" ]; then PRUNE+=(--older-than "$CLEAR_OLDER"); fi
}

# clear_remove: removes what clear_list found; CLEARED_LINES = what is gone. Waits for builds that run, with CLEAR_WAIT.
clear_remove() {
  local there='' code=0 said=''
  CLEARED_LINES=$(local_remove "$LOCAL_LINES")
  [ "${#PRUNE[@]}" -gt 0 ] || return 0
  while :; do
    code=0
    there=$(builder prune --plan --yes "${PRUNE[@]}" </dev/null) || code=$?
    if [ "$code" -ne 75 ] || [ -z "${CLEAR_WAIT:-}" ]; then break; fi
    [ -n "$said" ] || note "waiting for the build that runs"
    said=1
    sleep 1
  done
  [ "$code" -eq 0 ] || die "$code" "not everything could be removed (see above)"
  if [ -n "$there" ]; then CLEARED_LINES=${CLEARED_LINES:+$CLEARED_LINES$'\n'}$there; fi
}

# clear_bytes LINES: REPLY = bytes in all.
clear_bytes() {
  local kind key bytes what total=0
  while IFS=$'\t' read -r kind key bytes what; do total=$((total + ${bytes:-0})); done <<<"$1"
  REPLY=$total
}

# clear_table LINES: prints them.
clear_table() {
  local kind key bytes what list=''
  while IFS=$'\t' read -r kind key bytes what; do
    [ -n "$kind" ] || continue
    if [ -n "$JSON" ]; then
      json_string "$key" && key=$REPLY
      json_string "$what" && what=$REPLY
      list="${list:+$list,}{\"kind\":\"$kind\",\"key\":$key,\"bytes\":$bytes,\"what\":$what}"
    else
      human_size "$bytes"
      printf '%10s  %-11s  %s\n' "$REPLY" "$kind" "$what"
    fi
  done <<<"$1"
  if [ -n "$JSON" ]; then
    say "[$list]"
  else
    clear_bytes "$1"
    human_size "$REPLY"
    if [ -n "$1" ]; then printf '%10s  %s\n' "$REPLY" 'in all'; fi
  fi
}
