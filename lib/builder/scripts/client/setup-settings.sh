# shellcheck shell=bash
# What setup and doctor tell the host: the settings of this builder that matter there, and the version they make together
# with the host programs. Setup writes that version down; doctor compares.

# setup_settings: SETUP_SETTINGS = KEY=VALUE words, with VERSION. Looks the data volume up when there is one.
setup_settings() {
  library_hash
  SETUP_SETTINGS=(
    "ENGINE=$ENGINE" "REMOTE_ROOT=$REMOTE_ROOT" "GPU=$GPU" "DRIVER=$DRIVER"
    "DATA_HOLDS=${DATA_HOLDS:-}" "DATA_MOUNT=$DATA_MOUNT"
  )
  # This program never switches the user's own machine off.
  if [ "$HOST_KIND" = local ]; then
    SETUP_SETTINGS+=("IDLE_STOP_SECONDS=" "MAX_AGE_SECONDS=")
  else
    SETUP_SETTINGS+=("IDLE_STOP_SECONDS=$IDLE_STOP_SECONDS" "MAX_AGE_SECONDS=$MAX_AGE_SECONDS")
  fi
  local words
  printf -v words '%s\n' "${SETUP_SETTINGS[@]}"
  words=$(printf '%s' "$words" | sha256)
  SETUP_VERSION=$LIBRARY_HASH-${words:0:12}
  SETUP_SETTINGS+=("VERSION=$SETUP_VERSION")
}

# data_volume: DATA_VOLUME_ID of the stack's outputs, when the builder has a data volume.
data_volume() {
  [ -n "$DATA_VOLUME_ID" ] || DATA_VOLUME_ID=${GANTRY_DATA_VOLUME_ID:-}
  [ -n "${DATA_HOLDS:-}$DATA_MOUNT" ] && [ -z "$DATA_VOLUME_ID" ] && [ "$HOST_KIND" = ec2 ] || return 0
  terraform_program
  DATA_VOLUME_ID=$(terraform_output data_volume_id) \
    || die 2 "the stack has no output ${OUTPUT_PREFIX}data_volume_id" "deploy it first: $PROGRAM up"
}
