# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2034
# Building on the stack's builder, and giving what it built its names. What build and cycle share.

# shellcheck source=source.sh
. "$PROGRAM_DIR/source.sh"
if [ -r "$PROGRAM_DIR/registry.sh" ]; then
  # shellcheck source=/dev/null
  . "$PROGRAM_DIR/registry.sh"
fi

# local_name NAME: REPLY = as the engine on the builder calls it.
local_name() { if [ "$ENGINE" = podman ]; then REPLY=localhost/$1; else REPLY=$1; fi; }

# json_value LINE KEY: REPLY = the value that the first key of this name has in our own one-line JSON, without its quotes.
json_value() {
  REPLY=''
  if [[ $1 =~ \"$2\":(\"[^\"]*\"|[^,}\"]+) ]]; then REPLY=${BASH_REMATCH[1]//\"/}; fi
}

# What a build made, one for each image: BUILT_IMAGES, BUILT_HASHES, BUILT_OUTCOMES, BUILT_SECONDS.
BUILT_IMAGES=() BUILT_HASHES=() BUILT_OUTCOMES=() BUILT_SECONDS=()

# builder_build ROOT ARGS…: runs the builder's build on the contexts below ROOT. Its log goes to standard error.
builder_build() {
  local root=$1 line code=0
  local -a quiet
  shift
  temp_dir
  quiet=()
  if [ -n "$QUIET" ]; then quiet=(--quiet); fi
  if [ -n "$DRY_RUN" ]; then
    BUILDER_PROJECT=$root builder build --json --dry-run ${quiet[@]+"${quiet[@]}"} "$@" \
      >"$TEMP_DIR/build" 2>"$TEMP_DIR/build.notes" || code=$?
    while IFS= read -r line; do
      case $line in 'would run: '*) announce "$line" ;; *) printf '%s\n' "$line" >&2 ;; esac
    done <"$TEMP_DIR/build.notes"
  else
    BUILDER_PROJECT=$root builder build --json ${quiet[@]+"${quiet[@]}"} "$@" >"$TEMP_DIR/build" || code=$?
  fi
  BUILT_IMAGES=() BUILT_HASHES=() BUILT_OUTCOMES=() BUILT_SECONDS=()
  while IFS= read -r line; do
    json_value "$line" image && BUILT_IMAGES+=("$REPLY")
    json_value "$line" hash && BUILT_HASHES+=("$REPLY")
    json_value "$line" outcome && BUILT_OUTCOMES+=("$REPLY")
    json_value "$line" seconds && BUILT_SECONDS+=("$REPLY")
  done <"$TEMP_DIR/build"
  [ "$code" -eq 0 ] || build_failed "$code"
}

build_failed() {
  case $1 in
    65) die 65 "the build failed; no name moved" "its log is above, and kept: bin/$BUILDER logs" ;;
    *) die "$1" "the builder could not build (exit $1, see above)" ;;
  esac
}

# --- after the build ------------------------------------------------------------------------------------------------

# look_at NAME: IMAGE_ID, IMAGE_PLATFORM and IMAGE_NAMES (JSON) of an image on the builder; fails when it is not there.
look_at() {
  local answer
  answer=$(engine image inspect --format '{{.Id}} {{.Os}}/{{.Architecture}} {{json .RepoTags}}' "$1" 2>/dev/null </dev/null) || return 1
  IMAGE_ID=${answer%% *}
  IMAGE_ID=${IMAGE_ID#sha256:}
  answer=${answer#* }
  IMAGE_PLATFORM=${answer%% *} IMAGE_NAMES=${answer#* }
}

# names_of JSON: one name a line.
names_of() {
  local rest=$1
  while [[ $rest =~ \"([^\"]+)\" ]]; do
    printf '%s\n' "${BASH_REMATCH[1]}"
    rest=${rest#*"${BASH_REMATCH[0]}"}
  done
}

# wanted_platform IMAGE: REPLY = what it is to be for: asked for, of the stack, or that of the builder.
wanted_platform() {
  local machine
  REPLY=${OPTION_PLATFORM:-}
  [ -z "$REPLY" ] || return 0
  REPLY=$(
    PLATFORM=''
    # shellcheck source=/dev/null
    . "$FILE_ROOT/$BUILDER/images/$1.env" && printf %s "$PLATFORM"
  ) || REPLY=''
  [ -z "$REPLY" ] || return 0
  [ -n "${BUILDER_MACHINE:-}" ] || BUILDER_MACHINE=$(on_builder uname -m </dev/null) || return 0
  machine=$BUILDER_MACHINE
  case $machine in
    x86_64) REPLY=linux/amd64 ;;
    aarch64 | arm64) REPLY=linux/arm64 ;;
  esac
}

# verify_image NAME IMAGE: it is there, for the right machine, and starts. Fails with VERIFY_FAULT.
verify_image() {
  local name=$1 i variable command=''
  local -a words
  IMAGE_ID=''
  if ! look_at "$name"; then
    VERIFY_FAULT="$name is not on the builder"
    return 1
  fi
  wanted_platform "$2"
  case $REPLY/ in
    / | "$IMAGE_PLATFORM"/*) ;;
    *)
      VERIFY_FAULT="$name is for $IMAGE_PLATFORM, not for $REPLY"
      return 1
      ;;
  esac
  [ "$ROLE" != base ] && [ "$VERIFY_COUNT" -gt 0 ] || return 0
  words=()
  for ((i = 1; i <= VERIFY_COUNT; i++)); do
    variable=VERIFY_$i
    words+=("${!variable}")
    command="$command ${!variable}"
  done
  note "verifying: $ENGINE run $name$command"
  if ! engine run --rm --network=none "$name" ${words[@]+"${words[@]}"} </dev/null >&2; then
    VERIFY_FAULT="$name does not run:$command"
    return 1
  fi
}

# name_image IMAGE HASH TAG…: verifies what was built and gives it its names, the moving one last. TAG…: these instead of the
# image's own. NAMED = the name of its content.
name_image() {
  local image=$1 hash=$2 own previous='' tag each
  local -a tags lacking
  shift 2
  load_tags "$image"
  local_name "$REPOSITORY:$CONTENT_PREFIX$hash"
  NAMED=$REPLY
  own=localhost/$image:ctx-$hash
  if [ $# -gt 0 ]; then
    tags=("$@")
  else
    tags=("$MOVING_TAG")
    if [ -n "$VERSION_TAG" ]; then tags=("$VERSION_TAG" "$MOVING_TAG"); fi
  fi
  if look_at "$own"; then
    lacking=()
    for tag in "$CONTENT_PREFIX$hash" ${tags[@]+"${tags[@]}"}; do
      local_name "$REPOSITORY:$tag"
      case $IMAGE_NAMES in *"\"localhost/$REPOSITORY:$tag\""* | *"\"$REPOSITORY:$tag\""*) ;; *) lacking+=("$REPLY") ;; esac
    done
    # Named as it should be: it was verified then. The moving name may be the builder's own, which moved already.
    if [ "${#lacking[@]}" -eq 0 ] && verified "$image"; then return 0; fi
  fi
  UNVERIFIED=${IMAGE_ID:-}
  if ! verify_image "$own" "$image"; then
    put_back "$UNVERIFIED"
    UNVERIFIED='' RUN_OUTCOME='not verified'
    die 65 "$VERIFY_FAULT" "no name was moved; the running deployment was left alone"
  fi
  for each in ${lacking[@]+"${lacking[@]}"}; do
    engine tag "$IMAGE_ID" "$each" </dev/null || die 65 "$each cannot be tagged on the builder"
  done
  remember verified "$image" "$IMAGE_ID"
  UNVERIFIED=''
}

# The image that is looked at: cut short, it is one that did not verify.
UNVERIFIED=''
program_leave() {
  [ -z "$UNVERIFIED" ] || put_back "$UNVERIFIED"
  source_leave
}

# verified IMAGE: whether this very image was verified; a content that is built again is another one.
verified() { [ "$VERIFY_COUNT" -eq 0 ] || remembered verified "$1" "$IMAGE_ID"; }

# .gantry/<kind>/<image> holds the last one that something was done for.
remembered() { # KIND IMAGE WHICH
  local last=''
  if [ -r "$STATE_DIR/$1/$2" ]; then IFS= read -r last <"$STATE_DIR/$1/$2" || :; fi
  [ "$last" = "$3" ]
}

# last_verified IMAGE: prints the id of the one that was verified last, while the builder has it.
last_verified() {
  local id=''
  if [ -r "$STATE_DIR/verified/$1" ]; then IFS= read -r id <"$STATE_DIR/verified/$1" || :; fi
  if [ -n "$id" ] && look_at "$id"; then printf %s "$id"; fi
}

remember() { # KIND IMAGE WHICH
  state_dir
  mkdir -p "$STATE_DIR/$1" && printf '%s\n' "$3" >"$STATE_DIR/$1/$2"
}

# remember_moving IMAGE…: where the builder's own moving names are before a build, because it moves them before we verify.
BEFORE_NAMES=() BEFORE_IDS=()
remember_moving() {
  local image name found id names i
  BEFORE_NAMES=() BEFORE_IDS=()
  for image in "$@"; do
    load_tags "$image"
    BEFORE_NAMES+=("localhost/$image:$MOVING_TAG")
    BEFORE_IDS+=('')
  done
  [ "${#BEFORE_NAMES[@]}" -gt 0 ] || return 0
  # Says so on standard error about names that do not exist, and fails.
  found=$(engine image inspect --format '{{.Id}} {{json .RepoTags}}' "${BEFORE_NAMES[@]}" 2>/dev/null </dev/null) || :
  while read -r id names; do
    for ((i = 0; i < ${#BEFORE_NAMES[@]}; i++)); do
      name=${BEFORE_NAMES[i]}
      case $names in *"\"$name\""*) BEFORE_IDS[i]=${id#sha256:} ;; esac
    done
  done <<<"$found"
}

# put_back ID: moves back those that are on an image which did not verify. Not one that another build has moved since.
put_back() {
  local i name
  for ((i = 0; i < ${#BEFORE_NAMES[@]}; i++)); do
    look_at "${BEFORE_NAMES[i]}" || continue
    [ "$IMAGE_ID" = "$1" ] || continue
    # There before us: a build that was left alone moved it, and nobody verified. Back to what was.
    if [ "${BEFORE_IDS[i]}" = "$1" ]; then
      name=${BEFORE_NAMES[i]#localhost/}
      BEFORE_IDS[i]=$(last_verified "${name%%:*}")
    fi
    if [ -z "${BEFORE_IDS[i]}" ]; then
      engine image rm "${BEFORE_NAMES[i]}" </dev/null >/dev/null 2>&1 || : # it keeps the name of its content
    else
      engine tag "${BEFORE_IDS[i]}" "${BEFORE_NAMES[i]}" </dev/null || :
    fi
  done
}

# warn_budget: says so when this run took longer than the stack thinks it should.
warn_budget() {
  local budget
  case $RUN_MODE in
    build-base) budget=$BUDGET_BASE ;;
    build-fast | cycle-fast) budget=$BUDGET_FAST ;;
    cycle-clean) budget=$BUDGET_CLEAN ;;
    cycle-nuclear) budget=$BUDGET_NUCLEAR ;;
    *) return 0 ;;
  esac
  clock
  if [ -n "$budget" ] && [ $((NOW_MS - RUN_START)) -gt $((budget * 1000)) ]; then
    warn "$RUN_MODE took $(((NOW_MS - RUN_START) / 1000)) s; its budget is $budget s (see: $PROGRAM history)"
  fi
}

# after_build HASH REF: the stack's commands after a verified build of the dev image, once for each content.
after_build() {
  local i variable code=0
  [ "$AFTER_BUILD_COUNT" -gt 0 ] && ! remembered after-build "$DEV" "$1" || return 0
  for ((i = 1; i <= AFTER_BUILD_COUNT; i++)); do
    variable=AFTER_BUILD_$i
    run_line "${!variable}" "$2" || code=$?
    [ "$code" -eq 0 ] || die 65 "after the build: exit $code from: ${!variable}" "the image is built and named; build again to try this again"
  done
  remember after-build "$DEV" "$1"
}

# run_line LINE IMAGE_REF: a command line of the stack, in the project directory.
run_line() {
  note "running: $1"
  (
    cd -- "$PROJECT_ROOT" || exit
    exec 6>&- 7>&- 8>&- # a deployment that goes on running must not hold our locks
    export IMAGE_REF=$2 CONFIG=${CONFIG_FILE:-} CONFIG_MODE=${CONFIG_MODE:-} WORKSPACE=${CONFIG_WORKSPACE:-}
    exec bash -c "$1"
  ) </dev/null >&2
}

# --- whole builds ---------------------------------------------------------------------------------------------------

# bases_of IMAGE…: REPLY = the images and all they are FROM, bases first.
bases_of() {
  local each all=' '
  for each in "$@"; do bases_add "$each"; done
  REPLY=${all# }
}

bases_add() {
  local each
  case $all in *" $1 "*) return ;; esac
  load_image "$1"
  for each in $BASES; do bases_add "$each"; done
  all="$all$1 "
}

# restore_bases ROOT IMAGE…: a base that is published with the content it has below ROOT need not be built. RESTORE_ALL: also
# those that are among the images themselves.
restore_bases() {
  local root=$1 image hash state line
  shift
  [ -z "$DRY_RUN" ] && [ -n "$PUBLICATIONS" ] && [ "$(type -t restore_published)" = function ] || return 0
  bases_of "$@"
  for image in $REPLY; do
    load_tags "$image"
    [ "$ROLE" = base ] || continue
    if [ -z "$RESTORE_ALL" ]; then case " $* " in *" $image "*) continue ;; esac fi
    line=$(BUILDER_PROJECT=$root builder status --json "$image" </dev/null) || return 0
    json_value "${line#*\"images\"}" hash && hash=$REPLY
    json_value "${line#*\"images\"}" state && state=$REPLY
    case $state in 'not built' | 'changed since') restore_published "$image" "$hash" || : ;; esac
  done
}

# build_local IMAGES FLAGS…: brings images up to date from the project directory, verifies and names them.
build_local() {
  local images=$1 all
  local -a words
  shift
  # shellcheck disable=SC2206 # a list of names
  words=($images)
  # What is to be built anew is built; what that stands on is taken where it can be.
  case " $* " in *' --no-cache '* | *' --force '*) RESTORE_ALL='' ;; *) RESTORE_ALL=1 ;; esac
  restore_bases "$PROJECT_ROOT" "${words[@]}"
  bases_of "${words[@]}"
  all=$REPLY
  if [ -z "$DRY_RUN" ]; then
    # shellcheck disable=SC2086 # a list of names
    remember_moving $all
  fi
  if [ -n "${OPTION_PLATFORM:-}" ]; then set -- "$@" --platform "$OPTION_PLATFORM"; fi
  case " $* " in
    *' --pull '*) build_pulled "$images" "$@" ;;
    *)
      builder_build "$PROJECT_ROOT" "$@" "${words[@]}"
      name_built
      ;;
  esac
}

# build_pulled IMAGES FLAGS…: newer images of registries are for the images that start from those; the others are built again
# on top of them, because our own bases are in no registry.
build_pulled() {
  local image below='' above='' each
  local -a flags
  # shellcheck disable=SC2086 # a list of names
  bases_of $1
  shift
  for image in $REPLY; do
    load_image "$image"
    if [ -n "$BASES" ]; then above="$above $image"; else below="$below $image"; fi
  done
  flags=(--force)
  for each in "$@"; do [ "$each" = --pull ] || flags+=("$each"); done
  for image in $below; do
    if from_registry "$image"; then builder_build "$PROJECT_ROOT" "$@" "$image"; else builder_build "$PROJECT_ROOT" "${flags[@]}" "$image"; fi
    name_built
  done
  [ -n "$above" ] || return 0
  # shellcheck disable=SC2086 # a list of names
  builder_build "$PROJECT_ROOT" "${flags[@]}" $above
  name_built
}

# from_registry IMAGE: whether its Containerfile starts from images that a registry may have anew.
from_registry() {
  containerfile_of "$1"
  ! grep -Eqi '^[[:space:]]*FROM[[:space:]]+(--[^ ]+[[:space:]]+)*(localhost/|scratch)' "$REPLY" 2>/dev/null
}

# containerfile_of IMAGE: REPLY = its Containerfile: in its context, or the one that the stack made. load_image, too.
containerfile_of() {
  load_image "$1"
  absolute "$CONTEXT" "$PROJECT_ROOT"
  REPLY=$REPLY/$CONTAINERFILE
  if [ -r "$FILE_ROOT/$BUILDER/images/$1.Containerfile" ]; then REPLY=$FILE_ROOT/$BUILDER/images/$1.Containerfile; fi
}

# name_built: verifies and names what the builder built, and reports it.
name_built() {
  local i
  for ((i = 0; i < ${#BUILT_IMAGES[@]}; i++)); do
    if [ -n "$DRY_RUN" ]; then
      load_tags "${BUILT_IMAGES[i]}"
      announce "would run: $ENGINE tag localhost/${BUILT_IMAGES[i]}:ctx-${BUILT_HASHES[i]} $REPOSITORY:$CONTENT_PREFIX${BUILT_HASHES[i]} ${VERSION_TAG:+$REPOSITORY:$VERSION_TAG }$REPOSITORY:$MOVING_TAG"
    else
      name_image "${BUILT_IMAGES[i]}" "${BUILT_HASHES[i]}"
    fi
    report_built "$i"
  done
}

# build_source REF IMAGE FLAGS…: builds an image from a commit of the stack's repository; no moving name moves.
build_source() {
  local ref=$1 image=$2 i tag all
  shift 2
  source_checkout "$ref"
  source_version "$image"
  tag=$REPLY-$SOURCE_SHORT
  RESTORE_ALL='' RESTORE_MOVING=''
  restore_bases "$SOURCE_TREE" "$image"
  bases_of "$image"
  all=$REPLY
  if [ -n "${OPTION_PLATFORM:-}" ]; then set -- "$@" --platform "$OPTION_PLATFORM"; fi
  # The bases too under this tag: theirs must not move either.
  # shellcheck disable=SC2086 # a list of names
  builder_build "$SOURCE_TREE" "$@" --tag "$tag" $all
  BEFORE_NAMES=() BEFORE_IDS=()
  for ((i = 0; i < ${#BUILT_IMAGES[@]}; i++)); do
    if [ "${BUILT_IMAGES[i]}" != "$image" ]; then
      report_built "$i" "${BUILT_IMAGES[i]}:$tag" # the builder's own name is all that it has
      continue
    fi
    load_tags "$image"
    if [ -n "$DRY_RUN" ]; then
      announce "would run: $ENGINE tag localhost/$image:ctx-${BUILT_HASHES[i]} $REPOSITORY:$CONTENT_PREFIX${BUILT_HASHES[i]} $REPOSITORY:$tag"
    else
      name_image "$image" "${BUILT_HASHES[i]}" "$tag"
    fi
    report_built "$i" "$REPOSITORY:$tag"
  done
}

# report_built INDEX [NAME]: tells the person or the program, and the run log.
report_built() {
  local image=${BUILT_IMAGES[$1]} hash=${BUILT_HASHES[$1]} outcome=${BUILT_OUTCOMES[$1]} name content line
  load_tags "$image"
  name=${2:-$REPOSITORY:$MOVING_TAG}
  content=$REPOSITORY:$CONTENT_PREFIX$hash
  case $name in "$REPOSITORY":*) ;; *) content=${name%:*}:ctx-$hash ;; esac
  if [ -n "$JSON" ]; then
    json_string "$outcome"
    line="{\"image\":\"$image\",\"hash\":\"$hash\",\"outcome\":$REPLY,\"name\":\"$name\",\"content\":\"$content\""
    if [ -n "$VERSION_TAG" ] && [ -z "${2:-}" ]; then line="$line,\"version\":\"$REPOSITORY:$VERSION_TAG\""; fi
    if [ -n "${BUILT_SECONDS[$1]}" ]; then line="$line,\"seconds\":${BUILT_SECONDS[$1]}"; fi
    say "$line}"
  else
    say "$image: $outcome, $name is ${content##*:}"
  fi
  if [ -z "${RUN_MODE:-}" ]; then
    RUN_IMAGE=$image RUN_HASH=$hash
    run_write "$outcome" 0
    return
  fi
  # One line for all of a run whose time is watched.
  RUN_IMAGE=$image RUN_HASH=$hash
  if [ "$outcome" = built ] || [ -z "$RUN_OUTCOME" ]; then RUN_OUTCOME=$outcome; fi
}
