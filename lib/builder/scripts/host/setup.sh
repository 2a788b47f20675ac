#!/usr/bin/env bash
# shellcheck source-path=SCRIPTDIR
# Makes this machine a builder: tools, GPU driver, data volume, storage, idle stop. Runs on the builder as the login
# user (with sudo) or as root. Every step looks first and changes only what is not so yet; a machine that is already
# set up with this version and these settings is not looked at again.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: setup.sh [--dry-run] [--force] [KEY=VALUE ...]
       setup.sh --reboot

Makes this machine a builder. Settings, as arguments or in the environment:
  VERSION            version written to the readiness markers; '' = always go through all steps
  ENGINE             podman | docker                              (podman)
  REMOTE_ROOT        directory below ~ for the snapshots          (development)
  GPU                none | nvidia                                (none)
  DRIVER             none | preinstalled (only checked) | install (none)
  DATA_HOLDS         home | storage: what is on the data volume   ('' = there is none)
  DATA_VOLUME_ID     its EBS volume id; it is made into a file system only when it is blank
  DATA_MOUNT         where it is mounted                          (/home, or where the engine keeps its images)
  IDLE_STOP_SECONDS  power off after so long without work         ('' = never)
  MAX_AGE_SECONDS    power off so long after boot, busy or not    ('' = never)

  --dry-run   say what would be done
  --force     go through all steps even when the markers say that all is done
  --reboot    restart the machine

Exit codes: 0 done or up to date, 2 usage or a machine that cannot be set up, 65 a step failed,
76 restart the machine, then run this again.
TEXT
}

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
readonly here
# Where the files of the machine are: tests put a made-up machine here.
readonly sysroot=${GANTRY_SYSROOT-}
user=$(id -un)
readonly user

VERSION=${VERSION-} ENGINE=${ENGINE:-podman} REMOTE_ROOT=${REMOTE_ROOT:-development} GPU=${GPU:-none} DRIVER=${DRIVER:-none}
DATA_HOLDS=${DATA_HOLDS-} DATA_VOLUME_ID=${DATA_VOLUME_ID-} DATA_MOUNT=${DATA_MOUNT-}
IDLE_STOP_SECONDS=${IDLE_STOP_SECONDS-} MAX_AGE_SECONDS=${MAX_AGE_SECONDS-}
dry_run=0 force=0 reboot_needed=0

say() { printf 'setup: %s\n' "$*" >&2; }
warn() { printf 'setup: warning: %s\n' "$*" >&2; }
die() {
  local code=$1
  shift
  printf 'setup: %s\n' "$*" >&2
  exit "$code"
}

# root COMMAND…: runs it as root, or only prints it.
root() {
  if [ "$dry_run" = 1 ]; then
    printf '+ %s\n' "$*" >&2
  elif [ "$(id -u)" = 0 ]; then
    "$@"
  else
    sudo -n "$@"
  fi
}

# put_file MODE PATH: makes stdin a file of root's, in one step, when it is not that already.
put_file() {
  local mode=$1 path=$2 new
  new=$(mktemp)
  cat >"$new"
  cmp -s "$new" "$path" || {
    root mkdir -p "$(dirname "$path")" \
      && root install -m "$mode" "$new" "$path.gantry-new" \
      && root mv -f "$path.gantry-new" "$path"
  } || die 65 "cannot write $path"
  rm -f "$new"
}

# try COMMAND…: again after a pause when it fails, for mirrors and package manager locks. `tries=1 try …`: once.
try() {
  local left=${tries:-5}
  while ! "$@"; do
    left=$((left - 1))
    [ "$left" -gt 0 ] || return 1
    say "failed, trying again ($left left): $*"
    sleep "${GANTRY_RETRY_SECONDS:-15}"
  done
}

has_systemd() { [ -d "$sysroot/run/systemd/system" ]; }

# shellcheck source=setup-repos.sh
. "$here/setup-repos.sh"
# shellcheck source=setup-packages.sh
. "$here/setup-packages.sh"
# shellcheck source=setup-gpu.sh
. "$here/setup-gpu.sh"
# shellcheck source=setup-volume.sh
. "$here/setup-volume.sh"
# shellcheck source=setup-storage.sh
. "$here/setup-storage.sh"
# shellcheck source=setup-idle.sh
. "$here/setup-idle.sh"

parse_arguments() {
  while [ $# -gt 0 ]; do
    case $1 in
      -h | --help)
        usage
        exit 0
        ;;
      --dry-run) dry_run=1 ;;
      --force) force=1 ;;
      --reboot)
        # In a moment, so that this connection can end with an answer.
        root sh -c 'sleep 1; exec "$@"' sh "${GANTRY_REBOOT:-reboot}" </dev/null >/dev/null 2>&1 &
        exit 0
        ;;
      VERSION=* | ENGINE=* | REMOTE_ROOT=* | GPU=* | DRIVER=* | DATA_HOLDS=* | DATA_VOLUME_ID=* | DATA_MOUNT=* | IDLE_STOP_SECONDS=* | MAX_AGE_SECONDS=*)
        printf -v "${1%%=*}" %s "${1#*=}"
        ;;
      *) die 2 "unknown argument: $1 (--help says what there is)" ;;
    esac
    shift
  done
  case $ENGINE in podman | docker) ;; *) die 2 "ENGINE: got $ENGINE; allowed: podman, docker" ;; esac
  case $GPU in none | nvidia) ;; *) die 2 "GPU: got $GPU; allowed: none, nvidia" ;; esac
  case $DRIVER in none | preinstalled | install) ;; *) die 2 "DRIVER: got $DRIVER; allowed: none, preinstalled, install" ;; esac
  case $IDLE_STOP_SECONDS$MAX_AGE_SECONDS in *[!0-9]*) die 2 "IDLE_STOP_SECONDS and MAX_AGE_SECONDS are whole numbers of seconds" ;; esac
  case $DATA_HOLDS-$ENGINE in
    -*) [ -z "$DATA_VOLUME_ID" ] || [ -n "$DATA_MOUNT" ] || die 2 "DATA_VOLUME_ID needs DATA_HOLDS or DATA_MOUNT" ;;
    home-*) DATA_MOUNT=${DATA_MOUNT:-/home} ;;
    storage-docker) DATA_MOUNT=${DATA_MOUNT:-/var/lib/docker} ;;
    storage-*) DATA_MOUNT=${DATA_MOUNT:-/var/lib/gantry/data} ;;
    *) die 2 "DATA_HOLDS: got $DATA_HOLDS; allowed: home, storage" ;;
  esac
  case $DATA_MOUNT in '' | /*) ;; *) die 2 "DATA_MOUNT: got $DATA_MOUNT; allowed: an absolute path" ;; esac
}

# Two markers: one on the machine's own disk, one in the home directory. Either can be from another machine's life (a
# data volume moved to a new instance, an image made of this one), so both must agree.
machine_marker=$sysroot/var/lib/gantry/ready-$user
user_marker=$HOME/.gantry/ready

is_ready() {
  [ -n "$VERSION" ] && [ "$force" = 0 ] || return 1
  [ "$(cat "$machine_marker" 2>/dev/null)" = "$VERSION" ] && [ "$(cat "$user_marker" 2>/dev/null)" = "$VERSION" ]
}

# A machine that has just booted may still be installing packages of its own.
wait_for_cloud_init() {
  command -v cloud-init >/dev/null || return 0
  [ "$dry_run" = 0 ] || return 0
  say "waiting for cloud-init"
  timeout "${GANTRY_CLOUD_INIT_SECONDS:-900}" cloud-init status --wait >/dev/null 2>&1 \
    || warn "cloud-init did not end well (cloud-init status --long); going on"
}

make_directories() {
  say "directory ~/$REMOTE_ROOT"
  [ "$dry_run" = 1 ] || {
    mkdir -p "$HOME/$REMOTE_ROOT" "$HOME/.gantry/locks"
    chmod 700 "$HOME/.gantry"
  }
}

# Without lingering, systemd ends a user's processes with the last session: a build would die with the connection.
enable_linger() {
  has_systemd && command -v loginctl >/dev/null && [ "$(id -u)" != 0 ] || return 0
  [ -e "$sysroot/var/lib/systemd/linger/$user" ] || root loginctl enable-linger "$user"
}

leave_markers() {
  [ "$dry_run" = 0 ] && [ -n "$VERSION" ] || return 0
  printf '%s\n' "$VERSION" | put_file 644 "$machine_marker"
  printf '%s\n' "$VERSION" >"$user_marker.new"
  mv -f "$user_marker.new" "$user_marker"
}

# A command that failed without a word of ours.
on_exit() {
  local code=$?
  case $code in 0 | 2 | 65 | 76) exit "$code" ;; esac
  say "a step failed (exit $code)"
  exit 65
}

main() {
  trap on_exit EXIT
  parse_arguments "$@"
  if is_ready; then
    say "up to date ($VERSION)"
    return
  fi
  if [ "$(id -u)" != 0 ] && [ "$dry_run" = 0 ] && ! sudo -n true 2>/dev/null; then
    die 2 "$user may not use sudo without a password here; allow it (/etc/sudoers.d), or run the setup as root"
  fi
  [ "$dry_run" = 1 ] || rm -f "$user_marker"
  detect_os
  wait_for_cloud_init
  # Before the engine: on Debian and Ubuntu docker runs, and stores, as soon as it is installed.
  [ -z "$DATA_MOUNT" ] || mount_data_volume
  install_tools
  make_directories
  configure_storage
  enable_linger
  [ "$GPU" = none ] || install_gpu
  if [ "$reboot_needed" = 1 ]; then
    say "the machine must be restarted before the GPU works"
    exit 76
  fi
  configure_idle_stop
  [ "$dry_run" = 1 ] || check_engine
  leave_markers
  if [ "$dry_run" = 1 ]; then say "nothing was changed"; else say "done"; fi
}

main "$@"
