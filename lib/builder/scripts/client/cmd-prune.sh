# shellcheck shell=bash
# prune: makes room on the host. Shows what would go, and how much that is, before it removes anything.

help_prune() {
  cat <<TEXT
Usage: $PROGRAM prune [--all] [--yes] [--dry-run] [--json]

Lists what old builds of this project have left on the host, with sizes, and removes it: images that no tag of this stack
names any more, old snapshots of the sources, old logs. Never touches images of anybody else.

  --all      also the current images and the caches of RUN --mount=type=cache; the next build starts from nothing
  --yes      does not ask
  --dry-run  only lists
  --json     lists as one JSON array

Sizes of images count layers that several images share each time.
Exit codes: 0 done, 2 usage, 69 unreachable, 75 a build is running, 77 not confirmed (--yes).
TEXT
}

cmd_prune() {
  local all='' total plan removed name code=0
  local -a settings
  while [ $# -gt 0 ]; do
    case $1 in
      --all) all=--all ;;
      *) common_flag "$1" || bad_argument prune "$1" ;;
    esac
    shift
  done
  settings=("PROJECT=$PROJECT" "ENGINE=$ENGINE" "REMOTE_ROOT=$REMOTE_ROOT" "KEEP_SNAPSHOTS=$KEEP_SNAPSHOTS")
  local images=''
  # shellcheck disable=SC2153 # of settings.sh
  for name in $IMAGES; do
    load_image "$name"
    images="$images $IMAGE:$TAG"
  done
  settings+=("IMAGES=${images# }")

  phase list
  host_ssh_setup
  plan=$(host_program prune.sh ${all:+"$all"} "${settings[@]}") || die $? "the host cannot say what there is to remove (see above)"
  prune_table "$plan"
  total=$REPLY
  if [ -z "$plan" ]; then
    [ -n "$JSON" ] || say "nothing to remove"
    return
  fi
  [ -z "$DRY_RUN" ] || return 0
  human_size "$total"
  confirmed "remove these ($REPLY)?" || die 77 "nothing was removed"
  phase remove
  printf '%s\n' "$plan" >"$TEMP_DIR/plan"
  removed=$(HOST_INPUT=$TEMP_DIR/plan host_program prune.sh --remove ${all:+"$all"} "${settings[@]}") || code=$?
  [ "$code" -ne 75 ] || die 75 "a build is running on the host" "wait for it: $PROGRAM attach"
  [ "$code" -eq 0 ] || die 65 "not everything could be removed (see above)"
  if [ -z "$JSON" ]; then
    prune_total "$removed"
    human_size "$REPLY"
    say "removed: $REPLY"
  fi
}

# prune_table LINES: prints them; REPLY = bytes in all.
prune_table() {
  local kind key bytes what total=0 list=''
  while IFS=$'\t' read -r kind key bytes what; do
    [ -n "$kind" ] || continue
    total=$((total + bytes))
    if [ -n "$JSON" ]; then
      json_string "$key" && key=$REPLY
      json_string "$what" && what=$REPLY
      list="${list:+$list,}{\"kind\":\"$kind\",\"key\":$key,\"bytes\":$bytes,\"what\":$what}"
    else
      human_size "$bytes"
      printf '%10s  %-8s  %s\n' "$REPLY" "$kind" "$what"
    fi
  done <<<"$1"
  if [ -n "$JSON" ]; then
    say "[$list]"
  elif [ "$total" -gt 0 ]; then
    human_size "$total"
    printf '%10s  %s\n' "$REPLY" 'in all'
  fi
  REPLY=$total
}

# prune_total LINES: REPLY = bytes in all
prune_total() {
  local kind key bytes what total=0
  # shellcheck disable=SC2034 # only the third word counts
  while IFS=$'\t' read -r kind key bytes what; do
    total=$((total + ${bytes:-0}))
  done <<<"$1"
  REPLY=$total
}
