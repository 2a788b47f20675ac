# shellcheck shell=bash
# version: what exactly is running here.

help_version() {
  cat <<TEXT
Usage: $PROGRAM version [--json]

Prints the content hash of the host programs (which names their directory on the builder) and the local tools.
TEXT
}

cmd_version() {
  while [ $# -gt 0 ]; do
    common_flag "$1" || bad_argument version "$1"
    shift
  done
  library_hash
  if [ -n "$JSON" ]; then
    say "{\"builder\":\"$PROGRAM\",\"library\":\"$LIBRARY_HASH\",\"contextFormat\":\"gantry-context-1\",\"bash\":\"$BASH_VERSION\"}"
  else
    say "$PROGRAM, host programs $LIBRARY_HASH, bash $BASH_VERSION"
  fi
}
