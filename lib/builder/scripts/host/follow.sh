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
polls=0
while ! [ -e "$directory/exit" ]; do
  cat <&3 # from where the last one stopped: they share the file's position
  polls=$((polls + 1))
  if [ "$polls" -lt 60 ]; then sleep 0.05; else sleep 0.2; fi
  if [ $((polls % 10)) -eq 0 ] && run_over "$directory"; then break; fi
done
cat <&3
read -r code <"$directory/exit"
exit "$code"
