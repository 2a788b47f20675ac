# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2034
# publish: images to their registries, under tags that name one content, and moving tags last.

# shellcheck source=registry.sh
. "$PROGRAM_DIR/registry.sh"

help_publish() {
  cat <<TEXT
Usage: $PROGRAM publish [OPTIONS] [IMAGE…]

Brings images to their registries. A content that is there already is not pushed again: one look, and nothing is built either.
First goes the content tag, then the version tag, then the tags that move; when the registry goes away in between, no tag is
on anything half done, and the same command goes on. A version tag is never moved: other content under it is refused (65).

An image for several platforms is built natively on a builder of each and put together then:
  --partial           push only this builder's image, under the content tag and its architecture
  --platform P        the platform that this builder must have, such as linux/arm64
  --assemble          build nothing: make the index of what the builders of all platforms pushed

  --write-cache       also write the registry's build cache, where the stack has one
  --no-cache-from     do not read it
  --token-file FILE   a file that holds the token, instead of the environment's
  --dry-run           look, and say what would be pushed
  --json              one line of JSON for each image

Exit codes: 0 done or there already, 1 refused login or a missing tool, 2 usage, 65 refused or failed, 69 unreachable.
TEXT
}

cmd_publish() {
  local images=() name
  PUBLISH_PLATFORM='' PARTIAL='' ASSEMBLE='' WRITE_CACHE='' READ_CACHE=1
  while [ $# -gt 0 ]; do
    SHIFT=1
    case $1 in
      --partial) PARTIAL=1 ;;
      --assemble) ASSEMBLE=1 ;;
      --write-cache) WRITE_CACHE=1 ;;
      --no-cache-from) READ_CACHE='' ;;
      --platform)
        need_value publish "$1" $#
        PUBLISH_PLATFORM=$2 SHIFT=2
        ;;
      --platform=*) PUBLISH_PLATFORM=${1#*=} ;;
      -*) registry_flag publish "$@" || common_flag "$1" || bad_argument publish "$1" ;;
      *) images+=("$1") ;;
    esac
    shift "$SHIFT"
  done
  [ -z "$PARTIAL" ] || [ -z "$ASSEMBLE" ] || die 2 "publish: --partial and --assemble exclude each other"
  publications_of ${images[@]+"${images[@]}"}
  for name in "${CHOSEN[@]}"; do
    load_publication "$name"
    find_token needed
    publish_one
  done
}

# publish_one: the loaded publication. Also for release, which sets VERSION_TAG.
publish_one() {
  local each content here=''
  MOVING=()
  for each in $MOVING_TAGS; do MOVING+=("tag=$each"); done
  phase hash
  look_ahead
  content_hash "$IMAGE"
  RUN_IMAGE=$IMAGE RUN_HASH=$HASH
  OUR_DIGEST='' PUSHED=() DONE_TAGS=() WOULD=''
  content=$CONTENT_PREFIX$HASH
  phase look
  looked_ahead || look_now "$HASH" || registry_failed $?
  tag_answer "$content"
  OUR_DIGEST=$REPLY
  if [ -n "$VERSION_TAG" ]; then
    tag_answer "$VERSION_TAG"
    if [ -n "$REPLY" ] && [ "$REPLY" != "$OUR_DIGEST" ]; then refuse_version "$REPLY"; fi
  fi
  if [ -n "$OUR_DIGEST" ] && published_all; then
    publish_result 'up to date' "$content"
    return
  fi
  if [ -n "$OUR_DIGEST" ]; then
    if [ -n "$DRY_RUN" ]; then
      publish_dry_moves "$content"
      return
    fi
    phase move
    registry move "digest=$OUR_DIGEST" "version=$VERSION_TAG" ${MOVING[@]+"${MOVING[@]}"} || registry_failed $?
    publish_done 'tags moved' "$content"
    return
  fi
  case $PLATFORMS in
    *' '*)
      publish_platforms "$content"
      return
      ;;
  esac
  [ -z "$PARTIAL$ASSEMBLE" ] || die 2 "publish: $PUBLICATION is for one platform; --partial and --assemble are for several" \
    "list the platforms in the stack"
  publish_here "$content"
  if [ -n "$DRY_RUN" ]; then
    publish_dry_moves "$content"
    return
  fi
  publish_build
  phase push
  publish_labels
  registry publish "source=localhost/$IMAGE:ctx-$HASH" "hash=$HASH" "content=$content" "arch=$PLATFORM_HERE" "version=$VERSION_TAG" \
    ${MOVING[@]+"${MOVING[@]}"} "${LABELS[@]}" || registry_failed $?
  publish_done published "$content"
}

# look_now HASH: what is behind the content tag and the others.
look_now() { registry look "tag=$CONTENT_PREFIX$1" ${VERSION_TAG:+"tag=$VERSION_TAG"} ${MOVING[@]+"${MOVING[@]}"}; }

# look_ahead: begins to look at the content that was published last, beside the hashing: mostly it is this one.
look_ahead() {
  AHEAD='' AHEAD_PID=''
  if [ -r "$STATE_DIR/published/$PUBLICATION" ]; then read -r AHEAD <"$STATE_DIR/published/$PUBLICATION" || :; fi
  [[ $AHEAD =~ ^[0-9a-f]{16}$ ]] || return 0
  temp_dir
  REGISTRY_ANSWER=$TEMP_DIR/ahead look_now "$AHEAD" 2>/dev/null &
  AHEAD_PID=$!
}

# looked_ahead: whether that look was at this content and got an answer; ANSWER.
looked_ahead() {
  [ -n "$AHEAD_PID" ] && wait "$AHEAD_PID" && [ "$AHEAD" = "$HASH" ] || return 1
  IFS= read -r -d '' ANSWER <"$TEMP_DIR/ahead" || :
}

# published_all: whether every tag of the answer is on OUR_DIGEST.
published_all() {
  local each
  for each in $VERSION_TAG $MOVING_TAGS; do
    tag_answer "$each"
    [ "$REPLY" = "$OUR_DIGEST" ] || return 1
  done
}

# refuse_version DIGEST: before anything is built.
refuse_version() {
  local there=$1
  registry context "content=$there" || registry_failed $?
  answered context
  conflict_refused "$VERSION_TAG $there $REPLY"
}

# publish_here CONTENT: PLATFORM_HERE, which must be one to publish.
publish_here() {
  local wanted=${PUBLISH_PLATFORM:-}
  host_platform
  if [ -z "$wanted" ]; then
    case " $PLATFORMS " in
      '  ' | *" $PLATFORM_HERE "*) return ;;
    esac
    die 2 "$PUBLICATION is for $PLATFORMS, and this builder is $PLATFORM_HERE" "images are built natively: publish from a builder of that platform"
  fi
  case " ${PLATFORMS:-$PLATFORM_HERE} " in
    *" $wanted "*) ;;
    *) die 2 "publish: $wanted is no platform of $PUBLICATION" "its platforms: ${PLATFORMS:-$PLATFORM_HERE}" ;;
  esac
  [ "$wanted" = "$PLATFORM_HERE" ] || die 2 "publish: this builder is $PLATFORM_HERE, not $wanted" \
    "images are built natively: run this on a builder of that platform"
}

# publish_platforms CONTENT: this platform's image, then the index when all platforms are there.
publish_platforms() {
  local content=$1 each words=() missing=''
  if [ -z "$ASSEMBLE" ]; then
    publish_here "$content"
    arch_tag "$content" "$PLATFORM_HERE" && here=$REPLY
    registry look "tag=$here" || registry_failed $?
    tag_answer "$here"
    if [ -z "$REPLY" ]; then
      if [ -n "$DRY_RUN" ]; then
        announce "would run: push $IMAGE (content $HASH) to $REGISTRY/$NAME:$here"
      else
        publish_build
        phase push
        publish_labels
        registry publish "source=localhost/$IMAGE:ctx-$HASH" "hash=$HASH" "content=$here" "arch=$PLATFORM_HERE" "${LABELS[@]}" || registry_failed $?
        tag_answer "$here"
        PUSHED+=("$here")
      fi
    fi
    if [ -n "$PARTIAL" ]; then
      OUR_DIGEST=$REPLY
      if [ -n "$DRY_RUN" ]; then
        publish_dry_end "$here"
      elif [ "${#PUSHED[@]}" -gt 0 ]; then
        publish_result published "$here"
      else
        publish_result 'up to date' "$here"
      fi
      return
    fi
  fi
  for each in $PLATFORMS; do
    arch_tag "$content" "$each"
    words+=("tag=$REPLY")
  done
  registry look ${words[@]+"${words[@]}"} || registry_failed $?
  words=()
  for each in $PLATFORMS; do
    arch_tag "$content" "$each"
    words+=("child=$each=$REPLY")
    here=$REPLY
    tag_answer "$here"
    if [ -z "$REPLY" ] && { [ -z "$DRY_RUN" ] || [ "$each" != "${PLATFORM_HERE:-}" ]; }; then missing="${missing:+$missing, }$each ($here)"; fi
  done
  [ -z "$missing" ] || die 1 "$PUBLICATION is not complete: no image for $missing" \
    "publish it from a builder of that platform: $PROGRAM publish --partial $IMAGE
then, from anywhere: $PROGRAM publish --assemble $IMAGE"
  if [ -n "$DRY_RUN" ]; then
    publish_dry_moves "$content"
    return
  fi
  phase push
  publish_labels
  registry assemble "content=$content" "hash=$HASH" ${words[@]+"${words[@]}"} "version=$VERSION_TAG" ${MOVING[@]+"${MOVING[@]}"} "${LABELS[@]}" || registry_failed $?
  publish_done published "$content"
}

# publish_build: the content is on the builder, as its own program says.
publish_build() {
  local flags=() code=0
  phase build
  if [ -n "$QUIET" ]; then flags+=(--quiet); fi
  publish_bases
  if [ -n "$CACHE_NAME_REF" ] && [ -n "$READ_CACHE$WRITE_CACHE" ]; then
    [ -z "$READ_CACHE" ] || flags+=(--cache-from "$REGISTRY/$CACHE_NAME_REF")
    [ -z "$WRITE_CACHE" ] || flags+=(--cache-to "$REGISTRY/$CACHE_NAME_REF")
    flags+=(--cache-user "$USER_NAME")
  elif [ -n "$WRITE_CACHE" ]; then
    die 2 "publish: $PUBLICATION has no cache to write" "give it a repository for it in the stack (cache)"
  fi
  GANTRY_CACHE_TOKEN=$TOKEN builder build --json ${flags[@]+"${flags[@]}"} "$IMAGE" >"$TEMP_DIR/built" || code=$?
  [ "$code" -eq 0 ] || exit "$code"
  # What was built may be newer than what was looked at.
  grep -q "\"hash\":\"$HASH\"" "$TEMP_DIR/built" || die 65 "the sources of $IMAGE changed while it was published" "run the same again"
}

# publish_bases: bases that are published with the content they have here need not be built. In a shell of its own: the
# publications of the bases are others.
publish_bases() {
  (
    load_tags "$IMAGE"
    [ -n "$BASES" ] || exit 0
    token=$TOKEN from=$TOKEN_FROM file=$TOKEN_FILE
    # shellcheck source=/dev/null
    . "$PROGRAM_DIR/build.sh" # reads registry.sh anew
    TOKEN=$token TOKEN_FROM=$from TOKEN_FILE=$file
    # shellcheck disable=SC2034 # of restore_bases
    RESTORE_ALL=1
    # shellcheck disable=SC2086 # a list of names
    restore_bases "$PROJECT_ROOT" $BASES
  )
}

# publish_labels: LABELS = what the image says of itself, as words for the registry.
publish_labels() {
  local revision=''
  if has git && revision=$(cd -- "$PROJECT_ROOT" && git rev-parse HEAD 2>/dev/null); then
    [ -z "$(cd -- "$PROJECT_ROOT" && git status --porcelain 2>/dev/null | head -n 1)" ] || revision=$revision-dirty
  fi
  LABELS=("label=io.gantry.context=$HASH" "label=io.gantry.project=$PROJECT")
  add_label source "$SOURCE_LABEL"
  add_label revision "$revision"
  add_label version "${VERSION:-$HASH}"
  add_label title "$TITLE"
  add_label description "$DESCRIPTION"
  add_label licenses "$LICENSES"
}

add_label() { # NAME VALUE
  [ -z "$2" ] || LABELS+=("label=org.opencontainers.image.$1=$2")
}

# publish_dry_moves CONTENT: what would come after the look.
publish_dry_moves() {
  local each
  [ -n "$OUR_DIGEST" ] || publish_would "build $IMAGE (content $HASH) and push it to $REGISTRY/$NAME:$1"
  for each in $VERSION_TAG $MOVING_TAGS; do
    tag_answer "$each"
    if [ -n "$OUR_DIGEST" ] && [ "$REPLY" = "$OUR_DIGEST" ]; then continue; fi
    publish_would "put $REGISTRY/$NAME:$each on it${REPLY:+, from $REPLY}"
  done
  publish_dry_end "$1"
}

# publish_would TEXT: a step of a dry run.
publish_would() {
  if [ -z "$JSON" ]; then
    say "would run: $1"
  else
    json_string "$1"
    WOULD="${WOULD:+$WOULD,}$REPLY"
  fi
}

publish_dry_end() { # TAG
  [ -z "$JSON" ] || say "{\"publication\":\"$PUBLICATION\",\"image\":\"$IMAGE\",\"hash\":\"$HASH\",\"repository\":\"$REGISTRY/$NAME\",\"tag\":\"$1\",\"outcome\":\"dry run\",\"would\":[$WOULD]}"
  run_write 'dry run' 0
}

# publish_done OUTCOME CONTENT: after the answer that says what was done.
publish_done() {
  local word tag digest rest
  while read -r word tag digest rest; do
    case $word in
      pushed)
        PUSHED+=("$tag")
        OUR_DIGEST=$digest
        ;;
      moved) DONE_TAGS+=("$tag") ;;
    esac
  done <<<"$ANSWER"
  publish_result "$1" "$2"
}

# publish_result OUTCOME CONTENT: tells the person or the program, and the run log.
publish_result() {
  local each line tags='' pushed=''
  if [ -n "$JSON" ]; then
    for each in ${PUSHED[@]+"${PUSHED[@]}"}; do pushed="${pushed:+$pushed,}\"$each\""; done
    for each in ${DONE_TAGS[@]+"${DONE_TAGS[@]}"}; do tags="${tags:+$tags,}\"$each\""; done
    line="{\"publication\":\"$PUBLICATION\",\"image\":\"$IMAGE\",\"hash\":\"$HASH\",\"repository\":\"$REGISTRY/$NAME\""
    say "$line,\"tag\":\"$2\",\"digest\":\"$OUR_DIGEST\",\"outcome\":\"$1\",\"pushed\":[$pushed],\"moved\":[$tags]}"
  else
    say "$IMAGE: $1, $REGISTRY/$NAME:$2 is $OUR_DIGEST"
    for each in ${DONE_TAGS[@]+"${DONE_TAGS[@]}"}; do say "  $each is on it now"; done
  fi
  state_dir
  mkdir -p -- "$STATE_DIR/published"
  printf '%s\n' "$HASH" >"$STATE_DIR/published/$PUBLICATION"
  run_write "$1" 0
}
