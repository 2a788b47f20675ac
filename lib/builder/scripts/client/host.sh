# shellcheck shell=bash
# Running things on the builder. What differs between kinds of host is in host-local.sh, host-existing.sh and host-ec2.sh,
# each with the same functions:
#   kind_prepare            finds out where the host is
#   kind_attempt TTY LINE   runs a shell command line there, once; 255 = not reached
#                           with KIND_EXEC it takes the place of the shell
#   kind_fault              after 255 from such a one: HOST_FAULT = why
#   kind_reached            after another code from such a one
#   kind_heal               after 255: whether there is something new to try
#   kind_remedy             REPLY = what a person can do about an unreachable host
#   kind_name               REPLY = the host for messages
#   kind_shell_file         REPLY = a script that is to rsync what ssh is: runs a command line there
#   kind_leave              when the program ends

HOST_PREPARED='' HOST_FAULT='' HOST_SOFT=''

# host_ssh_setup: once a run, before the first contact.
host_ssh_setup() {
  [ -z "$HOST_PREPARED" ] || return 0
  # shellcheck source=/dev/null
  . "$PROGRAM_DIR/host-$HOST_KIND.sh"
  HOST_PREPARED=1
  state_dir
  temp_dir
  kind_prepare
}

host_leave() { [ -z "$HOST_PREPARED" ] || kind_leave; }

# host_name: REPLY = the host for messages.
host_name() {
  host_ssh_setup
  kind_name
}

# host_try [-t] COMMAND…: runs a shell command line on the host; when the host cannot be reached, looks for it where it may
# be now. Returns what the command returns, or 255 with HOST_FAULT set. A command that is cut off halfway runs again; so what
# it reads is a file, HOST_INPUT, and not standard input, which would be gone by then.
HOST_INPUT=''
host_try() {
  local tty='' code=0
  if [ "$1" = -t ]; then
    tty=-t
    shift
  fi
  host_ssh_setup
  host_attempt "$tty" "$*" || code=$?
  while [ "$code" -eq 255 ] && kind_heal; do
    code=0
    host_attempt "$tty" "$*" || code=$?
  done
  return "$code"
}

host_attempt() {
  if [ -n "$HOST_INPUT" ]; then kind_attempt "$@" <"$HOST_INPUT"; else kind_attempt "$@"; fi
}

# on_host [-t] COMMAND…: the same; ends the program with 69 when the host cannot be reached (with HOST_SOFT: returns 255).
on_host() {
  local code=0
  host_try "$@" || code=$?
  [ "$code" -ne 255 ] || [ -n "$HOST_SOFT" ] || host_unreachable
  return "$code"
}

host_unreachable() {
  local name
  kind_name && name=$REPLY
  kind_remedy
  die 69 "$name cannot be reached: ${HOST_FAULT:-no answer}" "$REPLY"
}

# --- programs of ours on the host -----------------------------------------------------------------------------------

LIBRARY_HASH=''

# library_hash: LIBRARY_HASH = content hash of the host programs, which names their directory there.
library_hash() {
  [ -z "$LIBRARY_HASH" ] || return 0
  [ -n "$LIBRARY_HASH_STARTED" ] || library_hash_start
  read -r LIBRARY_HASH _ <&5
  LIBRARY_HASH=${LIBRARY_HASH:0:16}
  exec 5<&-
}

# library_hash_start: the same beside other work.
LIBRARY_HASH_STARTED=''
library_hash_start() {
  LIBRARY_HASH_STARTED=1
  exec 5< <(cd -- "$HOST_DIR" && sha256 ./*.sh | sha256)
}

# program_line NAME ARGS…: REPLY = the command line that runs host program NAME; 121 = the library is not there.
program_line() {
  local name=$1
  shift
  library_hash
  quote "$@"
  REPLY="test -d ~/.gantry/lib/$LIBRARY_HASH || exit 121; exec bash ~/.gantry/lib/$LIBRARY_HASH/$name $REPLY"
}

# host_program [-t] NAME ARGS…: runs a program of the host library; ships the library first when the host does not have it.
host_program() {
  local tty='' code=0
  if [ "$1" = -t ]; then
    tty=-t
    shift
  fi
  program_line "$@"
  on_host ${tty:+"$tty"} "$REPLY" || code=$?
  [ "$code" -eq 121 ] || return "$code"
  if [ -n "$DRY_RUN" ]; then
    host_program_once "$@"
    return
  fi
  ship_library
  program_line "$@"
  on_host ${tty:+"$tty"} "$REPLY"
}

# host_program_once NAME ARGS…: runs it without leaving the library on the host.
host_program_once() {
  local line
  # shellcheck disable=SC2016 # expanded on the host
  line='d=$(mktemp -d) && tar -xf - -C "$d" || exit 1
    program=$d/$1; shift; bash "$program" "$@"; code=$?; rm -rf "$d"; exit $code'
  quote sh -c "$line" sh "$@"
  library_tar
  HOST_INPUT=$TEMP_DIR/library.tar on_host "$REPLY"
}

# library_tar: the host programs as library.tar in TEMP_DIR.
library_tar() { (cd -- "$HOST_DIR" && COPYFILE_DISABLE=1 tar -cf "$TEMP_DIR/library.tar" ./*.sh); }

# host_answer NAME ARGS…: the same; REPLY = what it printed. Not a subshell, which would forget an address that was healed.
host_answer() {
  local code=0
  host_ssh_setup
  host_program "$@" >"$TEMP_DIR/answer" || code=$?
  IFS= read -r -d '' REPLY <"$TEMP_DIR/answer" || :
  return "$code"
}

# ship_library: copies the host programs. A reader sees all of them or none; versions not used lately go.
ship_library() {
  local line
  library_hash
  # shellcheck disable=SC2016 # expanded on the host
  line='umask 077; mkdir -p ~/.gantry/lib && cd ~/.gantry/lib || exit 1
    new=.new-$$; rm -rf "$new"; mkdir "$new" && tar -xf - -C "$new" || exit 1
    if [ -d "$1" ]; then rm -rf "$new"; else mv "$new" "$1"; fi
    ls -1t | tail -n +6 | while IFS= read -r old; do rm -rf "./$old"; done'
  quote sh -c "$line" sh "$LIBRARY_HASH"
  library_tar
  HOST_INPUT=$TEMP_DIR/library.tar on_host "$REPLY" \
    || die 69 "the host programs cannot be copied to ~/.gantry/lib on the builder" "see: $PROGRAM doctor"
}

# host_copy FILE PATH: copies one file to the host, private to its user; PATH is relative to the home directory there.
host_copy() {
  # shellcheck disable=SC2016 # expanded on the host
  quote sh -c 'umask 077; mkdir -p "$(dirname "$1")" && cat >"$1.new" && mv "$1.new" "$1"' sh "$2"
  HOST_INPUT=$1 on_host "$REPLY"
}
