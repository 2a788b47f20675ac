# shellcheck shell=bash
# What the stack wrote down: image.env, images/*.env and publications/*.env, as plain variables.
# The settings become plain shell variables; shellcheck cannot see where they come from.
# shellcheck disable=SC2034

# read_settings: the program's settings, if they are there.
read_settings() {
  # Not from the caller's environment: a setting this version of the file does not have is empty.
  PROJECT='' ENGINE=podman BUILDER='' BUILDER_IS_LOCAL='' IMAGES='' PUBLICATIONS='' STACK_DIR=.. PROJECT_DIR=''
  MODES='' BASE='' DEV='' PRODUCTION='' PREFIX='' CACHE_NAME=gantry SOURCE_URL='' SOURCE_REF='' KEEP_BASES=2
  INCREMENTAL_COUNT=0 CARGO_COUNT=0 AFTER_BUILD_COUNT=0 VERIFY_COUNT=0 DEPLOY='' DESTROY='' CONNECT=''
  BUDGET_BASE='' BUDGET_FAST='' BUDGET_CLEAN='' BUDGET_NUCLEAR=''
  [ -r "$FILE_ROOT/$PROGRAM/image.env" ] || return 0
  # shellcheck source=/dev/null
  . "$FILE_ROOT/$PROGRAM/image.env"
}

# load_settings: the same, checked; PROJECT_ROOT (absolute) and STATE_DIR.
load_settings() {
  read_settings
  check_settings "$FILE_ROOT/$PROGRAM/image.env"
}

# load_tags NAME: load_image, and what its builds are called: REPOSITORY, CONTENT_PREFIX, VERSION_TAG, MOVING_TAG, ROLE.
load_tags() {
  REPOSITORY='' CONTENT_PREFIX=ctx- VERSION_TAG='' MOVING_TAG=latest ROLE=image
  load_image "$1"
}

# age_seconds AGE: REPLY = it in seconds; fails for what is none.
age_seconds() {
  [[ $1 =~ ^([0-9]{1,6})([smhdw])$ ]] || return 1
  case ${BASH_REMATCH[2]} in
    s) REPLY=1 ;;
    m) REPLY=60 ;;
    h) REPLY=3600 ;;
    d) REPLY=86400 ;;
    w) REPLY=604800 ;;
  esac
  REPLY=$((REPLY * 10#${BASH_REMATCH[1]}))
}
