# shellcheck shell=bash
# What the stack wrote down: cluster.env, as plain variables.
# The settings become plain shell variables; shellcheck cannot see where they come from.
# shellcheck disable=SC2034

# read_settings: the program's settings, if they are there.
read_settings() {
  # Not from the caller's environment: a setting this version of the file does not have is empty.
  PROJECT='' ENGINE=docker STACK_DIR=.. PROJECT_DIR='' CLUSTER='' CONTEXT='' TARGET='' K3S_VERSION='' KUBE_VERSION=''
  INFRA_DIR=infra ROOTLESS='' AIRGAP='' DATASTORE=sqlite REGISTRATION='' REGISTRATION_FIXED='' S3_CREDENTIALS='' ACCESS=ssh
  REGION='' OUTPUT_PREFIX='' NODE_COUNT=0
  [ -r "$FILE_ROOT/$PROGRAM/cluster.env" ] || return 0
  # shellcheck source=/dev/null
  . "$FILE_ROOT/$PROGRAM/cluster.env"
}

# load_settings: the same, checked; PROJECT_ROOT (absolute) and STATE_DIR.
load_settings() {
  read_settings
  check_settings "$FILE_ROOT/$PROGRAM/cluster.env"
}
