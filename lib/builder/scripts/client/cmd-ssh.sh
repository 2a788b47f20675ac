# shellcheck shell=bash
# ssh: the tmux session on the builder, which outlives the connection.

help_ssh() {
  cat <<TEXT
Usage: $PROGRAM ssh [--local]

Opens the tmux session "$TMUX_SESSION" on the builder, or comes back to it. It goes on when the network drops.
  --local    do so inside a tmux session of that name on this machine too
TEXT
}

cmd_ssh() {
  local local='' line
  while [ $# -gt 0 ]; do
    case $1 in
      --local) local=1 ;;
      -*) common_flag "$1" || bad_argument ssh "$1" ;;
      *) bad_argument ssh "$1" ;;
    esac
    shift
  done
  quote tmux new-session -A -s "$TMUX_SESSION"
  line=$REPLY
  if [ -n "$local" ]; then
    has tmux || die 2 "tmux is not installed on this machine" "install it, or leave out --local: the session on the builder does not need it"
    quote "$FILE_ROOT/bin/$PROGRAM" ssh
    if would "tmux new-session -A -s $TMUX_SESSION $REPLY"; then return; fi
    # Inside of tmux a session cannot be attached, only switched to.
    if [ -n "${TMUX:-}" ]; then
      tmux has-session -t "=$TMUX_SESSION" 2>/dev/null || tmux new-session -d -s "$TMUX_SESSION" "$REPLY"
      tmux switch-client -t "=$TMUX_SESSION"
    else
      tmux new-session -A -s "$TMUX_SESSION" "$REPLY"
    fi
    return
  fi
  if would "on the builder: $line"; then return; fi
  local code=0
  on_host -t "command -v tmux >/dev/null || exit 120; unset TMUX; exec $line" || code=$?
  [ "$code" -ne 120 ] || die 1 "tmux is not installed on the builder" "set it up: $PROGRAM setup"
  exit "$code"
}
