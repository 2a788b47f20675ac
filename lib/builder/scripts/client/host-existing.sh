# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2034
# A machine that is there already: its address is in the settings and does not move.

# shellcheck source=../../../core/scripts/ssh.sh
. "$COMMON_DIR/ssh.sh"

kind_prepare() {
  SSH_ALIAS=${HOST_ALIAS:-$HOST_ADDRESS}
  ssh_options
}

kind_attempt() { ssh_attempt "$@"; }

kind_fault() { ssh_fault; }

kind_reached() { ssh_reached; }

# The connection kept open may be the dead part.
kind_heal() { ssh_drop_master; }

kind_remedy() {
  ssh_remedy
  [ -n "$REPLY" ] || REPLY="is the machine up, and is the address right? See: $PROGRAM doctor"
}

kind_name() { REPLY="${HOST_USER:+$HOST_USER@}$HOST_ADDRESS${HOST_PORT:+:$HOST_PORT}"; }

kind_shell_file() { ssh_shell_file; }

kind_leave() { :; }
