# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2034
# Copying an image's context to the builder, as a tree that nobody changes afterwards: ~/<root>/<image>/<hash>/.

# shellcheck source=sync-changes.sh
. "$PROGRAM_DIR/sync-changes.sh"

SYNC_WHOLE='' # set: do not trust what the builder has

# sync_tree IMAGE PREVIOUS BASE_HASHES: copies the context to .partial-RECEIVED on the builder. context_hash has been called;
# CONTEXT_HASH is what was really copied: the tree is looked at again afterwards, and copied again when it moved meanwhile.
sync_tree() {
  local image=$1 previous=$2 attempt hash code
  has rsync || die 2 "rsync is not installed on this machine" "install it (macOS has it; Debian: apt install rsync)"
  for attempt in 1 2 3 4 5; do
    hash=$CONTEXT_HASH code=0
    sync_changes "$image" "$previous" || code=$?
    case $code in
      0) ;;
      *)
        if [ "$code" -eq 3 ] && [ "$attempt" -eq 1 ]; then sync_damaged "$image" "$previous"; fi
        if [ "$code" -ne 2 ]; then sync_discard "$image"; fi
        code=0
        sync_once "$image" "$previous" || code=$?
        ;;
    esac
    context_unchanged || context_hash "$image" "$3"
    if [ "$hash" = "$CONTEXT_HASH" ]; then
      case $code in
        0)
          sync_remember "$image" "$hash" "$previous"
          return 0
          ;;
        127) die 2 "rsync cannot be started" ;;
        *)
          # A full disk would stay full: what is there now serves no other run.
          HOST_SOFT=1 sync_discard "$image"
          die 69 "copying $image to the builder failed (rsync exit $code)" "is rsync installed there, and is there room? $PROGRAM doctor"
          ;;
      esac
    fi
    note "$image changed while it was copied; copying again"
    sync_discard "$image"
  done
  die 1 "$image changes faster than it can be copied" "stop what writes into $CONTEXT_DIR, or let git ignore what it writes"
}

# sync_damaged IMAGE HASH: says why all of it is copied.
sync_damaged() {
  note "$1: the tree ctx-$2 on the builder is not as it was copied (changed by hand or by a build step); copying without trust in it"
}

# sync_again IMAGE PREVIOUS BASE_HASHES TIME: the builder did not take the tree CONTEXT_HASH; copies it anew, at the second
# time without links to anything there. Fails at the third.
sync_again() {
  local previous=$2
  case $4 in
    1) sync_damaged "$1" "$CONTEXT_HASH" ;;
    2) previous='' ;;
    *) die 1 "$1: the tree ctx-$CONTEXT_HASH on the builder is changed as soon as it is copied" \
      "find out what writes into ~/$REMOTE_ROOT/$1 there" ;;
  esac
  SYNC_WHOLE=1
  context_hash "$1" "$3"
  sync_discard "$1"
  sync_tree "$1" "$previous" "$3"
}

# sync_discard IMAGE: removes what was received. What a dropped connection left running there may still be at work in it; so
# the next tree has another name.
sync_discard() {
  quote rm -rf "$REMOTE_ROOT/$1/.partial-$RECEIVED"
  on_host "$REPLY" || :
  RECEIVED=${RECEIVED}x
}

# sync_once IMAGE PREVIOUS: one transfer; a connection that drops is picked up where it was.
sync_once() {
  local arguments code tries=0 shell
  # --checksum: contents decide, not size and time. The file that differs in neither would be linked to the old one.
  # shellcheck disable=SC2054 # the commas are rsync's
  arguments=(-lptz --checksum --from0 --files-from=- --chmod=Du=rwx,Dgo=rx,Fu=rwX,Fgo=rX)
  if [ "$HOST_KIND" = local ]; then arguments[0]=-lpt; fi
  if [ -n "$2" ]; then arguments+=("--link-dest=../$2"); fi
  if [ -t 2 ] && [ -z "$QUIET" ]; then
    case $(rsync --version 2>/dev/null) in
      *'version 3.'[1-9]*) arguments+=(--info=progress2) ;;
    esac
  fi
  kind_shell_file
  shell=$REPLY
  quote mkdir -p "$REMOTE_ROOT/$1/.partial-$RECEIVED"
  local before=$REPLY
  quote cd "$REMOTE_ROOT/$1"
  HOST_BEFORE="$before && $REPLY && "
  while :; do
    code=0
    "context_list_$CONTEXT_KIND" \
      | HOST_BEFORE=$HOST_BEFORE rsync "${arguments[@]}" -e "bash $shell" "$CONTEXT_DIR/" "builder:.partial-$RECEIVED/" >&2 || code=$?
    case $code in
      255 | 10 | 12 | 30 | 35) ;; # the connection
      *) return "$code" ;;
    esac
    tries=$((tries + 1))
    [ "$tries" -le 3 ] || return "$code"
    note "the connection dropped while copying $1; trying again"
    on_host :
    kind_shell_file
  done
}

# new_run: RUN_ID = a name for this run on the builder; RECEIVED = that of the tree it sends.
new_run() {
  clock
  utc_time "$NOW_MS"
  REPLY=${REPLY%.*}
  printf -v RUN_ID '%s-%04x%04x' "${REPLY//[:-]/}" $((RANDOM ^ $$ & 65535)) "$RANDOM"
  RECEIVED=$RUN_ID
}
