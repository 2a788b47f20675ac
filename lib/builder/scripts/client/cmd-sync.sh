# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2034
# sync: only the copy.

# shellcheck source=build.sh
. "$PROGRAM_DIR/build.sh"

help_sync() {
  cat <<TEXT
Usage: $PROGRAM sync [OPTIONS] [IMAGE…]

Copies the contexts of images to the builder, without a build: ~/$REMOTE_ROOT/IMAGE/HASH/, one tree for each content, never
changed afterwards, hard-linked with the one before; ~/$REMOTE_ROOT/IMAGE/current is the last. No IMAGE means all.
What is copied is what git sees: tracked and new files, nothing that is ignored. Outside of git .dockerignore decides.

  --force      copy again although this content is there
  --dry-run    say what would be copied
  --json       one line of JSON for each image
TEXT
}

cmd_sync() {
  local images=() i image force='' hash
  while [ $# -gt 0 ]; do
    case $1 in
      --force) force=1 SYNC_WHOLE=1 ;;
      -*) common_flag "$1" || bad_argument sync "$1" ;;
      *) images+=("$1") ;;
    esac
    shift
  done
  plan_images ${images[@]+"${images[@]}"}
  phase hash
  plan_hashes
  phase probe
  probe look
  for ((i = 0; i < ${#PLAN[@]}; i++)); do
    image=${PLAN[i]}
    is_requested "$image" || continue
    RUN_IMAGE=$image RUN_HASH=${PLAN_HASHES[i]}
    probed "$image" "${PLAN_HASHES[i]}"
    plan_load "$image"
    base_hashes
    hash=${PLAN_HASHES[i]}
    if [ -n "$HAS_SNAPSHOT" ] && [ "$PREVIOUS" = "$hash" ] && [ -z "$force" ]; then
      sync_result "$image" "$hash" 'up to date'
    elif [ -n "$DRY_RUN" ]; then
      announce "would run: rsync the context $CONTEXT_DIR to ~/$REMOTE_ROOT/$image/$hash/ on the builder"
      context_hash "$image" "$REPLY"
      "context_list_$CONTEXT_KIND" | tr '\0' '\n' | while IFS= read -r file; do note "  ${file#./}"; done
      sync_result "$image" "$hash" 'dry run'
    else
      local bases=$REPLY
      new_run
      phase sync
      if [ -z "$HAS_SNAPSHOT" ] || [ -n "$force" ]; then
        context_hash "$image" "$bases"
        sync_tree "$image" "$PREVIOUS" "$bases"
        hash=$CONTEXT_HASH RUN_HASH=$CONTEXT_HASH
      fi
      sync_commit "$image" "$hash" "$bases" "$force"
      hash=$CONTEXT_HASH RUN_HASH=$CONTEXT_HASH
      sync_result "$image" "$hash" copied
    fi
  done
}

# sync_commit IMAGE HASH BASE_HASHES FORCE: CONTEXT_HASH = what it is in the end.
sync_commit() {
  local force=$4 code tries=0
  CONTEXT_HASH=$2
  while :; do
    code=0
    host_program sync-commit.sh "$REMOTE_ROOT" "$1" "$CONTEXT_HASH" "$RECEIVED" "$KEEP_SNAPSHOTS" ${force:+"$force"} || code=$?
    case $code in
      0) return ;;
      75) die 75 "$1 is being built from a tree that is not as it was copied" "wait for it: $PROGRAM attach $1" ;;
      122) ;;
      *) die 69 "the builder could not keep the copy of $1" "see: $PROGRAM doctor" ;;
    esac
    tries=$((tries + 1)) force=1
    sync_again "$1" "$PREVIOUS" "$3" "$tries"
  done
}

sync_result() { # IMAGE HASH OUTCOME
  if [ -n "$JSON" ]; then
    say "{\"image\":\"$1\",\"hash\":\"$2\",\"outcome\":\"$3\",\"path\":\"$REMOTE_ROOT/$1/$2\"}"
  else
    say "$1: $3, ~/$REMOTE_ROOT/$1/$2"
  fi
  RUN_ID=''
  run_write "$3" 0
}
