# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2034
# clear: caches, by tiers.

# shellcheck source=clear.sh
. "$PROGRAM_DIR/clear.sh"

help_clear() {
  cat <<TEXT
Usage: $PROGRAM clear TIER [--older-than AGE] [--dry-run] [--yes] [--json]

Removes what builds of this project leave on this machine and on the builder, and never images of another project.

  TIER     CLEARS                                                         KEEPS
  soft     incremental compilation, mirrors of repositories               base, dependencies, the engine's caches
  medium   and the whole target directories, the caches of RUN            base, images that have a name
           --mount=type=cache, images without a name, old contents
  hard     and all images of this project but the bases                   base
  nuke     and the bases, all source trees and logs                       nothing

  weekly   what the engine's caches and unnamed images have not used for a week; for 72 h, when the caches hold more than 10 GB
  monthly  as hard, and all but the newest $KEEP_BASES bases

  --older-than AGE  on the builder only what is older, such as 168h or 30d
  --dry-run         only lists, with sizes; what is listed is what would go
  --yes             does not ask (so does FORCE=1 in the environment)

The engine keeps the caches of RUN --mount=type=cache for all projects of a user together. Only sources that nobody builds
from, and images that no container uses, are removed.
TEXT
}

cmd_clear() {
  local tier=''
  CLEAR_OLDER=''
  while [ $# -gt 0 ]; do
    case $1 in
      --older-than)
        need_value clear "$1" $#
        age_seconds "$2" || die 2 "clear: --older-than wants an age such as 168h or 30d, not $2"
        CLEAR_OLDER=$REPLY
        shift
        ;;
      --older-than=*)
        local value=${1#*=}
        shift
        set -- x --older-than "$value" "$@"
        ;;
      soft | medium | hard | nuke | weekly | monthly)
        [ -z "$tier" ] || bad_argument clear "$1"
        tier=$1
        ;;
      *) common_flag "$1" || bad_argument clear "$1" ;;
    esac
    shift
  done
  if [ -z "$tier" ] && [ -n "$CLEAR_OLDER" ]; then tier=weekly; fi
  [ -n "$tier" ] || die 2 "clear: which tier?" "soft, medium, hard, nuke, weekly or monthly; see: $PROGRAM help clear"
  phase list
  clear_list "$tier"
  if [ -z "$JSON" ] || [ -n "$DRY_RUN" ]; then clear_table "$CLEAR_LINES"; fi
  if [ -z "$CLEAR_LINES" ]; then
    if [ -z "$JSON" ]; then say 'nothing to remove'; elif [ -z "$DRY_RUN" ]; then say '[]'; fi
    return
  fi
  [ -z "$DRY_RUN" ] || return 0
  if [ "$tier" != soft ]; then
    clear_bytes "$CLEAR_LINES"
    human_size "$REPLY"
    confirmed "remove these ($REPLY)?" || die 77 'nothing was removed'
  fi
  phase remove
  if [ "${#PRUNE[@]}" -gt 0 ] && ! alone_with_images; then die 75 'a cycle is running' 'wait for it'; fi
  clear_remove
  if [ -n "$JSON" ]; then
    clear_table "$CLEARED_LINES"
  else
    clear_bytes "$CLEARED_LINES"
    human_size "$REPLY"
    say "removed: $REPLY"
  fi
}
