# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2034
# Building images: what is to be built, in which order, and what the builder already has.

# shellcheck source=../../../core/scripts/context.sh
. "$COMMON_DIR/context.sh"
# shellcheck source=../../../core/scripts/floating-bases.sh
. "$COMMON_DIR/floating-bases.sh"
# shellcheck source=../../../core/scripts/image-format.sh
. "$COMMON_DIR/image-format.sh"
# shellcheck source=sync.sh
. "$PROGRAM_DIR/sync.sh"
# shellcheck source=follow.sh
. "$PROGRAM_DIR/follow.sh"

# What a run asks for beyond the settings.
OPTION_CACHE_FROM='' OPTION_CACHE_TO='' OPTION_CACHE_USER=''
BUILD_AGAIN='' BUILD_NO_CACHE='' BUILD_PULL='' BUILD_DETACH='' BUILD_NO_WAIT=''

# plan_images IMAGE…: PLAN = the images and all they are FROM, bases first; none = all. REQUESTED = " a b ".
plan_images() {
  local each wanted=' '
  if [ $# -eq 0 ]; then
    # shellcheck disable=SC2086 # a list of names
    set -- $IMAGES
    [ $# -gt 0 ] || die 2 "this builder builds no images yet" "builder.build(...) in the stack adds one"
  fi
  REQUESTED=" $* "
  for each in "$@"; do plan_add "$each"; done
  PLAN=()
  for each in $IMAGES; do
    case $wanted in *" $each "*) PLAN+=("$each") ;; esac
  done
}

plan_add() {
  local each
  load_image "$1"
  wanted="$wanted$1 "
  for each in $BASES; do
    case $wanted in *" $each "*) ;; *) plan_add "$each" ;; esac
  done
}

is_requested() { [[ $REQUESTED == *" $1 "* ]]; }

# plan_load IMAGE: its settings and context; the command line's overrides are for the images it names.
plan_load() {
  if is_requested "$1"; then
    TARGET_OVERRIDE=$OPTION_TARGET TAG_OVERRIDE=$OPTION_TAG
    EXTRA_ARGS=(${OPTION_ARGS[@]+"${OPTION_ARGS[@]}"}) EXTRA_SECRETS=(${OPTION_SECRETS[@]+"${OPTION_SECRETS[@]}"})
  else
    TARGET_OVERRIDE='' TAG_OVERRIDE='' EXTRA_ARGS=() EXTRA_SECRETS=()
  fi
  context_load "$1"
}

OPTION_TARGET='' OPTION_TAG='' OPTION_ARGS=() OPTION_SECRETS=()

# plan_hashes: PLAN_HASHES and PLAN_TAGS, beside PLAN.
plan_hashes() {
  local i
  PLAN_HASHES=() PLAN_TAGS=()
  for ((i = 0; i < ${#PLAN[@]}; i++)); do
    plan_load "${PLAN[i]}"
    base_hashes
    context_hash "${PLAN[i]}" "$REPLY"
    PLAN_HASHES+=("$CONTEXT_HASH")
    PLAN_TAGS+=("$TAG")
  done
}

# base_hashes: REPLY = "name:hash:tag …" of the loaded image's BASES.
base_hashes() {
  local each i found=''
  for each in $BASES; do
    for ((i = 0; i < ${#PLAN_HASHES[@]}; i++)); do
      if [ "${PLAN[i]}" = "$each" ]; then found="$found $each:${PLAN_HASHES[i]}:${PLAN_TAGS[i]}"; fi
    done
  done
  REPLY=${found# }
}

# probe_start: begins to ask about the planned images beside the hashing, which takes as long as an answer from the builder.
# What the tag is on and which contents were built there can be asked without knowing the content here.
PROBE_PID=''
probe_start() {
  local image words=()
  PLAN_TAGS=()
  for image in ${PLAN[@]+"${PLAN[@]}"}; do
    load_image "$image"
    if is_requested "$image" && [ -n "$OPTION_TAG" ]; then TAG=$OPTION_TAG; fi
    words+=("$image" "$TAG" -)
  done
  host_ssh_setup
  program_line probe.sh "$ENGINE" "$REMOTE_ROOT" retag ${words[@]+"${words[@]}"}
  KIND_EXEC=1 kind_attempt '' "$REPLY" >"$TEMP_DIR/answer" 2>/dev/null &
  PROBE_PID=$!
}

# probe_finish: PROBE = the answer. Fails when it does not settle all images: something went wrong, or an image was built from
# this content before and the engine must say whether it is still there.
probe_finish() {
  local i code=0
  wait "$PROBE_PID" || code=$?
  PROBE_PID=''
  if [ "$code" -eq 255 ]; then
    kind_fault
    kind_heal || host_unreachable
  fi
  [ "$code" -eq 0 ] || return 1
  kind_reached
  IFS= read -r -d '' PROBE <"$TEMP_DIR/answer" || :
  for ((i = 0; i < ${#PLAN[@]}; i++)); do
    probed "${PLAN[i]}" "${PLAN_HASHES[i]}"
    [ "$STATE" != unsure ] || return 1
  done
}

# probe look|retag: asks the builder about all planned images at once. PROBE = its answer.
probe() {
  local i words=() code=0
  if [ -n "$PROBE_PID" ] && probe_finish; then return; fi
  for ((i = 0; i < ${#PLAN[@]}; i++)); do words+=("${PLAN[i]}" "${PLAN_TAGS[i]}" "${PLAN_HASHES[i]}"); done
  host_answer probe.sh "$ENGINE" "$REMOTE_ROOT" "$1" ${words[@]+"${words[@]}"} || code=$?
  PROBE=$REPLY
  case $code in
    0) ;;
    255) return 255 ;; # only with HOST_SOFT
    120) die 1 "$ENGINE is not installed on the builder" "set it up: $PROGRAM setup" ;;
    *) die 1 "the builder cannot be asked what it has (exit $code)" "see: $PROGRAM doctor" ;;
  esac
}

# probed IMAGE HASH: STATE, IMAGE_ID, TAGGED (hash), HAS_SNAPSHOT, PREVIOUS and RUNNING (lines of RUN HASH CLIENT) of one image.
probed() {
  local kind name one two three
  STATE='' IMAGE_ID='' TAGGED='' HAS_SNAPSHOT='' PREVIOUS='' RUNNING=''
  while read -r kind name one two three; do
    [ "$name" = "$1" ] || continue
    case $kind in
      image) STATE=$one IMAGE_ID=$two ;;
      tag)
        TAGGED=${two%%,*}
        TAGGED=${TAGGED#-}
        if [ -z "$STATE" ] && [[ ,$two, == *",$2,"* ]]; then STATE=current IMAGE_ID=$one TAGGED=$2; fi
        ;;
      known) if [ -z "$STATE" ] && [[ ,$one, == *",$2,"* ]]; then STATE=unsure; fi ;;
      trees)
        if [[ ,$one, == *",$2,"* ]]; then HAS_SNAPSHOT=1; fi
        PREVIOUS=${two#-}
        ;;
      running) RUNNING="$RUNNING$one $two $three"$'\n' ;;
    esac
  done <<<"$PROBE"
  STATE=${STATE:-absent}
}

# preflight: refuses to start what would fill the disk.
preflight() {
  local kind kib directory
  while read -r kind kib directory; do
    [ "$kind" = free ] || continue
    [ "$kib" -lt $((MIN_FREE_GIB * 1048576)) ] || continue
    note "$directory on the builder has $((kib / 1048576)) GiB free; builds want $MIN_FREE_GIB GiB"
    image_tags
    host_program disk-report.sh "$ENGINE" "$REMOTE_ROOT" "$PROJECT" "$KEEP_SNAPSHOTS" "$REPLY" >&2 || :
    die 1 "the builder's disk is too full for a build: $((kib / 1048576)) of $MIN_FREE_GIB GiB free in $directory" \
      "$PROGRAM prune --dry-run shows what would go; minFreeGib in the stack is the limit"
  done <<<"$PROBE"
}

# build_planned: brings the requested images, and what they need, up to date.
build_planned() {
  local i image again needed=' '
  library_hash_start
  phase hash
  if [ -z "$DRY_RUN" ]; then probe_start; fi
  plan_hashes
  check_secrets
  phase probe
  if [ -n "$DRY_RUN" ]; then probe look; else probe retag; fi
  # From the end: an image that is there does not need its bases.
  for ((i = ${#PLAN[@]} - 1; i >= 0; i--)); do
    image=${PLAN[i]}
    probed "$image" "${PLAN_HASHES[i]}"
    again=''
    if is_requested "$image"; then
      needed="$needed$image "
      again=$BUILD_AGAIN
    fi
    case $needed in *" $image "*) ;; *) continue ;; esac
    if [ "$STATE" = absent ] || [ -n "$again" ]; then
      load_image "$image"
      needed="$needed$BASES "
    fi
  done
  for ((i = 0; i < ${#PLAN[@]}; i++)); do
    case $needed in *" ${PLAN[i]} "*) build_one "$i" ;; esac
  done
}

# build_one INDEX: one image of the plan.
build_one() {
  local image=${PLAN[$1]} hash=${PLAN_HASHES[$1]} tag=${PLAN_TAGS[$1]} again=''
  if is_requested "$image"; then again=$BUILD_AGAIN; fi
  RUN_IMAGE=$image RUN_HASH=$hash
  probed "$image" "$hash"
  if [ -z "$again" ]; then
    case $STATE in
      current)
        build_result "$image" "$hash" "$tag" 'up to date' "$IMAGE_ID"
        return
        ;;
      retagged)
        build_result "$image" "$hash" "$tag" 'tag moved' "$IMAGE_ID"
        return
        ;;
      elsewhere)
        announce "would run: $ENGINE tag localhost/$image:ctx-$hash localhost/$image:$tag"
        build_result "$image" "$hash" "$tag" 'dry run' "$IMAGE_ID"
        return
        ;;
    esac
  fi
  local run client rest running=$RUNNING other=''
  while read -r run rest client; do
    [ -n "$run" ] || continue
    if [ "$rest" = "$hash" ] && [ -z "$again" ]; then
      note "$image: this is being built already (run $run, by $client); joining it"
      [ -z "$DRY_RUN" ] || return 0
      RUN_ID=$run
      build_join "$image" "$hash" "$tag"
      return
    fi
    other="run $run, context $rest, started by $client"
  done <<<"$running"
  if [ -n "$other" ] && [ -n "$BUILD_NO_WAIT" ]; then
    die 75 "$image is being built: $other" "wait for it: $PROGRAM attach $image"
  fi
  preflight
  [ -z "$other" ] || note "$image is being built: $other; this build waits for it"
  plan_load "$image"
  warn_floating "$image"
  base_hashes
  build_new "$image" "$hash" "$tag" "$again" "$REPLY"
}

# warn_floating IMAGE: the loaded image stands on others' images by a tag. Not an error: its Containerfile is the user's own.
warn_floating() {
  local each
  [ -z "$FLOATING$GENERATED" ] || return 0
  image_args
  floating_bases "$CONTAINERFILE_PATH" ${ARGS[@]+"${ARGS[@]}"} "${BASE_ARG:-_}=localhost/base"
  while IFS= read -r each; do
    [ -z "$each" ] || note "$1: $CONTAINERFILE takes $each, which may be another image tomorrow; pin it by @sha256:…, or allowFloatingBase in the stack"
  done <<<"$REPLY"
}

# build_new IMAGE HASH TAG AGAIN BASES: copies the context if it is not there, then starts the build and shows it.
build_new() {
  local image=$1 hash=$2 tag=$3 each words code=0 tries=0
  if [ -n "$DRY_RUN" ]; then
    [ -n "$HAS_SNAPSHOT" ] || announce "would run: rsync the context $CONTEXT_DIR to ~/$REMOTE_ROOT/$image/$hash/ on the builder"
    announce "would run: $ENGINE build -t localhost/$image:$tag -f $CONTAINERFILE . (there, context ctx-$hash)"
    build_result "$image" "$hash" "$tag" 'dry run' ''
    return
  fi
  new_run
  if [ -z "$HAS_SNAPSHOT" ]; then
    phase sync
    # With several images the file list is another one's by now, and time has passed.
    if [ "${#PLAN[@]}" -gt 1 ]; then context_hash "$image" "$5"; fi
    sync_tree "$image" "$PREVIOUS" "$5"
    hash=$CONTEXT_HASH
    RUN_HASH=$hash
  fi
  phase build
  image_args
  image_secrets
  words=("run=$RUN_ID" "received=$RECEIVED" "image=$image" "hash=$hash" "tag=$tag" "project=$PROJECT" "engine=$ENGINE" "root=$REMOTE_ROOT"
    "keep=$KEEP_SNAPSHOTS" "containerfile=$CONTAINERFILE" "target=$TARGET" "platform=$PLATFORM")
  client_name
  words+=("client=$REPLY")
  for each in ${ARGS[@]+"${ARGS[@]}"}; do words+=("arg=$each"); done
  for each in ${SECRETS[@]+"${SECRETS[@]}"}; do
    words+=("secret=${each%%=*}")
    HOST_INPUT=${each#*=} host_program secret-put.sh "$RUN_ID" "${each%%=*}" || die 69 "the secret ${each%%=*} cannot be handed over"
  done
  for each in $5; do words+=("base=$each"); done
  [ -z "$BASE_ARG" ] || words+=("base-arg=$BASE_ARG")
  # Not in FORMAT, which is a part of the hash: this follows from the Containerfile, which is too.
  if [ -z "$FORMAT$GENERATED" ] && wants_docker_format "$CONTAINERFILE_PATH"; then words+=(format=docker); fi
  [ -z "$FORMAT" ] || words+=("format=$FORMAT")
  image_labels
  for each in ${LABELS[@]+"${LABELS[@]}"}; do words+=("label=$each"); done
  if [ -n "$GENERATED" ]; then
    words+=(generated=1)
    HOST_INPUT=$CONTAINERFILE_PATH host_program containerfile-put.sh "$image" "$RUN_ID" \
      || die 69 "the Containerfile of $image cannot be handed over" "see: $PROGRAM doctor"
  fi
  if [ -n "$4" ]; then words+=(again=1); fi
  if [ -n "$BUILD_NO_CACHE" ] && is_requested "$image"; then words+=(no-cache=1); fi
  if [ -n "$BUILD_PULL" ] && is_requested "$image"; then words+=(pull=1); fi
  if [ -n "$OPTION_CACHE_FROM" ]; then words+=("cache-from=$OPTION_CACHE_FROM"); fi
  if [ -n "$OPTION_CACHE_TO" ]; then words+=("cache-to=$OPTION_CACHE_TO"); fi
  if [ -n "$OPTION_CACHE_USER" ]; then
    words+=("cache-user=$OPTION_CACHE_USER")
    cache_token_put
  fi
  if [ -n "$BUILD_NO_WAIT" ]; then words+=(no-wait=1); fi
  if [ -n "$BUILD_DETACH" ]; then words+=(detach=1); fi
  while :; do
    code=0
    follow_program "$image" build-start.sh "${words[@]}" || code=$?
    [ "$code" -eq 122 ] || break
    phase sync
    tries=$((tries + 1))
    CONTEXT_HASH=$hash
    sync_again "$image" "$PREVIOUS" "$5" "$tries"
    hash=$CONTEXT_HASH
    RUN_HASH=$hash
    words+=(fresh=1 "received=$RECEIVED" "hash=$hash") # the last one counts
    phase build
  done
  if [ "$code" -eq 0 ] && [ -n "$BUILD_DETACH" ]; then
    note "$image is being built on the builder (run $RUN_ID); come back with: $PROGRAM attach $image"
    build_result "$image" "$hash" "$tag" started ''
    return
  fi
  build_ended "$image" "$hash" "$tag" "$code"
}

# cache_token_put: the token of the cache's registry goes to the builder's memory, as build secrets do. No secret's id begins
# with a plus sign.
cache_token_put() {
  (umask 077 && printf '%s' "$GANTRY_CACHE_TOKEN" >"$TEMP_DIR/token")
  local code=0
  HOST_INPUT=$TEMP_DIR/token host_program secret-put.sh "$RUN_ID" +cache-token || code=$?
  rm -f -- "$TEMP_DIR/token"
  [ "$code" -eq 0 ] || die 69 "the token of the cache's registry cannot be handed over"
}

# build_join IMAGE HASH TAG: shows the build RUN_ID, which somebody started.
build_join() {
  local code=0
  phase build
  if [ -n "$BUILD_DETACH" ]; then
    build_result "$1" "$2" "$3" started ''
    return
  fi
  follow_program "$1" follow.sh "$1" "$RUN_ID" 0 || code=$?
  build_ended "$1" "$2" "$3" "$code"
}

# build_ended IMAGE HASH TAG CODE: after the log.
build_ended() {
  case $4 in
    0) build_result "$1" "$2" "$3" built '' ;;
    75) die 75 "$1 is being built by somebody else" "wait for it: $PROGRAM attach $1" ;;
    *)
      RUN_OUTCOME='build failed'
      build_json "$1" "$2" "$3" "$RUN_OUTCOME" ''
      exit 65
      ;;
  esac
}

# build_result IMAGE HASH TAG OUTCOME ID: tells the person or the program, and the run log.
build_result() {
  if [ -n "$JSON" ]; then
    build_json "$@"
  elif [ "$4" = 'up to date' ] || [ "$4" = 'tag moved' ] || { [ "$4" = built ] && [ -n "$QUIET" ]; }; then
    say "$1: $4, localhost/$1:$3 is ctx-$2"
  fi
  run_write "$4" 0
}

# build_json IMAGE HASH TAG OUTCOME ID: one line; what the builder knows of a finished run included.
build_json() {
  [ -n "$JSON" ] || return 0
  local key value line
  json_string "$4"
  line="{\"image\":\"$1\",\"hash\":\"$2\",\"tag\":\"localhost/$1:$3\",\"outcome\":$REPLY"
  if [ -n "$5" ]; then line="$line,\"id\":\"$5\""; fi
  if [ -n "$RUN_ID" ]; then
    line="$line,\"run\":\"$RUN_ID\""
    if [ "$4" != started ] && host_answer result.sh "$1" "$RUN_ID"; then
      while IFS='=' read -r key value; do
        case $key in
          size | seconds | cached | rebuilt | engineExit) line="$line,\"$key\":$value" ;;
          id | digest | step) json_string "$value" && line="$line,\"$key\":$REPLY" ;;
        esac
      done <<<"$REPLY"
    fi
  fi
  say "$line}"
}

# check_secrets: every secret file is there, before anything runs.
check_secrets() {
  local i each missing=''
  for ((i = 0; i < ${#PLAN[@]}; i++)); do
    if [ "${#PLAN[@]}" -gt 1 ]; then plan_load "${PLAN[i]}"; fi # else it is loaded
    image_secrets
    for each in ${SECRETS[@]+"${SECRETS[@]}"}; do
      [ -f "${each#*=}" ] && [ -r "${each#*=}" ] || missing="$missing, ${each%%=*} (${each#*=})"
    done
  done
  [ -z "$missing" ] || die 2 "build secrets are missing: ${missing#, }" "each is a file on this machine at run time; its content is never kept"
}

# client_name: REPLY = who asks, in one word.
client_name() {
  REPLY=${USER:-uid$UID}@${HOSTNAME%%.*}
  REPLY=${REPLY//[!A-Za-z0-9@._-]/_}
}
