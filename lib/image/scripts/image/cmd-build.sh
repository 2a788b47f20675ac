# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2034
# build: images on the stack's builder, with the names the stack gives them.

# shellcheck source=build.sh
. "$PROGRAM_DIR/build.sh"

help_build() {
  cat <<TEXT
Usage: $PROGRAM build [OPTIONS] [IMAGE…]

Builds images on the builder (bin/$BUILDER) and, once they are verified, gives them the names of the stack: of their content,
of their version, and last the one that moves. A build that fails moves nothing. Without IMAGE: the development image.

  --base              the base image
  --dev               the development image
  --force             build although this content is built already
  --no-cache          build every step anew
  --pull              ask the registries for newer base images
  --platform PLATFORM another platform than the stack's, such as linux/arm64
  --from-source       build what is committed and pushed, not what is in the working directory; named VERSION-COMMIT, and
                      no other name moves
  --ref REF           the branch, tag or commit to build then
  --dry-run           say what would be done
  --json              one line of JSON for each image
  --quiet             no log of a build that succeeds

A base that is published with the same content is pulled instead of built.
TEXT
}

cmd_build() {
  local images='' base='' dev='' source='' ref='' anew='' newer=''
  local -a flags
  flags=()
  OPTION_PLATFORM=''
  while [ $# -gt 0 ]; do
    case $1 in
      --base) base=1 ;;
      --dev) dev=1 ;;
      --no-cache | --pull | --force)
        flags+=("$1")
        case $1 in
          --no-cache) anew=1 ;;
          --pull) newer=1 ;;
        esac
        ;;
      --from-source) source=1 ;;
      REF=*) ref=${1#*=} ;; # as the targets of make and just have it
      --ref | --platform)
        need_value build "$1" $#
        if [ "$1" = --ref ]; then ref=$2; else OPTION_PLATFORM=$2; fi
        shift
        ;;
      --ref=* | --platform=*)
        local flag=${1%%=*} value=${1#*=}
        shift
        set -- x "$flag" "$value" "$@"
        ;;
      -*) common_flag "$1" || bad_argument build "$1" ;;
      *)
        load_image "$1"
        images="$images $1"
        ;;
    esac
    shift
  done
  [ -z "$ref" ] || [ -n "$source" ] || die 2 "build: --ref is for --from-source" "the working directory has no ref"
  if [ -n "$base" ]; then
    [ -n "$BASE" ] || die 2 "build: the stack has no base image" "BuildModes has none, or there is no BuildModes"
    images="$images $BASE"
  fi
  if [ -n "$dev" ] || [ -z "$images$base" ]; then
    if [ -n "$DEV" ]; then
      images="$images $DEV"
    elif [ -n "$dev" ]; then
      die 2 "build: the stack has no development image" "BuildModes names it"
    else
      # shellcheck disable=SC2153 # of settings.sh
      images=$IMAGES
    fi
  fi
  images=${images# }
  [ -n "$images" ] || die 2 "there are no images yet" "the stack adds them: BuildModes, GhcrPublication"
  build_mode "$images" "$source" "$anew"
  if [ -n "$source" ]; then
    [ -z "$newer" ] || die 2 "build: --pull is not for --from-source" "the images it starts from are part of the source"
    case $images in *' '*) die 2 "build: one image at a time from source, not $images" ;; esac
    build_source "$ref" "$images" ${flags[@]+"${flags[@]}"}
  else
    build_local "$images" ${flags[@]+"${flags[@]}"}
  fi
  if [ -z "$DRY_RUN" ]; then
    build_after
    warn_budget
  fi
}

# build_mode IMAGES SOURCE ANEW: RUN_MODE = the target of the Makefile that does the same, for the history.
build_mode() {
  if [ -n "$2" ]; then
    RUN_MODE=build-from-source
  elif [ -n "$BASE" ] && [ "$1" = "$BASE" ]; then
    RUN_MODE=build-base
  elif [ -n "$DEV" ] && [ "$1" = "$DEV" ]; then
    RUN_MODE=build-fast${3:+-nocache}
  fi
}

# build_after: the stack's commands, when the development image is among what was built.
build_after() {
  local i
  for ((i = 0; i < ${#BUILT_IMAGES[@]}; i++)); do
    [ "${BUILT_IMAGES[i]}" = "$DEV" ] || continue
    load_tags "$DEV"
    local_name "$REPOSITORY:$CONTENT_PREFIX${BUILT_HASHES[i]}"
    after_build "${BUILT_HASHES[i]}" "$REPLY"
  done
}
