# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2034,SC2030,SC2031,SC2153
# doctor: what is wrong, each with its remedy.

# shellcheck source=build.sh
. "$PROGRAM_DIR/build.sh"
# shellcheck source=config.sh
. "$PROGRAM_DIR/config.sh"
# shellcheck source=../../../core/scripts/floating-bases.sh
. "$COMMON_DIR/floating-bases.sh"
# shellcheck source=../../../core/scripts/findings.sh
. "$COMMON_DIR/findings.sh"

help_doctor() {
  cat <<TEXT
Usage: $PROGRAM doctor [--config FILE] [--json]

Looks at the tools on this machine, the builder, the images ("why do builds take so long?": is the development image really
on the base?), the room that is left, and the CONFIG file when one is named. Changes nothing. Exit code 1 when something is
wrong.
TEXT
}

cmd_doctor() {
  local config=${CONFIG:-} image
  while [ $# -gt 0 ]; do
    case $1 in
      --config)
        need_value doctor "$1" $#
        config=$2
        shift
        ;;
      --config=* | CONFIG=*) config=${1#*=} ;;
      *) common_flag "$1" || bad_argument doctor "$1" ;;
    esac
    shift
  done
  check_tools
  for image in $IMAGES; do check_containerfile "$image"; done
  if [ -n "$config" ]; then check_config "$config"; fi
  if check_builder; then
    for image in $IMAGES; do check_chain "$image"; done
  fi
  findings_end
}

check_tools() {
  local tool missing=''
  for tool in git perl tar; do has "$tool" || missing="$missing $tool"; done
  if [ -n "$missing" ]; then
    finding error tools "missing on this machine:$missing" "install them with your package manager"
  else
    finding ok tools "bash $BASH_VERSION, git, perl, tar"
  fi
}

# check_builder: what its own doctor finds; fails when the builder cannot be reached.
check_builder() {
  local answer code=0 line count
  if ! [ -x "$FILE_ROOT/bin/$BUILDER" ]; then
    finding error builder "bin/$BUILDER is not there" "synthesize the stack again"
    return 1
  fi
  answer=$(builder doctor --json </dev/null 2>/dev/null) || code=$?
  if [ "$code" -eq 0 ]; then
    finding ok builder "bin/$BUILDER finds nothing wrong (free space included)"
    return 0
  fi
  case $code,$answer in
    1,*'"level":"error"'*) finding error builder "bin/$BUILDER doctor finds something wrong" "see: bin/$BUILDER doctor" ;;
    1,\[*) finding warning builder "bin/$BUILDER doctor has a warning" "see: bin/$BUILDER doctor" ;;
    *) finding error builder "bin/$BUILDER doctor fails (exit $code)" "see: bin/$BUILDER doctor" ;;
  esac
  on_builder true </dev/null >/dev/null 2>&1
}

# check_containerfile IMAGE: what it starts from. A tag may be another image tomorrow; a base of ours is built first.
check_containerfile() {
  local image=$1 file from floating=''
  containerfile_of "$image"
  load_tags "$image"
  file=$REPLY
  if ! [ -r "$file" ]; then
    finding error "$image" "$file is not there" "contexts are relative to $PROJECT_ROOT, the Containerfile to its context"
    return
  fi
  REPLY=$(floating_of "$image" "$file")
  while IFS= read -r from; do
    [ -z "$from" ] || is_base_name "$from" || floating="$floating $from"
  done <<<"$REPLY"
  if [ -n "$floating" ]; then
    finding warning "$image" "FROM a tag that may move:$floating" "pin it by digest: NAME@sha256:…"
  else
    finding ok "$image" "stands on images that do not change"
  fi
}

# floating_of IMAGE FILE: prints what floating_bases finds, with the build arguments that the builder has for the image.
floating_of() (
  words=("${BASE_ARG:-_}=localhost/base")
  PROGRAM=$BUILDER
  load_image "$1"
  for ((i = 1; i <= ARG_COUNT; i++)); do
    name=ARG_$i
    words+=("${!name}")
  done
  floating_bases "$2" "${words[@]}"
  printf '%s\n' "$REPLY"
)

# is_base_name NAME: whether it is a name that this program gives to an image of the stack.
is_base_name() (
  for image in $IMAGES; do
    load_tags "$image"
    case $1 in "$REPOSITORY:$MOVING_TAG" | "$REPOSITORY:$VERSION_TAG" | "$REPOSITORY:$CONTENT_PREFIX"* | "$image":*) exit 0 ;; esac
  done
  exit 1
)

# check_chain IMAGE: its first layers are those of its base, or it was not built on it. One that only takes files from its bases
# need not be.
check_chain() {
  local image=$1 base layers base_layers
  load_tags "$image"
  local bases=$BASES own=localhost/$image:$MOVING_TAG tag
  [ -n "$bases" ] && [ -n "$BASE_ARG" ] || return 0
  layers=$(engine image inspect --format '{{json .RootFS.Layers}}' "$own" 2>/dev/null </dev/null) || {
    finding warning "$image" "$own is not built yet" "build it: $PROGRAM build $image"
    return
  }
  for base in $bases; do
    load_tags "$base"
    tag=localhost/$base:$MOVING_TAG
    base_layers=$(engine image inspect --format '{{json .RootFS.Layers}}' "$tag" 2>/dev/null </dev/null) || {
      finding error "$image" "its base $REPOSITORY:$MOVING_TAG is not on the builder" "build it: $PROGRAM build $base; or publish it, then it is pulled"
      continue
    }
    base_layers=${base_layers%]}
    case $layers in
      "$base_layers"*) finding ok "$image" "built on $REPOSITORY:$MOVING_TAG" ;;
      *)
        finding error "$image" "not built on the $REPOSITORY:$MOVING_TAG that is here: its first layers are others, and builds take as long as without a base" \
          "$PROGRAM build $image; where that changes nothing, its last stage must be FROM the base"
        ;;
    esac
  done
}

check_config() {
  local said
  if [ -z "$DEV" ]; then
    finding error config "the stack has no build modes" "add a BuildModes to it"
  elif said=$( (config_load "$1") 2>&1); then
    config_load "$1"
    finding ok config "$1: workspace $CONFIG_WORKSPACE, $CONFIG_MODE"
  else
    finding error config "$said"
  fi
}
