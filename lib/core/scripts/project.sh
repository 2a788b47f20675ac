# shellcheck shell=bash
# Where the project and its local state are, and the settings of one image.
# The settings become plain shell variables; shellcheck cannot see where they come from.
# shellcheck disable=SC2034

# check_settings FILE: what the settings of every kind have; PROJECT_ROOT (absolute) and STATE_DIR.
check_settings() {
  case $ENGINE in
    podman | docker) ;;
    *) die 2 "$1: ENGINE is '$ENGINE'; allowed: podman, docker" ;;
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

# repository_above DIRECTORY: whether it lies in a repository, readable or not; REPLY = where that is.
repository_above() {
  REPLY=$(cd -- "$1" && pwd -P)
  while ! [ -e "$REPLY/.git" ]; do
    [ -n "$REPLY" ] || return 1
    REPLY=${REPLY%/*}
  done
}

# state_dir: makes the directory for local state, which no version control and no image context should take in.
state_dir() {
  [ -d "$STATE_DIR" ] || (umask 077 && mkdir -p -- "$STATE_DIR") \
    || die 2 "$STATE_DIR cannot be made" "the program keeps its run log and the known host keys there"
  [ -f "$STATE_DIR/.gitignore" ] || printf '*\n' >"$STATE_DIR/.gitignore"
}

# load_image NAME: the settings of one image.
load_image() {
  local file=$FILE_ROOT/$PROGRAM/images/$1.env
  case $1 in
    '' | */* | .*) file='' ;;
  esac
  if [ -z "$file" ] || ! [ -r "$file" ]; then
    die 2 "unknown image: $1" "$PROGRAM builds: ${IMAGES:-nothing yet (the stack adds images to it)}"
  fi
  IMAGE='' CONTEXT='' CONTAINERFILE=Containerfile TARGET='' PLATFORM='' TAG=dev ARG_COUNT=0 SECRET_COUNT=0 BASES=''
  BASE_ARG='' GENERATED='' FLOATING='' FORMAT='' NARROW='' INPUT_COUNT=0 LABEL_COUNT=0
  # shellcheck source=/dev/null
  . "$file"
  IMAGE=$1
}
