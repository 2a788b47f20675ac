# shellcheck shell=bash disable=SC2034
# What every command of the program uses: messages, flags, quoting, JSON, the clock. Functions that make a value leave it in
# REPLY, because a subshell costs a millisecond and an up-to-date build has about fifty.

# --- messages -------------------------------------------------------------------------------------------------------

# Results go to standard output, everything about the work to standard error.
say() { printf '%s\n' "$*"; }
note() { [ -n "$QUIET" ] || printf '%s\n' "$*" >&2; }
warn() { printf '%s: warning: %s\n' "$PROGRAM" "$*" >&2; }

# die CODE MESSAGE [REMEDY]: ends the program. The remedy may have several lines.
die() {
  printf '%s: %s\n' "$PROGRAM" "$2" >&2
  if [ -n "${3:-}" ]; then printf '  %s\n' "${3//$'\n'/$'\n  '}" >&2; fi
  RUN_OUTCOME=$2
  exit "$1"
}

# --- flags that all commands take -----------------------------------------------------------------------------------

DRY_RUN='' JSON='' YES='' QUIET='' HELP=''

# common_flag WORD: whether it was one of them.
common_flag() {
  case $1 in
    --dry-run) DRY_RUN=1 ;;
    --json) JSON=1 ;;
    --yes | -y) YES=1 ;;
    --quiet | -q) QUIET=1 ;;
    --help | -h) HELP=1 ;;
    *) return 1 ;;
  esac
}

# bad_argument COMMAND WORD: a flag or word the command does not take.
bad_argument() {
  case $2 in
    -*) die 2 "$1: unknown option $2" "see: $PROGRAM help $1" ;;
    *) die 2 "$1: unexpected argument $2" "see: $PROGRAM help $1" ;;
  esac
}

# need_value COMMAND FLAG COUNT: a flag that wants a value is not the last word.
need_value() { [ "$3" -ge 2 ] || die 2 "$1: $2 needs a value" "see: $PROGRAM help $1"; }

# confirmed QUESTION: asks on a terminal; elsewhere only --yes counts.
confirmed() {
  [ -z "$YES" ] || return 0
  if ! [ -t 0 ] || ! [ -t 2 ]; then die 77 "$1" "say it with --yes"; fi
  local answer
  printf '%s [y/N] ' "$1" >&2
  read -r answer || return 1
  case $answer in y | Y | yes) return 0 ;; esac
  return 1
}

# would WORD…: with --dry-run prints the command and says yes.
would() {
  [ -n "$DRY_RUN" ] || return 1
  announce "would run: $*"
}

# announce TEXT: a result for people. With --json, standard output is for JSON alone.
announce() { if [ -n "$JSON" ]; then printf '%s\n' "$*" >&2; else say "$@"; fi; }

# --- values ---------------------------------------------------------------------------------------------------------

# quote WORD…: REPLY = the words for a POSIX-like shell, whichever the login shell of the host is.
quote() {
  local word escape="'\\''"
  REPLY=''
  for word in "$@"; do
    case $word in
      '' | *[!A-Za-z0-9_./:=@%+,-]*) REPLY="$REPLY '${word//\'/$escape}'" ;;
      *) REPLY="$REPLY $word" ;;
    esac
  done
  REPLY=${REPLY# }
}

# absolute PATH DIRECTORY: REPLY = the path seen from the directory; ~/ is the home directory.
absolute() {
  # shellcheck disable=SC2088 # the tilde of a setting, which no shell has seen
  case $1 in
    '~/'*) REPLY=$HOME/${1:2} ;;
    /*) REPLY=$1 ;;
    *) REPLY=$2/$1 ;;
  esac
}

# json_string TEXT: REPLY = it as a JSON string.
json_string() {
  local text=$1 code char
  text=${text//\\/\\\\}
  text=${text//\"/\\\"}
  case $text in
    *[[:cntrl:]]*)
      text=${text//$'\n'/\\n}
      text=${text//$'\t'/\\t}
      text=${text//$'\r'/\\r}
      for code in 01 02 03 04 05 06 07 08 0b 0c 0e 0f 10 11 12 13 14 15 16 17 18 19 1a 1b 1c 1d 1e 1f; do
        printf -v char '%b' "\\x$code"
        text=${text//"$char"/\\u00$code}
      done
      ;;
  esac
  REPLY="\"$text\""
}

# clock: NOW_MS = milliseconds since 1970.
if [ -n "${EPOCHREALTIME:-}" ]; then
  clock() {
    NOW_MS=${EPOCHREALTIME/[.,]/} # the comma of some locales
    NOW_MS=${NOW_MS%???}
  }
else # bash before 5.0
  clock() {
    NOW_MS=$(perl -MTime::HiRes=time -e 'printf "%d", time * 1000' 2>/dev/null) || NOW_MS=$(date +%s)000
  }
fi

# utc_time MILLISECONDS: REPLY = 2026-01-31T12:00:00.123Z
utc_time() {
  local seconds=$(($1 / 1000))
  if [ "${BASH_VERSINFO[0]}" -ge 5 ]; then
    TZ=UTC printf -v REPLY '%(%Y-%m-%dT%H:%M:%S)T' "$seconds"
  else
    REPLY=$(date -u -r "$seconds" +%Y-%m-%dT%H:%M:%S 2>/dev/null) || REPLY=$(date -u -d "@$seconds" +%Y-%m-%dT%H:%M:%S)
  fi
  printf -v REPLY '%s.%03dZ' "$REPLY" $(($1 % 1000))
}

# human_size BYTES: REPLY = 12.3 GiB
human_size() {
  local bytes=$1 unit value=1
  for unit in B KiB MiB GiB TiB; do
    if [ $((bytes / value)) -lt 1024 ] || [ "$unit" = TiB ]; then break; fi
    value=$((value * 1024))
  done
  if [ "$unit" = B ]; then REPLY="$bytes B"; else REPLY="$((bytes / value)).$((bytes % value * 10 / value)) $unit"; fi
}

# temp_dir: TEMP_DIR = a directory of this run, removed when it ends.
TEMP_DIR=''
temp_dir() {
  [ -z "$TEMP_DIR" ] || return 0
  local parent=${TMPDIR:-/tmp}
  case $parent in *[!A-Za-z0-9_./-]*) parent=/tmp ;; esac # rsync splits its -e at spaces
  TEMP_DIR=$(mktemp -d "${parent%/}/gantry.XXXXXX") || die 2 "no temporary directory can be made in $parent"
}

# has PROGRAM: whether it is on PATH.
has() { type -P "$1" >/dev/null 2>&1; }

# sha256: of standard input, REPLY-less because it is the end of a pipe.
if has sha256sum; then
  sha256() { sha256sum "$@"; }
elif has openssl; then
  sha256() { openssl dgst -sha256 -r "$@"; } # macOS: far faster than shasum, which is Perl
else
  sha256() { shasum -a 256 "$@"; }
fi
