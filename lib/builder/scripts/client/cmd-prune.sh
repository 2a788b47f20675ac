# shellcheck shell=bash
# prune: makes room on the host. Shows what would go, and how much that is, before it removes anything.

help_prune() {
  cat <<TEXT
Usage: $PROGRAM prune [OPTIONS] [--yes] [--dry-run] [--json]

Lists what old builds of this project have left on the host, with sizes, and removes it: images that no tag of this stack
names any more, layers of failed and of superseded builds, old snapshots of the sources, old logs. Never touches images of
anybody else.

  --all                 also the current images with all tags that build gave them, all that is left of images that are no
                        longer in the stack, and the caches of RUN --mount=type=cache; the next build starts from nothing
  --everything          the same, and all snapshots and logs, and images without a name that have this project's label
  --caches              the caches without --all
  --only-caches         the caches and nothing else
  --untagged            images without a name that have this project's label
  --also PATTERN        names that are this project's, too, such as 'sindri:*'; may be given several times
  --keep PATTERN        names that stay, and so do their images; may be given several times
  --older-than SECONDS  only what is older
  --plan                lists as lines of KIND, KEY, BYTES and WHAT with tabs between, for programs; with --yes, what went
  --yes                 does not ask
  --dry-run             only lists
  --json                lists as one JSON array

Sizes are what gets free: what an image shares with one that stays does not count.
Exit codes: 0 done, 2 usage, 69 unreachable, 75 a build is running, 77 not confirmed (--yes).
TEXT
}

cmd_prune() {
  local total plan removed code=0 also='' keep='' older='' as_lines=''
  local -a settings options
  options=()
  while [ $# -gt 0 ]; do
    case $1 in
      --all | --everything | --caches | --only-caches | --untagged) options+=("$1") ;;
      --plan) as_lines=1 ;;
      --also | --keep)
        need_value prune "$1" $#
        [[ $2 =~ ^[A-Za-z0-9._/:*-]+$ ]] || die 2 "prune: $1 wants a name or a pattern such as 'sindri:*', not $2"
        if [ "$1" = --also ]; then also="$also $2"; else keep="$keep $2"; fi
        shift
        ;;
      --older-than)
        need_value prune "$1" $#
        [[ $2 =~ ^[0-9]{1,10}$ ]] || die 2 "prune: --older-than wants a number of seconds, not $2"
        older=$2
        shift
        ;;
      *) common_flag "$1" || bad_argument prune "$1" ;;
    esac
    shift
  done
  options+=("OTHER=${also# }" "KEEP=${keep# }" "OLDER_THAN=$older")
  settings=("PROJECT=$PROJECT" "ENGINE=$ENGINE" "REMOTE_ROOT=$REMOTE_ROOT" "KEEP_SNAPSHOTS=$KEEP_SNAPSHOTS")
  image_tags
  settings+=("IMAGES=$REPLY")

  phase list
  host_ssh_setup
  plan=$(host_program prune.sh "${options[@]}" "${settings[@]}") || die $? "the host cannot say what there is to remove (see above)"
  if [ -z "$as_lines" ]; then
    prune_table "$plan"
    total=$REPLY
  else
    if [ -n "$DRY_RUN" ] && [ -n "$plan" ]; then say "$plan"; fi
    prune_total "$plan"
    total=$REPLY
  fi
  if [ -z "$plan" ]; then
    [ -n "$JSON$as_lines" ] || say "nothing to remove"
    return
  fi
  [ -z "$DRY_RUN" ] || return 0
  human_size "$total"
  confirmed "remove these ($REPLY)?" || die 77 "nothing was removed"
  phase remove
  printf '%s\n' "$plan" >"$TEMP_DIR/plan"
  removed=$(HOST_INPUT=$TEMP_DIR/plan host_program prune.sh --remove "${options[@]}" "${settings[@]}") || code=$?
  [ "$code" -ne 75 ] || die 75 "a build is running on the host" "wait for it: $PROGRAM attach"
  [ "$code" -eq 0 ] || die 65 "not everything could be removed (see above)"
  if [ -n "$as_lines" ]; then
    if [ -n "$removed" ]; then say "$removed"; fi
  elif [ -z "$JSON" ]; then
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
