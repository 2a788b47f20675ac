# shellcheck shell=bash
# What the build programs share about the state on the builder. Read by the others, does nothing itself.
#
#   ~/.gantry/builds/<image>/<run>/   one build: request, meta, log, result, exit; alive is locked while its runner lives
#   ~/.gantry/locks/<image>.lock      held while an image is built; .owner names the run
#   ~/<root>/<image>/<hash>/          one immutable source tree; current -> the last one

GANTRY_STATE=$HOME/.gantry

# lock_fd [-s] [-n] FD: takes the lock of an open file: -s shared, -n without waiting. The kernel frees it when the last
# process that has the file open ends, however it ends.
if type -P flock >/dev/null; then
  lock_fd() { flock "$@"; }
else
  lock_fd() { # macOS
    local how=2 fd=''
    while [ $# -gt 0 ]; do
      case $1 in
        -s) how=$((how - 1)) ;;
        -n) how=$((how + 4)) ;;
        *) fd=$1 ;;
      esac
      shift
    done
    perl -e 'open(my $f, "+<&=", $ARGV[0]) or die $!; exit(flock($f, $ARGV[1]) ? 0 : 1)' "$fd" "$how"
  }
fi

# run_over DIR: whether a build has ended. One whose runner is gone without a word (killed, reboot) is given its exit code
# here, by whoever looks first.
run_over() {
  [ ! -e "$1/exit" ] || return 0
  if (exec 7<>"$1/alive" && lock_fd -n 7) 2>/dev/null; then
    [ -e "$1/exit" ] || bury "$1" # it may have ended between the two looks
    return 0
  fi
  return 1
}

bury() {
  local run=${1##*/}
  if (set -C && printf '65\n' >"$1/exit") 2>/dev/null; then
    printf '\n%s\n' 'The build was killed on the builder, or the builder went down: its runner is gone. The tag did not move.' \
      >>"$1/log"
    rm -rf -- "$1/request"
    secrets_remove "$run"
  fi
}

# meta DIR KEY: REPLY = one line of what is known about a build.
meta() {
  local key value
  REPLY=''
  [ -r "$1/meta" ] || return 1
  while IFS='=' read -r key value; do
    if [ "$key" = "$2" ]; then
      REPLY=$value
      return 0
    fi
  done <"$1/meta"
  return 1
}

# last_run IMAGE: REPLY = the id of the build that started last, by this machine's clock.
last_run() {
  # shellcheck disable=SC2012 # our own names
  REPLY=$(cd "$GANTRY_STATE/builds/$1" 2>/dev/null && ls -1t ./*/meta 2>/dev/null | head -n 1) || :
  REPLY=${REPLY#./}
  REPLY=${REPLY%/meta}
}

# running_runs IMAGE: REPLY = directories of the image's builds that have not ended, one a line.
running_runs() {
  local directory found=''
  for directory in "$GANTRY_STATE/builds/$1"/*/; do
    directory=${directory%/}
    [ -d "$directory" ] && ! run_over "$directory" && found=$found$directory$'\n'
  done
  REPLY=${found%$'\n'}
}

# Secrets are kept in memory where the host has a directory for that.
secrets_directory() {
  if [ -n "${XDG_RUNTIME_DIR:-}" ] && [ -d "$XDG_RUNTIME_DIR" ] && [ -O "$XDG_RUNTIME_DIR" ]; then
    REPLY=$XDG_RUNTIME_DIR/gantry-secrets
  elif [ -d /dev/shm ] && [ -w /dev/shm ]; then
    REPLY=/dev/shm/gantry-secrets-$UID
  else
    REPLY=$GANTRY_STATE/secrets
  fi
}

secrets_remove() {
  secrets_directory
  if [ -d "$REPLY/$1" ]; then rm -rf -- "${REPLY:?}/$1"; fi
}

# engine_storage ENGINE: REPLY = the directory where the engine keeps its images. Asking takes a tenth of a second, so the
# answer is kept until a configuration file is newer.
engine_storage() {
  local cache=$GANTRY_STATE/storage.$1 file
  if [ -r "$cache" ]; then
    read -r REPLY <"$cache" || :
    for file in "$HOME/.config/containers/storage.conf" /etc/containers/storage.conf /etc/docker/daemon.json; do
      if [ "$file" -nt "$cache" ]; then REPLY=''; fi
    done
    if [ -n "$REPLY" ] && [ -d "$REPLY" ]; then return; fi
  fi
  case $1 in
    podman) REPLY=$(podman info --format '{{.Store.GraphRoot}}' 2>/dev/null) ;;
    docker) REPLY=$(docker info --format '{{.DockerRootDir}}' 2>/dev/null) ;;
  esac
  if ! [ -d "$REPLY" ]; then
    REPLY=$HOME
  elif [ -d "$GANTRY_STATE" ]; then
    printf '%s\n' "$REPLY" >"$cache"
  fi
}

# free_kib DIRECTORY: REPLY = free space of its file system for an ordinary user.
free_kib() {
  local line='' rest
  line=$(df -Pk -- "$1" 2>/dev/null | tail -n 1)
  read -r _ _ _ REPLY rest <<<"$line"
}
