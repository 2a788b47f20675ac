# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2034,SC2153
# promote: a moving tag to another published image.

# shellcheck source=registry.sh
. "$PROGRAM_DIR/registry.sh"

help_promote() {
  cat <<TEXT
Usage: $PROGRAM promote [OPTIONS] IMAGE FROM TO

Puts the moving tag TO on the image that the tag or digest FROM names, with all its platforms; nothing is pulled or pushed.
Also the way back: promote IMAGE base-<older hash> base-latest. Only the stack's moving tags move; a version never does.

  --token-file FILE   a file that holds the token, instead of the environment's
  --dry-run           look, and say what would move
  --json              one line of JSON

Exit codes: 0 done or there already, 1 refused login or a missing tool, 2 usage, 65 there is no such image, 69 unreachable.
TEXT
}

cmd_promote() {
  local words=() from to outcome digest
  while [ $# -gt 0 ]; do
    SHIFT=1
    case $1 in
      -*) registry_flag promote "$@" || common_flag "$1" || bad_argument promote "$1" ;;
      *) words+=("$1") ;;
    esac
    shift "$SHIFT"
  done
  [ "${#words[@]}" -eq 3 ] || die 2 "promote: wants IMAGE FROM TO" "see: $PROGRAM help promote"
  publications_of "${words[0]}"
  load_publication "${CHOSEN[0]}"
  from=${words[1]} to=${words[2]}
  case " $MOVING_TAGS " in
    *" $to "*) ;;
    *) die 2 "promote: $to is no moving tag of $IMAGE" "its moving tags: ${MOVING_TAGS:-none}; a version or content tag never moves" ;;
  esac
  find_token needed
  RUN_IMAGE=$IMAGE
  phase look
  registry look "tag=$from" "tag=$to" || registry_failed $?
  tag_answer "$from" && digest=$REPLY
  [ -n "$digest" ] || die 65 "$REGISTRY/$NAME has no $from" "see what there is: $PROGRAM gc --dry-run $IMAGE"
  tag_answer "$to"
  if [ "$REPLY" = "$digest" ]; then
    outcome='up to date'
  elif [ -n "$DRY_RUN" ]; then
    announce "would run: put $REGISTRY/$NAME:$to on $digest${REPLY:+, from $REPLY}"
    outcome='dry run'
  else
    phase move
    registry move "digest=$digest" "tag=$to" || registry_failed $?
    outcome=moved
  fi
  if [ -n "$JSON" ]; then
    say "{\"image\":\"$IMAGE\",\"repository\":\"$REGISTRY/$NAME\",\"tag\":\"$to\",\"digest\":\"$digest\",\"outcome\":\"$outcome\"}"
  elif [ -z "$DRY_RUN" ] || [ "$outcome" = 'up to date' ]; then
    say "$IMAGE: $outcome, $REGISTRY/$NAME:$to is $digest"
  fi
  run_write "$outcome" 0
}
