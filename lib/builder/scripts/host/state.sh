# shellcheck shell=bash
# What the build programs share about the state on the builder. Read by the others, does nothing itself.
#
#   ~/.gantry/builds/<image>/<run>/   one build: request, meta, log, result, exit; alive is locked while its runner lives
#   ~/.gantry/locks/<image>.lock      held while an image is built; .owner names the run
#   ~/.gantry/layers/<project>        layers of builds whose directory is gone
#   ~/<root>/<image>/<hash>/          one immutable source tree; current -> the last one; .files-<hash> says what is in it

GANTRY_STATE=$HOME/.gantry
READ_ONLY='' # set: only look, leave nothing

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
    [ -e "$1/exit" ] || [ -n "$READ_ONLY" ] || bury "$1" # it may have ended between the two looks
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

# run_layers DIR: prints `ID MADE FOUND`: the image that a build ended with, and by the first 11 digits of their ids the layers
# that it made on the way and those that it found made; lists have commas, - is none. The log is the only one who knows.
run_layers() {
  local id=-
  if [ -s "$1/id" ]; then read -r id <"$1/id" || :; fi
  awk -v id="${id#sha256:}" '
    /^(\[[0-9]+\/[0-9]+\] )?(STEP|Step) [0-9]+/ { from = $0 ~ /: FROM / }
    $1 !~ /^--+>$/ { next }
    $2 == "Using" { if (NF == 4) known[substr($4, 1, 11)] = 1; else cached = 1; next }
    NF == 2 && $2 !~ /[^0-9a-f]/ && length($2) > 10 {
      key = substr($2, 1, 11)
      if (!(key in seen)) {
        if (from || cached || key in known) found = found "," key; else made = made "," key
      }
      seen[key] = 1
      cached = 0
    }
    END { print id, made == "" ? "-" : substr(made, 2), found == "" ? "-" : substr(found, 2) }' "$1/log" 2>/dev/null || :
}

# run_forget DIR: removes what is known of a build that ended, except for its layers: prune has to find them.
run_forget() {
  if meta "$1" project && [ -n "$REPLY" ]; then
    mkdir -p "$GANTRY_STATE/layers"
    run_layers "$1" >>"$GANTRY_STATE/layers/${REPLY//\//_}"
  fi
  rm -rf -- "$1"
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
  elif [ -z "$READ_ONLY" ]; then
    printf '%s\n' "$REPLY" >"$cache"
  fi
}

# engine_images ENGINE STORAGE NAME…: REPLY = "ID TAGS" of the images that exist, one a line. podman takes a thirtieth of a
# second to say so, so its answer is kept for as long as the list in its storage is not written again.
engine_images() {
  local engine=$1 storage=$2 list='' cache file
  shift 2
  for file in "$storage"/*-images/images.json; do
    if [ -n "$storage" ] && [ -r "$file" ]; then list="$list$file"$'\n'; fi
  done
  cache=$GANTRY_STATE/answer.$engine
  if [ -n "$list" ] && answer_holds "$cache" "$list" "$*"; then return; fi
  if [ -n "$READ_ONLY" ]; then list=''; fi
  if [ -n "$list" ]; then : >"$cache.$$"; fi # its age is that of the question, not of the answer
  # Says so on standard error about names that do not exist, and fails.
  REPLY=$("$engine" image inspect --format '{{.Id}} {{json .RepoTags}}' "$@" 2>/dev/null) || :
  if [ -n "$list" ]; then
    printf '%s\n' "$*" "$REPLY" >"$cache.$$.new"
    touch -r "$cache.$$" "$cache.$$.new"
    mv "$cache.$$.new" "$cache"
    rm -f "$cache.$$"
  fi
}

# answer_holds CACHE FILES NAMES: whether the kept answer is to this question and younger than the lists; REPLY = it.
answer_holds() {
  local file names
  [ -r "$1" ] || return 1
  while IFS= read -r file; do
    if [ -n "$file" ] && ! [ "$1" -nt "$file" ]; then return 1; fi
  done <<<"$2"
  {
    IFS= read -r names && [ "$names" = "$3" ] || return 1
    IFS= read -r -d '' REPLY || :
  } <"$1"
}

# free_kib DIRECTORY…: prints `free KIB DIRECTORY`: what an ordinary user may still write there.
free_kib() {
  df -Pk -- "$@" 2>/dev/null | {
    local kib
    read -r _ || : # the heading
    while [ $# -gt 0 ] && read -r _ _ _ kib _; do
      printf 'free %s %s\n' "$kib" "$1"
      shift
    done
  }
}
