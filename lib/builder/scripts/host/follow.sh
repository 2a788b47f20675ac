#!/usr/bin/env bash
# shellcheck source-path=SCRIPTDIR
# Shows the log of a build from a byte on, until the build ends; exits with the build's code.
# usage: follow.sh IMAGE RUN|last OFFSET [no-wait]
# Prints `run <id>` first. 2 = there is no such build. With no-wait it shows what there is and exits 0.
set -euo pipefail
. "${BASH_SOURCE[0]%/*}/state.sh"
image=$1 run=$2 offset=$3 wait=${4:-}
if [ "$run" = last ]; then
  last_run "$image"
  run=$REPLY
fi
directory=$GANTRY_STATE/builds/$image/$run
if [ -z "$run" ] || ! [ -d "$directory" ]; then
  printf 'run -\n'
  exit 2
fi
printf 'run %s\n' "$run"
exec 3<"$directory/log"
if [ "$offset" -gt 0 ]; then dd bs="$offset" count=1 <&3 >/dev/null 2>&1; fi
if [ "$wait" = no-wait ]; then
  run_over "$directory" || :
  cat <&3
  exit 0
fi
# The runner holds the lock of alive: waiting for that is knowing at once, however it ends.
exec 4<"$directory/alive"
pause() {
  local code=0
  flock -s -w 0.1 4 2>/dev/null || code=$?
  case $code in
    0) flock -u 4 ;;
    1) ;;
    *) sleep 0.1 ;; # no flock, or one that cannot wait for so short a time
  esac
}
while ! [ -e "$directory/exit" ]; do
  cat <&3 # from where the last one stopped: they share the file's position
  pause
  if run_over "$directory"; then break; fi
done
exec 4<&-
cat <&3
read -r code <"$directory/exit"
exit "$code"
