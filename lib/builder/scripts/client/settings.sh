# shellcheck shell=bash
# What the stack wrote down: builder.env, images/*.env, as plain variables.
# The settings become plain shell variables; shellcheck cannot see where they come from.
# shellcheck disable=SC2034

# read_settings: the builder's settings, if they are there.
read_settings() {
  local file=$FILE_ROOT/$PROGRAM/builder.env
  # Not from the caller's environment: a setting this version of the file does not have is empty.
  PROJECT='' HOST_KIND='' HOST_USER='' HOST_ADDRESS='' HOST_PORT='' HOST_ALIAS='' IDENTITY_FILE='' HOST_KEY=''
  ACCESS=ssh REGION='' STACK_DIR=.. PROJECT_DIR='' OUTPUT_PREFIX='' REMOTE_ROOT=development ENGINE=podman
  MIN_FREE_GIB=0 MAX_ITERATIONS=5 KEEP_SNAPSHOTS=5 IMAGES='' GPU=none DRIVER=none IDLE_STOP_SECONDS=''
  MAX_AGE_SECONDS='' DATA_HOLDS='' DATA_VOLUME_ID='' DATA_MOUNT='' TMUX_SESSION=builder
  [ -r "$file" ] || return 0
  # shellcheck source=/dev/null
  . "$file"
}

# load_settings: the same, checked; PROJECT_ROOT (absolute) and STATE_DIR.
load_settings() {
  local file=$FILE_ROOT/$PROGRAM/builder.env
  [ -r "$file" ] || die 2 "there are no settings for a builder named $PROGRAM" \
    "$file is missing: synthesize the stack again, and call the program by the name it was generated with"
  read_settings
  case $HOST_KIND in
    ec2 | existing | local) ;;
    *) die 2 "$file: HOST_KIND is '$HOST_KIND'; allowed: ec2, existing, local" ;;
  esac
  check_settings "$file"
}

# image_tags: REPLY = `IMAGE:TAG` of all images, for the host's prune.
image_tags() {
  local name images=''
  for name in $IMAGES; do
    load_image "$name"
    # shellcheck disable=SC2153 # of the image
    images="$images $IMAGE:$TAG"
  done
  REPLY=${images# }
}
