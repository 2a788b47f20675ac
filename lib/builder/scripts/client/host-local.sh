# shellcheck shell=bash disable=SC2034
# This machine as the builder: the same programs, without ssh.

kind_prepare() { :; }

kind_attempt() {
  if [ -n "${KIND_EXEC:-}" ]; then
    cd -- "$HOME" && exec bash -c "$2"
  fi
  (cd -- "$HOME" && exec bash -c "$2")
}

kind_fault() { :; }

kind_reached() { :; }

kind_heal() { return 1; }

kind_remedy() { REPLY="see: $PROGRAM doctor"; }

kind_name() { REPLY='this machine'; }

kind_shell_file() {
  REPLY=$TEMP_DIR/rsh
  # shellcheck disable=SC2016 # expanded by the script
  printf 'shift\ncd -- "$HOME" && exec sh -c "${HOST_BEFORE-}$*"\n' >"$REPLY"
}

kind_leave() { :; }
