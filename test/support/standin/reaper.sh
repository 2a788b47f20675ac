#!/bin/bash
# Cleans up after one stand-in host: waits until its standard input ends, that is, until the test asked for it or died in
# whatever way, then ends its processes and removes its account and its directory.
# usage: reaper.sh DIR [ACCOUNT]
set -u
dir=$1 account=${2:-}

# Processes of a host that runs as the user's own account are known by the home they were given (Linux).
end_own() {
  for environment in /proc/[0-9]*/environ; do
    [ -r "$environment" ] || continue
    { tr '\0' '\n' <"$environment" | grep -qxF "HOME=$dir/home"; } 2>/dev/null || continue
    pid=${environment#/proc/}
    kill -9 "${pid%/environ}" 2>/dev/null
  done
}

cat >/dev/null # until the writer is gone

# Process ids come from files of ours; the command line proves that the id was not taken over by something else.
for file in "$dir"/*.pid; do
  [ -f "$file" ] || continue
  pid=$(cat "$file")
  case $(ps -o args= -p "$pid" 2>/dev/null) in
    *"$dir"*)
      # Sessions are children of the listener and outlive it.
      children=$(ps -o pid= --ppid "$pid" 2>/dev/null || :)
      # shellcheck disable=SC2086 # a list of numbers
      kill -9 $pid $children 2>/dev/null
      ;;
  esac
done

if [ -n "$account" ] && uid=$(id -u "$account" 2>/dev/null); then
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    pids=$(ps -o pid= -u "$uid")
    [ -n "$pids" ] || break
    # shellcheck disable=SC2086 # a list of numbers; all of them belong to the throw-away account
    kill -9 $pids 2>/dev/null
    sleep 0.1
  done
  # Several stand-ins may be coming and going: the password file is locked by one at a time.
  for _ in $(seq 50); do
    userdel "$account" >/dev/null 2>&1
    id "$account" >/dev/null 2>&1 || break
    sleep 0.1
  done
  rm -rf "$dir"
else
  end_own
  # Layers hold directories without the right to write, and perhaps files of subordinate ids: those can only be removed
  # from a user namespace that maps them.
  chmod -R u+rwX "$dir" 2>/dev/null
  rm -rf "$dir" 2>/dev/null
  if [ -d "$dir/home" ] && command -v podman >/dev/null; then
    HOME=$dir/home XDG_RUNTIME_DIR=$dir/run podman unshare rm -rf "$dir/home/.local" 2>/dev/null
    end_own
    rm -rf "$dir"
  fi
fi
