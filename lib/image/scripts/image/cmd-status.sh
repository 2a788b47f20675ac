# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2034,SC2031
# status: which images are behind their sources, and with --caches what builds keep.

# shellcheck source=build.sh
. "$PROGRAM_DIR/build.sh"
# shellcheck source=clear.sh
. "$PROGRAM_DIR/clear.sh"

help_status() {
  cat <<TEXT
Usage: $PROGRAM status [--caches] [--json] [IMAGE…]

Shows for each image the content hash of its sources here, the one it was built from, its names on the builder, and whether
this content is published. Changes nothing.

  --caches  also what the caches hold: images on the builder, the engine's caches, target directories, mirrors
TEXT
}

cmd_status() {
  local caches='' images='' image line code=0 list='' rest
  while [ $# -gt 0 ]; do
    case $1 in
      --caches) caches=1 ;;
      -*) common_flag "$1" || bad_argument status "$1" ;;
      *)
        load_image "$1"
        images="$images $1"
        ;;
    esac
    shift
  done
  images=${images:-$IMAGES}
  [ -n "$images" ] || die 2 "there are no images yet" "the stack adds them: BuildModes, GhcrPublication"
  # shellcheck disable=SC2086 # a list of names
  line=$(builder status --json $images </dev/null) || code=$?
  [ -n "$line" ] || exit "$code" # the builder has said why
  [ -n "$JSON" ] || printf '%-24s %-12s %-18s %-18s %-20s %s\n' IMAGE ROLE 'SOURCES HERE' 'BUILT FROM' STATE NAMES
  rest=${line#*\"images\":\[}
  for image in $images; do
    status_image "$image" "{\"image\":\"$image\"${rest#*"{\"image\":\"$image\""}" "$code"
    list="${list:+$list,}$REPLY"
  done
  if [ -n "$caches" ]; then status_caches; fi
  if [ -n "$JSON" ]; then say "{\"images\":[$list]${CACHES_JSON:+,\"caches\":$CACHES_JSON}}"; fi
  [ "$code" -eq 0 ] || exit "$code"
}

# status_image IMAGE LINE CODE: prints one; with --json REPLY = it.
status_image() {
  local image=$1 hash built state names='' published=''
  json_value "$2" hash && hash=$REPLY
  json_value "$2" built && built=$REPLY
  json_value "$2" state && state=$REPLY
  # One image may be of several contents, and the builder names one of them.
  case $state,$built in
    'up to date',*) built=$hash ;;
    *,null) built='' ;;
  esac
  load_tags "$image"
  if [ "$3" -eq 0 ] && look_at "localhost/$image:ctx-${built:-$hash}"; then
    names=$(names_of "$IMAGE_NAMES" | sed 's/^localhost\///' | grep -F "$REPOSITORY:" | sort -u | tr '\n' ' ') || names=''
  fi
  status_published "$image" "$hash"
  published=$REPLY
  if [ -z "$JSON" ]; then
    printf '%-24s %-12s %-18s %-18s %-20s %s\n' "$image" "$ROLE" "$hash" "${built:--}" "$state${published:+, $published}" "${names% }"
    REPLY=''
    return
  fi
  json_string "$state" && state=$REPLY
  json_string "${names% }" && names=$REPLY
  json_string "$published"
  REPLY="{\"image\":\"$image\",\"role\":\"$ROLE\",\"hash\":\"$hash\",\"built\":\"$built\",\"state\":$state,\"names\":$names,\"published\":$REPLY}"
}

# status_published IMAGE HASH: REPLY = published, not published, or nothing when nobody publishes it or can be asked.
status_published() {
  local image=$1 prefix code=0
  REPLY=''
  [ "$(type -t publication_of)" = function ] || return 0
  publication_of "$image" || return 0
  prefix=$CONTENT_PREFIX
  find_token optional
  registry look "tag=$prefix$2" 2>/dev/null || code=$?
  tag_answer "$prefix$2"
  case $code in
    0) if [ -n "$REPLY" ]; then REPLY=published; else REPLY='not published'; fi ;;
    1) REPLY='registry wants a login' ;;
    *) REPLY='registry unreachable' ;;
  esac
  load_tags "$image"
}

# status_caches: the tables of all that can be cleared, by kind; CACHES_JSON.
status_caches() {
  local kind sum lines key bytes what unit count
  tier_plan nuke
  LOCAL_LINES=$(local_lines)
  lines=$(builder prune --plan --dry-run "${PRUNE[@]}" </dev/null) || die $? "the builder cannot say what it keeps (see above)"
  lines=$LOCAL_LINES$'\n'$lines
  CACHES_JSON=''
  [ -n "$JSON" ] || say ''
  for kind in image cache snapshot run target incremental repos; do
    sum=0 count=0
    while IFS=$'\t' read -r unit key bytes what; do
      [ "$unit" = "$kind" ] || continue
      sum=$((sum + bytes)) count=$((count + 1))
    done <<<"$lines"
    if [ -n "$JSON" ]; then
      CACHES_JSON="${CACHES_JSON:+$CACHES_JSON,}\"$kind\":{\"count\":$count,\"bytes\":$sum}"
    else
      human_size "$sum"
      printf '%10s  %4d  %s\n' "$REPLY" "$count" "$(cache_words "$kind")"
    fi
  done
  if [ -n "$JSON" ]; then CACHES_JSON="{$CACHES_JSON}"; fi
}

cache_words() {
  case $1 in
    image) echo 'images of this project on the builder (layers that they share count each time)' ;;
    cache) echo 'caches of RUN --mount=type=cache on the builder' ;;
    snapshot) echo 'source trees on the builder' ;;
    run) echo 'logs of builds on the builder' ;;
    target) echo 'target directories here' ;;
    incremental) echo 'incremental compilation here, outside of those' ;;
    repos) echo 'mirrors of repositories here' ;;
  esac
}
