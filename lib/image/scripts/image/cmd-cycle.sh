# shellcheck shell=bash source-path=SCRIPTDIR
# The stack's commands run in shells of their own, with these variables in their environment.
# shellcheck disable=SC2034,SC2030,SC2031
# cycle: clear, build, verify, and only then replace the deployment.

# shellcheck source=clear.sh
. "$PROGRAM_DIR/clear.sh"
# shellcheck source=build.sh
. "$PROGRAM_DIR/build.sh" # after the other: what it does when the program ends comes last
# shellcheck source=config.sh
. "$PROGRAM_DIR/config.sh"

help_cycle() {
  cat <<TEXT
Usage: $PROGRAM cycle fast|clean|nuclear --config FILE [--connect]

Brings the deployment that FILE describes to the state of the sources: clears caches, builds, verifies, and only then runs the
stack's commands that destroy the old deployment and make the new one. When the build fails, the old one goes on running.

  fast      clears what 'clear soft' does; builds with all caches
  clean     clears the target directories and caches as 'clear medium' does; builds every step of the development image anew;
            afterwards the images it replaced go
  nuclear   the same with the base image: both are built anew, with nothing from before. The images of before go only when
            the new ones are deployed

  --config FILE  the deployment: workspace.name (or name), and where its image comes from. Also CONFIG=FILE, or in the environment
  --connect      runs the stack's command to connect afterwards
  --dry-run      says what would be done

Cycles of different workspaces may run at the same time; a second one of the same workspace ends with 75.
TEXT
}

cmd_cycle() {
  local kind='' config=${CONFIG:-} connect='' built
  while [ $# -gt 0 ]; do
    case $1 in
      fast | clean | nuclear)
        [ -z "$kind" ] || bad_argument cycle "$1"
        kind=$1
        ;;
      --config)
        need_value cycle "$1" $#
        config=$2
        shift
        ;;
      --config=* | CONFIG=*) config=${1#*=} ;;
      --connect) connect=1 ;;
      *) common_flag "$1" || bad_argument cycle "$1" ;;
    esac
    shift
  done
  [ -n "$MODES" ] || die 2 "cycle: the stack has no build modes" "add a BuildModes to it"
  [ -n "$kind" ] || die 2 "cycle: which one?" "fast, clean or nuclear; see: $PROGRAM help cycle"
  [ -n "$config" ] || die 2 "cycle: which deployment?" "name its file: --config FILE, or CONFIG=FILE"
  config_load "$config"
  RUN_MODE=cycle-$kind
  cycle_lock
  phase clear
  cycle_clear "$kind"
  phase build
  "cycle_${CONFIG_MODE//-/_}" "$kind"
  if [ -n "$DRY_RUN" ]; then
    cycle_would
    return
  fi
  RUN_IMAGE=$DEV
  if [ "$CONFIG_MODE" != registry ]; then
    phase after
    after_build "$RUN_HASH" "$NAMED"
  fi
  cycle_deploy
  if [ "$kind" != fast ] && [ "$CONFIG_MODE" = 'local' ]; then
    phase tidy
    cycle_tidy
  fi
  built=$RUN_OUTCOME
  RUN_OUTCOME=deployed
  if [ -z "$DEPLOY" ]; then RUN_OUTCOME=built; fi
  cycle_result
  warn_budget
  # The history is of builds.
  if [ "$built" != built ]; then RUN_OUTCOME='up to date'; fi
  if [ -n "$connect" ]; then
    [ -n "$CONNECT" ] || die 2 "cycle: the stack has no command to connect" "BuildModes takes it as connect"
    phase connect
    exec 7>&- 8>&-
    export IMAGE_REF=$NAMED CONFIG=$CONFIG_FILE CONFIG_MODE WORKSPACE=$CONFIG_WORKSPACE
    (cd -- "$PROJECT_ROOT" && exec bash -c "$CONNECT") || die $? "connecting failed"
  fi
}

# cycle_lock: one cycle of a workspace at a time.
cycle_lock() {
  [ -z "$DRY_RUN" ] || return 0
  state_dir
  exec 8<>"$STATE_DIR/cycle.$CONFIG_WORKSPACE.lock" 7<>"$STATE_DIR/cycles.lock"
  lock_file -n 8 || die 75 "a cycle of $CONFIG_WORKSPACE is running" "wait for it; other workspaces can go on"
  lock_file -s 7 # nobody clears images until we are through
}

# cycle_clear KIND: before the build. Images stay: the running deployment is of one, and the build may fail.
cycle_clear() {
  case $1 in
    fast) tier_plan soft ;;
    *) tier_plan medium ;;
  esac
  if [ "${#PRUNE[@]}" -gt 0 ]; then PRUNE=(--only-caches); fi
  LOCAL_LINES=$(local_lines)
  if [ -n "$DRY_RUN" ]; then
    if [ "${#PRUNE[@]}" -gt 0 ]; then
      CLEAR_LINES=$(builder prune --plan --dry-run "${PRUNE[@]}" </dev/null) || die $? "the builder cannot say what there is to remove"
    else
      CLEAR_LINES=''
    fi
    JSON='' clear_table "$LOCAL_LINES${CLEAR_LINES:+${LOCAL_LINES:+$'\n'}$CLEAR_LINES}"
    return
  fi
  CLEAR_WAIT=1
  clear_remove
  clear_bytes "$CLEARED_LINES"
  human_size "$REPLY"
  note "cleared: $REPLY"
}

# cycle_local KIND: builds the working directory. NAMED = the image by its content.
cycle_local() {
  case $1 in
    fast) build_quietly build_local "$DEV" ;;
    clean) build_quietly build_local "$DEV" --no-cache ;;
    nuclear)
      if [ -n "$BASE" ]; then
        build_quietly build_local "$BASE $DEV" --no-cache --pull
      else
        build_quietly build_local "$DEV" --no-cache --pull
      fi
      ;;
  esac
  cycle_built
}

cycle_from_source() {
  case $1 in
    fast) build_quietly build_source "$CONFIG_REF" "$DEV" ;;
    *) build_quietly build_source "$CONFIG_REF" "$DEV" --no-cache ;;
  esac
  cycle_built
}

# build_quietly FUNCTION ARGS…: the result of a cycle is its own.
build_quietly() {
  if [ -n "$DRY_RUN" ]; then "$@"; else "$@" >&2; fi
}

# cycle_built: RUN_HASH and NAMED of the development image among what was built.
cycle_built() {
  local i
  for ((i = 0; i < ${#BUILT_IMAGES[@]}; i++)); do
    if [ "${BUILT_IMAGES[i]}" = "$DEV" ]; then RUN_HASH=${BUILT_HASHES[i]}; fi
  done
  load_tags "$DEV"
  local_name "$REPOSITORY:$CONTENT_PREFIX$RUN_HASH"
  NAMED=$REPLY
}

# cycle_registry: pulls what is published.
cycle_registry() {
  local reference=$CONFIG_REGISTRY
  note "$CONFIG_FILE names a published image: nothing is built from the sources here"
  load_tags "$DEV"
  plain_http "$reference"
  if [ -n "$CONFIG_RANGE" ]; then
    version_in "$reference" "$CONFIG_RANGE"
    reference=$reference:$REPLY
  fi
  case ${reference##*/} in *:* | *@*) ;; *) reference=$reference:$MOVING_TAG ;; esac
  if would "$ENGINE pull $reference"; then return; fi
  pull_reference "$reference" || die 69 "$reference cannot be pulled (see above)" "is it published, and is the builder logged in? bin/$BUILDER shell -- $ENGINE login"
  if ! verify_image "$reference" "$DEV"; then die 65 "$VERIFY_FAULT" "the running deployment was left alone"; fi
  digest_name "$reference"
}

# digest_name NAME: NAMED = a pulled image by its digest in the very repository of NAME; the same image may be known from others.
digest_name() {
  local digests each repository=$1
  NAMED=$1
  case ${1##*/} in
    *@*) return ;; # it says so itself
    *:*) repository=${1%:*} ;;
  esac
  digests=$(engine image inspect --format '{{json .RepoDigests}}' "$1" </dev/null 2>/dev/null) || return 0
  while IFS= read -r each; do
    # docker leaves out the name of its own registry.
    case $each in
      "$repository"@* | "${repository#docker.io/}"@*)
        NAMED=$each
        return
        ;;
    esac
  done < <(names_of "$digests")
}

# version_in IMAGE RANGE: REPLY = the tag of the newest published version in a range.
version_in() {
  local tags
  # shellcheck disable=SC2086 # one word or none
  tags=$(on_builder skopeo list-tags $PLAIN_HTTP "docker://$1" </dev/null) \
    || die 69 "the versions of $1 cannot be listed (see above)" "is skopeo on the builder, is the image published, and is the builder logged in? bin/$BUILDER shell -- skopeo login"
  REPLY=$(perl "$PROGRAM_DIR/version-pick.pl" "$2" <<<"$tags") \
    || die 65 "$1 has no version in $2" "name a tag or a digest in $CONFIG_FILE"
  note "the newest version in $2 is $REPLY"
}

# plain_http NAME: PLAIN_HTTP = the option for it, only where the stack says so of this registry.
plain_http() {
  local name file
  PLAIN_HTTP=''
  for name in $PUBLICATIONS; do
    file=$FILE_ROOT/$PROGRAM/publications/$name.env
    if (
      REGISTRY='' INSECURE=''
      # shellcheck source=/dev/null
      . "$file"
      [ -n "$INSECURE" ] && [ "${1#"$REGISTRY"/}" != "$1" ]
    ); then PLAIN_HTTP=--tls-verify=false; fi
  done
}

# pull_reference NAME
pull_reference() {
  if [ "$ENGINE" != podman ]; then PLAIN_HTTP=''; fi
  # shellcheck disable=SC2086 # one word or none
  engine pull --quiet $PLAIN_HTTP "$1" </dev/null >&2
}

cycle_deploy() {
  local code=0
  if [ -z "$DEPLOY" ]; then
    note 'the stack has no command to deploy: the image is built, nothing is replaced'
    return
  fi
  if [ -n "$DESTROY" ]; then
    phase destroy
    run_line "$DESTROY" "$NAMED" || code=$?
    [ "$code" -eq 0 ] || die 65 "the old deployment was not destroyed (exit $code from: $DESTROY)" "the new image is $NAMED; nothing was deployed"
  fi
  phase deploy
  run_line "$DEPLOY" "$NAMED" || code=$?
  [ "$code" -eq 0 ] || die 65 "the deployment failed (exit $code from: $DEPLOY)" "the image is $NAMED; the one before is still there"
}

# cycle_tidy: the images of before go, when no other cycle may be about to deploy one of them.
cycle_tidy() {
  exec 7>&-
  if ! alone_with_images; then
    note 'another cycle is running: the images of before stay until the next one'
    return
  fi
  CLEAR_WAIT=1
  clear_list superseded
  clear_remove
}

cycle_would() {
  local each
  for each in "$DESTROY" "$DEPLOY"; do [ -z "$each" ] || announce "would run: $each"; done
}

cycle_result() {
  if [ -n "$JSON" ]; then
    json_string "$CONFIG_WORKSPACE"
    local workspace=$REPLY
    json_string "$NAMED"
    say "{\"workspace\":$workspace,\"mode\":\"$CONFIG_MODE\",\"image\":$REPLY,\"hash\":\"$RUN_HASH\",\"outcome\":\"$RUN_OUTCOME\"}"
  else
    say "$CONFIG_WORKSPACE: $RUN_OUTCOME, $NAMED"
    if [ -n "$CONNECT" ]; then note "connect: $CONNECT"; fi
  fi
}
