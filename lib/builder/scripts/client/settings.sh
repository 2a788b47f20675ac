# shellcheck shell=bash
# What the stack wrote down: builder.env, images/*.env, and where the project and its local state are.
# The settings become plain shell variables; shellcheck cannot see where they come from.
# shellcheck disable=SC2034

# read_settings: the builder's settings, if they are there.
read_settings() {
  local file=$FILE_ROOT/$BUILDER_ID/builder.env id=$BUILDER_ID
  # Not from the caller's environment: a setting this version of the file does not have is empty.
  PROJECT='' HOST_KIND='' HOST_USER='' HOST_ADDRESS='' HOST_PORT='' HOST_ALIAS='' IDENTITY_FILE='' HOST_KEY=''
  ACCESS=ssh REGION='' STACK_DIR=.. PROJECT_DIR='' OUTPUT_PREFIX='' REMOTE_ROOT=development ENGINE=podman
  MIN_FREE_GIB=0 MAX_ITERATIONS=5 KEEP_SNAPSHOTS=5 IMAGES='' GPU=none DRIVER=none IDLE_STOP_SECONDS=''
  MAX_AGE_SECONDS='' DATA_HOLDS='' DATA_VOLUME_ID='' DATA_MOUNT='' TMUX_SESSION=builder
  [ -r "$file" ] || return 0
  # shellcheck source=/dev/null
  . "$file"
  BUILDER_ID=$id
}

# load_settings: the same, checked; PROJECT_ROOT (absolute) and STATE_DIR.
load_settings() {
  local file=$FILE_ROOT/$BUILDER_ID/builder.env
  [ -r "$file" ] || die 2 "there are no settings for a builder named $BUILDER_ID" \
    "$file is missing: synthesize the stack again, and call the program by the name it was generated with"
  read_settings
  case $HOST_KIND in
    ec2 | existing | local) ;;
    *) die 2 "$file: HOST_KIND is '$HOST_KIND'; allowed: ec2, existing, local" ;;
  esac
  case $ENGINE in
    podman | docker) ;;
    *) die 2 "$file: ENGINE is '$ENGINE'; allowed: podman, docker" ;;
  esac
  find_project
  STATE_DIR=$PROJECT_ROOT/.gantry
}

# find_project: PROJECT_ROOT = the directory that image contexts are relative to.
find_project() {
  local start dir
  if [ -n "${GANTRY_PROJECT:-}" ]; then
    [ -d "$GANTRY_PROJECT" ] || die 2 "GANTRY_PROJECT: $GANTRY_PROJECT is not a directory"
    PROJECT_ROOT=$(cd -- "$GANTRY_PROJECT" && pwd -P)
    return
  fi
  if [ -n "$PROJECT_DIR" ]; then
    PROJECT_ROOT=$(cd -- "$FILE_ROOT" && cd -- "$PROJECT_DIR" 2>/dev/null && pwd -P) \
      || die 2 "the project directory $PROJECT_DIR (seen from $FILE_ROOT) is not there" \
        "set GANTRY_PROJECT to the directory that holds the images' contexts"
    return
  fi
  for start in "$FILE_ROOT" "$PWD"; do
    dir=$start
    while :; do
      if [ -f "$dir/cdktf.json" ]; then
        PROJECT_ROOT=$dir
        return
      fi
      [ -n "$dir" ] || break
      dir=${dir%/*}
    done
  done
  die 2 "no cdktf.json at or above $FILE_ROOT or $PWD" "set GANTRY_PROJECT to the directory that holds the images' contexts"
}

# state_dir: makes the directory for local state, which no version control and no image context should take in.
state_dir() {
  [ -d "$STATE_DIR" ] || (umask 077 && mkdir -p -- "$STATE_DIR") \
    || die 2 "$STATE_DIR cannot be made" "the program keeps its run log and the known host keys there"
  [ -f "$STATE_DIR/.gitignore" ] || printf '*\n' >"$STATE_DIR/.gitignore"
}

# load_image NAME: the settings of one image.
load_image() {
  local file=$FILE_ROOT/$BUILDER_ID/images/$1.env
  case $1 in
    '' | */* | .*) file='' ;;
  esac
  if [ -z "$file" ] || ! [ -r "$file" ]; then
    die 2 "unknown image: $1" "this builder builds: ${IMAGES:-nothing yet (builder.build(...) in the stack adds an image)}"
  fi
  IMAGE='' CONTEXT='' CONTAINERFILE=Containerfile TARGET='' PLATFORM='' TAG=dev ARG_COUNT=0 SECRET_COUNT=0 BASES=''
  # shellcheck source=/dev/null
  . "$file"
  IMAGE=$1
}
