# shellcheck shell=bash
# What the stack wrote down: cluster.env, as plain variables.
# The settings become plain shell variables; shellcheck cannot see where they come from.
# shellcheck disable=SC2034

# read_settings: the program's settings, if they are there.
read_settings() {
  # Not from the caller's environment: a setting this version of the file does not have is empty.
  PROJECT='' STACK_DIR=.. PROJECT_DIR='' CLUSTER='' CONTEXT='' TARGET='' ENVIRONMENTS='' K3S_VERSION='' KUBE_VERSION=''
  INFRA_DIR=infra ROOTLESS='' AIRGAP='' DATASTORE=sqlite REGISTRATION='' REGISTRATION_FIXED='' S3_CREDENTIALS='' ACCESS=ssh
  REGION='' OUTPUT_PREFIX='' NODE_COUNT=0
  [ -r "$FILE_ROOT/$PROGRAM/cluster.env" ] || return 0
  # shellcheck source=/dev/null
  . "$FILE_ROOT/$PROGRAM/cluster.env"
}

# load_settings: the same, checked; PROJECT_ROOT (absolute) and STATE_DIR.
load_settings() {
  read_settings
  [ -n "$CLUSTER" ] || die 2 "$FILE_ROOT/$PROGRAM/cluster.env names no cluster" "synthesize the stack again"
  # Only what builds images needs the project; a tree that was copied elsewhere still renders.
  PROJECT_ROOT=$( (find_project && printf '%s' "$PROJECT_ROOT") 2>/dev/null) || PROJECT_ROOT=$FILE_ROOT
  STATE_DIR=$PROJECT_ROOT/.gantry
  TANKA=$FILE_ROOT/tanka
}
