# shellcheck shell=bash disable=SC2034
# ssh the way all commands use it: one connection kept open for ten minutes, no questions, the host key pinned under a name
# that stays when the address changes. A program that reaches several machines names each in SSH_PIN.

SSH_ALIAS='' SSH_PIN='' SSH_MASTER_TRIED='' SSH_MASTER_SEEN=''

# ssh_options: SSH_OPTIONS for the host as it is known now, and SSH_SOCKET. Another address, key or pin is another socket,
# so that a connection to a machine's old address never serves its new one.
ssh_options() {
  local directory=${XDG_RUNTIME_DIR:-/tmp} identity='' known strict=accept-new
  if [ -n "$IDENTITY_FILE" ]; then absolute "$IDENTITY_FILE" "$PROJECT_ROOT" && identity=$REPLY; fi
  # A socket's path may be about 100 characters long; rsync splits its -e at spaces.
  case $directory in *[!A-Za-z0-9_./-]* | ????????????????????????????????????*) directory=/tmp ;; esac
  SSH_DIR=$directory/gantry-$UID
  [ -d "$SSH_DIR" ] || mkdir -m 700 -- "$SSH_DIR" 2>/dev/null || [ -d "$SSH_DIR" ] || die 2 "$SSH_DIR cannot be made"
  if ! [ -O "$SSH_DIR" ] || [ -L "$SSH_DIR" ]; then
    die 2 "$SSH_DIR is not yours" "somebody else made it; set XDG_RUNTIME_DIR to a private directory"
  fi
  known=$STATE_DIR/known_hosts
  if [ -n "$HOST_KEY" ]; then
    known=$STATE_DIR/known_hosts.${SSH_PIN:-$PROGRAM} strict=yes
    local line='' wanted="$SSH_ALIAS $HOST_KEY"
    if [ -r "$known" ]; then read -r line <"$known" || :; fi
    [ "$line" = "$wanted" ] || printf '%s\n' "$wanted" >"$known"
  fi
  # ssh would look for another file, and trust whoever answers.
  case $known in *[\"\\]* | *$'\n'*) die 2 "the project's path has a \" or \\ or a line feed in it: $PROJECT_ROOT" "ssh cannot name its file of known hosts there; rename the directory" ;; esac
  SSH_KNOWN_HOSTS=$known SSH_LOG=$TEMP_DIR/ssh.log
  string_hash "$HOST_USER|$HOST_ADDRESS|$HOST_PORT|$identity|$SSH_ALIAS|$known|$HOST_KEY|$ACCESS"
  SSH_SOCKET=$SSH_DIR/$REPLY
  if [ -S "$SSH_SOCKET" ]; then SSH_MASTER_SEEN=$SSH_SOCKET; fi
  SSH_OPTIONS=(
    -o ControlMaster=auto -o ControlPersist=10m -o "ControlPath=$SSH_SOCKET"
    -o ConnectTimeout=10 -o ServerAliveInterval=5 -o ServerAliveCountMax=3
    -o "HostKeyAlias=$SSH_ALIAS" -o CheckHostIP=no -o HashKnownHosts=no -o UpdateHostKeys=no
    -o "UserKnownHostsFile=\"${known//%/%%}\"" -o "StrictHostKeyChecking=$strict"
    -o ForwardAgent=no -o ForwardX11=no -o PermitLocalCommand=no -o RemoteCommand=none -o LogLevel=INFO
  )
  if [ -n "$HOST_PORT" ]; then SSH_OPTIONS+=(-p "$HOST_PORT"); fi
  if [ -n "$HOST_USER" ]; then SSH_OPTIONS+=(-l "$HOST_USER"); fi
  if [ -n "$identity" ]; then SSH_OPTIONS+=(-i "${identity//%/%%}" -o IdentitiesOnly=yes); fi
  if [ "$ACCESS" = ssm ]; then
    quote aws ssm start-session --target "$HOST_ADDRESS" --document-name AWS-StartSSHSession \
      --parameters portNumber=%p ${REGION:+--region "$REGION"}
    SSH_OPTIONS+=(-o "ProxyCommand=$REPLY")
  fi
}

# string_hash TEXT: REPLY = 16 hex digits. Only has to tell a few strings apart (FNV-1a); no process.
string_hash() {
  local text=$1 i code hash=-3750763034362895579
  for ((i = 0; i < ${#text}; i++)); do
    printf -v code '%d' "'${text:i:1}"
    hash=$(((hash ^ code) * 1099511628211))
  done
  printf -v REPLY '%016x' "$hash"
}

# ssh_attempt TTY LINE: runs a command line on the host. What ssh itself says goes to a file, so that it can be told from
# what the command says.
ssh_attempt() {
  local code=0
  : >"$SSH_LOG"
  if [ -n "${KIND_EXEC:-}" ]; then
    exec ssh -T -E "$SSH_LOG" -o BatchMode=yes "${SSH_OPTIONS[@]}" "$HOST_ADDRESS" "$2"
  elif [ -n "$1" ]; then
    ssh -t "${SSH_OPTIONS[@]}" "$HOST_ADDRESS" "$2" || code=$?
  else
    ssh -T -E "$SSH_LOG" -o BatchMode=yes "${SSH_OPTIONS[@]}" "$HOST_ADDRESS" "$2" || code=$?
  fi
  if [ "$code" -eq 255 ]; then ssh_fault; else ssh_reached; fi
  return "$code"
}

# ssh_reached: the host answered; from now on there is a connection that is kept open.
ssh_reached() { SSH_MASTER_TRIED='' SSH_MASTER_SEEN=$SSH_SOCKET; }

# ssh_fault: HOST_FAULT = why ssh failed, in one line.
ssh_fault() {
  local line last='no answer'
  SSH_REASON=network
  while IFS= read -r line; do
    line=${line%$'\r'}
    case $line in
      '' | '@'* | 'Warning: Permanently added'* | 'Shared connection to'*) continue ;;
      *'Permission denied'*) SSH_REASON=denied ;;
      *'Host key verification failed'*) SSH_REASON=key ;;
    esac
    last=$line
  done <"$SSH_LOG"
  case $SSH_REASON in
    key) HOST_FAULT="it shows another host key than the one pinned for $SSH_ALIAS" ;;
    *) HOST_FAULT=$last ;;
  esac
}

# ssh_remedy: REPLY = what helps against the last fault, or nothing.
ssh_remedy() {
  REPLY=''
  case ${SSH_REASON:-} in
    denied)
      REPLY="the machine does not take your key${IDENTITY_FILE:+ ($IDENTITY_FILE)} for the user ${HOST_USER:-ssh picks}
a key with a passphrase: ssh-add it first, or open the connection once with: $PROGRAM shell"
      ;;
    key)
      REPLY="either it was installed anew, or somebody answers in its place; nothing was sent to it
if you know that it was installed anew, "
      if [ -n "$HOST_KEY" ]; then
        REPLY="${REPLY}put its new key into the stack (hostKey) and synthesize"
      else
        local before=$REPLY
        quote ssh-keygen -R "$SSH_ALIAS" -f "$SSH_KNOWN_HOSTS"
        REPLY="${before}forget the old key: $REPLY"
      fi
      ;;
  esac
}

# ssh_drop_master: ends the connection that is kept open, if it may be a dead one; says whether there was one. It may have
# found out itself meanwhile, and have taken its socket away.
ssh_drop_master() {
  [ "$SSH_MASTER_TRIED" != "$SSH_SOCKET" ] || return 1
  [ -S "$SSH_SOCKET" ] || [ "$SSH_MASTER_SEEN" = "$SSH_SOCKET" ] || return 1
  SSH_MASTER_TRIED=$SSH_SOCKET SSH_MASTER_SEEN=''
  [ -S "$SSH_SOCKET" ] || return 0
  ssh "${SSH_OPTIONS[@]}" -O exit "$HOST_ADDRESS" >/dev/null 2>&1 || :
  rm -f -- "$SSH_SOCKET"
}

# ssh_shell_file: REPLY = a script for rsync -e. rsync's own way to pass options splits at spaces; the script also puts the
# real address in the place of rsync's.
ssh_shell_file() {
  quote ssh -o BatchMode=yes "${SSH_OPTIONS[@]}" "$HOST_ADDRESS"
  # shellcheck disable=SC2016 # expanded by the script
  printf 'shift\nexec %s "${HOST_BEFORE-}$*"\n' "$REPLY" >"$TEMP_DIR/rsh"
  REPLY=$TEMP_DIR/rsh
}
