#!/usr/bin/env bash
# Powers the machine off when nobody has worked on it for a while. A timer runs this every minute, as root.
#
# Work is what runs, not who is connected: a multiplexed ssh connection stays open for hours with nobody behind it, and
# `who` does not list a build without a terminal. So this counts
#   - processes of user sessions (below sshd, an SSM session or tmux, or left behind by one) other than the bare shells,
#   - running podman, buildah, docker and skopeo commands that build, pull or push,
#   - locks that are held below ~/.gantry: a build that runs has one, and one that waits.
# Time is the machine's uptime: the clock may jump, the uptime does not.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: idle-check.sh [--dry-run | --status]

Powers off after IDLE_STOP_SECONDS without work, and MAX_AGE_SECONDS after boot whatever runs: that one is a hard limit,
announced to all terminals ten minutes before. Either may be empty (never).

  --dry-run   decide and say, but do not power off
  --status    only say what runs and how long the machine has been idle; change nothing

For tests: GANTRY_PROC (/proc), GANTRY_STATE (/run/gantry), GANTRY_LOCKS (directories, one a line),
GANTRY_SHUTDOWN and GANTRY_WALL (commands).
TEXT
}

proc=${GANTRY_PROC:-/proc}
state=${GANTRY_STATE:-/run/gantry}
mode=act
case ${1-} in
  '') ;;
  -h | --help)
    usage
    exit 0
    ;;
  --dry-run) mode=dry-run ;;
  --status) mode=status ;;
  *)
    usage >&2
    exit 2
    ;;
esac
# By hand there is no EnvironmentFile.
if [ -z "${IDLE_STOP_SECONDS+set}${MAX_AGE_SECONDS+set}" ] && [ -r /etc/gantry/idle.env ]; then
  # shellcheck disable=SC1091
  . /etc/gantry/idle.env
fi
idle_limit=${IDLE_STOP_SECONDS:-}
age_limit=${MAX_AGE_SECONDS:-}
readonly warn_before=600

# Processes, by their id.
declare -a names=() parents=()

# A process can end while it is looked at: what cannot be read is not there.
read_processes() {
  local dir line pid rest
  for dir in "$proc"/[0-9]*; do
    pid=${dir##*/}
    { read -r line <"$dir/stat"; } 2>/dev/null || continue
    # "123 (name, with any character) S 1 …"
    rest=${line##*) }
    rest=${rest#* }
    line=${line%) *}
    names[pid]=${line#*(}
    parents[pid]=${rest%% *}
  done
}

# words PID: its command line, one word a line
words() { { tr '\0' '\n' <"$proc/$1/cmdline"; } 2>/dev/null || :; }

# What belongs to a session without being work.
is_furniture() {
  case $1 in
    sshd | sshd-* | sftp-server | ssm-* | tmux:* | screen | SCREEN | mosh-server) return 0 ;;
    systemd | '(sd-pam)' | dbus-daemon | dbus-broker | dbus-broker-lau | ssh-agent | gpg-agent | scdaemon) return 0 ;;
    'podman pause' | catatonit | conmon) return 0 ;;
    *) return 1 ;;
  esac
}

# A shell that waits for its user: bash, -zsh, sh -l. With a script or -c it works.
is_bare_shell() {
  case ${names[$1]} in sh | bash | dash | zsh | fish | ksh | mksh | tcsh | csh | ash) ;; *) return 1 ;; esac
  ! words "$1" | sed 1d | grep -qvxE -e '-(l|i|il|li)|--login|--interactive'
}

# Whether a process is below sshd or tmux, or of a login session that is over (nohup, &).
is_of_session() {
  local at=${parents[$1]} scope
  while [ "${at:-0}" -gt 1 ]; do
    case ${names[at]-} in
      # What a detached container runs is no session's work.
      conmon) return 1 ;;
      # ssm-session-worker, cut off: a session through AWS Systems Manager.
      sshd | sshd-* | ssm-session-* | 'tmux: server' | SCREEN | mosh-server) return 0 ;;
    esac
    at=${parents[at]-0}
  done
  scope=$({ grep -o 'session-[^/]*\.scope' "$proc/$1/cgroup"; } 2>/dev/null || :)
  [ -n "$scope" ]
}

is_build() {
  case ${names[$1]} in podman | buildah | docker | docker-buildx | skopeo) ;; *) return 1 ;; esac
  words "$1" | sed 1d | grep -qxE 'build|bud|buildx|bake|push|pull|commit|copy|save|load'
}

# Directories that have locks/ and builds/.
lock_directories() {
  if [ -n "${GANTRY_LOCKS+set}" ]; then
    printf '%s\n' "$GANTRY_LOCKS"
  else
    cut -d: -f6 /etc/passwd | sort -u | sed 's|$|/.gantry|'
  fi
}

# Looked up in the kernel's table, not tried: trying takes the lock for a moment, and a build would find it taken.
held_locks() {
  local dir file inode
  while IFS= read -r dir; do
    for file in "$dir"/locks/* "$dir"/builds/*/*/alive; do
      [ -f "$file" ] || continue
      inode=$(stat -c %i "$file" 2>/dev/null) || continue
      ! awk -v inode="$inode" '{ n = split($6, at, ":"); if (at[n] == inode) found = 1 } END { exit !found }' "$proc/locks" 2>/dev/null \
        || printf '%s\n' "$file"
    done
  done < <(lock_directories)
}

# One line for each thing that is work.
work() {
  local pid
  read_processes
  for pid in "${!names[@]}"; do
    is_furniture "${names[pid]}" && continue
    if is_build "$pid"; then
      printf 'build: %s (process %s)\n' "$(words "$pid" | head -n 6 | tr '\n' ' ')" "$pid"
    elif is_of_session "$pid" && ! is_bare_shell "$pid"; then
      printf 'session: %s (process %s)\n' "${names[pid]}" "$pid"
    fi
  done
  held_locks | sed 's/^/lock: /'
}

power_off() {
  printf 'power off: %s\n' "$1"
  [ "$mode" = act ] || return 0
  # shellcheck disable=SC2086 # may be a command with arguments
  ${GANTRY_SHUTDOWN:-shutdown} -h now "gantry: $1"
}

main() {
  local uptime busy last idle file
  read -r uptime _ <"$proc/uptime"
  uptime=${uptime%.*}
  busy=$(work)
  file=$state/last-work
  last=$(cat "$file" 2>/dev/null || :)
  # No state yet, or one of an earlier boot: the machine counts as used just now.
  case $last in '' | *[!0-9]*) last=$uptime ;; esac
  [ "$last" -le "$uptime" ] || last=$uptime
  [ -z "$busy" ] || last=$uptime
  [ "$mode" = status ] || {
    mkdir -p "$state"
    printf '%s\n' "$last" >"$file"
  }
  idle=$((uptime - last))
  if [ -n "$busy" ]; then printf 'busy\n%s\n' "$busy"; else printf 'idle for %s of %s s\n' "$idle" "${idle_limit:-unlimited}"; fi
  [ "$mode" != status ] || return 0

  if [ -n "$age_limit" ] && [ "$uptime" -ge "$age_limit" ]; then
    power_off "up for $uptime s, the limit is $age_limit s"
  elif [ -n "$idle_limit" ] && [ -z "$busy" ] && [ "$idle" -ge "$idle_limit" ]; then
    power_off "idle for $idle s"
  elif [ -n "$age_limit" ] && [ "$uptime" -ge $((age_limit - warn_before)) ] && [ ! -e "$state/age-warned" ]; then
    printf 'warning: power off in %s s\n' "$((age_limit - uptime))"
    [ "$mode" = act ] || return 0
    : >"$state/age-warned"
    # shellcheck disable=SC2086
    ${GANTRY_WALL:-wall} "gantry: this machine powers off in $(((age_limit - uptime + 59) / 60)) minutes, whatever runs (maxAge)" || :
  fi
}

main
