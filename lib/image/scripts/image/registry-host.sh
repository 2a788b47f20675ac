#!/usr/bin/env bash
# shellcheck disable=SC2034
# What is done with a registry, on the machine that has the images: the builder's host. The program `image` sends this text and
# one of the registry-….sh beside it, and gives them one operation, settings as KEY=VALUE, and on standard input one line: the
# token, or nothing. They print lines of words; the last is "trouble CODE WHAT" when something went wrong. All that is kept, the
# login included, is in a directory of this run that goes when it ends.
set -uo pipefail
umask 077
operation=$1
shift
registry='' name='' user='' insecure='' engine=podman
source='' content='' arch='' digest='' hash='' version='' require_signature='' signer='' issuer=''
labels=() tags=() children=() command=() names=()
for word in "$@"; do
  case $word in
    registry=* | name=* | user=* | insecure=* | engine=* | source=* | content=* | arch=* | digest=* | hash=* | version=* | \
      require_signature=* | signer=* | issuer=*) printf -v "${word%%=*}" '%s' "${word#*=}" ;;
    label=*) labels+=("${word#*=}") ;;
    tag=*) tags+=("${word#*=}") ;;
    child=*) children+=("${word#*=}") ;;
    local=*) names+=("${word#*=}") ;;
    run=*) command+=("${word#*=}") ;;
  esac
done
token=''
IFS= read -r token || :

repository=$registry/$name
parent=${XDG_RUNTIME_DIR:-}
if [ -z "$parent" ] || ! [ -d "$parent" ] || ! [ -w "$parent" ]; then parent=${TMPDIR:-/tmp}; fi
dir=$(mktemp -d "${parent%/}/gantry-registry.XXXXXX") || exit 65
trap 'rm -rf -- "$dir"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP
auth=$dir/config.json # the name that docker wants
errors=$dir/errors

has() { type -P "$1" >/dev/null 2>&1; }

# trouble WHAT [FILE]: the end, with what a tool said in FILE.
trouble() {
  local text='' code=65
  if [ -n "${2:-}" ]; then text=$(tail -c 4000 -- "$2" 2>/dev/null); fi
  [ -z "$token" ] || text=${text//"$token"/***}
  reason "$text"
  code=$?
  text=${text##*msg=}
  text=${text#\"}
  text=${text%\"}
  text=${text//\\\"/\"}
  text=${text//$'\n'/ }
  printf 'said %s\n' "${text:-nothing}"
  printf 'trouble %s %s\n' "$code" "$1"
  exit "$code"
}

# reason TEXT: 69 = nobody answers, 1 = the login or its rights, 65 = anything else.
reason() {
  case $1 in
    *'connection refused'* | *'connection reset'* | *'no such host'* | *'i/o timeout'* | *'network is unreachable'* | \
      *'no route to host'* | *'TLS handshake timeout'* | *'context deadline exceeded'* | *'broken pipe'* | *EOF | *'EOF"' | \
      *' 502 '* | *' 503 '* | *' 504 '* | *'Bad Gateway'* | *'Service Unavailable'*) return 69 ;;
    *unauthorized* | *'authentication required'* | *'invalid username/password'* | *denied* | *Forbidden* | *forbidden*) return 1 ;;
  esac
  return 65
}

if ! has skopeo; then
  printf '%s\n' "trouble 1 skopeo is not installed on the builder's host"
  exit 1
fi
if [ -n "$insecure" ]; then
  one=(--authfile "$auth" --tls-verify=false)
  both=(--authfile "$auth" --src-tls-verify=false --dest-tls-verify=false)
else
  one=(--authfile "$auth")
  both=(--authfile "$auth")
fi
# log_in: has the registry look at the token.
log_in() {
  [ -n "$token" ] || return 0
  # Logins of operations that were killed.
  find "$parent" -maxdepth 1 -name 'gantry-registry.*' -user "$UID" -mmin +1440 -exec rm -rf {} + 2>/dev/null
  printf '%s' "$token" | skopeo login "${one[@]}" --username "$user" --password-stdin "$registry" >/dev/null 2>"$errors" \
    || trouble 'the login' "$errors"
}

printf '{}\n' >"$auth" # without a login nobody else's is used
if [ "$operation" != look ]; then
  log_in
elif [ -n "$token" ]; then
  # A look needs no round trip of its own for the login: the same file, as skopeo login writes it.
  printf '{"auths":{"%s":{"auth":"%s"}}}\n' "$registry" "$(printf '%s:%s' "$user" "$token" | base64 | tr -d '\n')" >"$auth"
fi

sha256_of() { # FILE
  if has sha256sum; then REPLY=$(sha256sum <"$1"); else REPLY=$(shasum -a 256 <"$1"); fi
  REPLY=sha256:${REPLY%% *}
}

# at REFERENCE: REPLY = a tag or digest of the repository as the tools write it.
at() {
  case $1 in
    sha256:*) REPLY=$repository@$1 ;;
    *) REPLY=$repository:$1 ;;
  esac
}

# fetch REFERENCE FILE: the manifest as it is. Fails when there is none, and leaves FILE.none; never a part of it, as on a full disk.
fetch() {
  at "$1"
  skopeo inspect "${one[@]}" --raw "docker://$REPLY" >"$2" 2>"$2.errors" && return 0
  rm -f -- "$2"
  case $(<"$2.errors") in
    *'manifest unknown'* | *'name unknown'* | *MANIFEST_UNKNOWN* | *NAME_UNKNOWN* | *'not found'*) : >"$2.none" ;;
  esac
  return 1
}

# digest_of REFERENCE: REPLY = its digest, nothing when there is none. Ends on any other trouble.
digest_of() {
  rm -f -- "$dir/one" "$dir/one.none"
  if fetch "$1" "$dir/one"; then
    sha256_of "$dir/one"
  elif [ -e "$dir/one.none" ]; then
    REPLY=''
  else
    trouble "the look at $1" "$dir/one.errors"
  fi
}

# one_of KEY FILE: REPLY = the value of the first key of that name in a JSON file. A quote inside of a value is escaped there,
# so that what looks like a key is one.
one_of() {
  local text pattern="\"$1\":[[:space:]]*\"([^\"\\]*)\""
  text=$(tr -d '\n' <"$2")
  REPLY=''
  if [[ $text =~ $pattern ]]; then REPLY=${BASH_REMATCH[1]}; fi
}

is_index() { # FILE
  grep -q '"manifests"[[:space:]]*:' "$1"
}

# config_of REFERENCE FILE: the configuration of an image.
config_of() {
  at "$1"
  skopeo inspect "${one[@]}" --config --raw "docker://$REPLY" >"$2" 2>"$errors" || trouble "the look at $1" "$errors"
}

# label_of KEY FILE: REPLY = a label in a configuration. A dot of the key stands for itself.
label_of() { one_of "${1//./\\.}" "$2"; }

# context_of REFERENCE: REPLY = the content hash an image says it was made from.
context_of() {
  fetch "$1" "$dir/context" || {
    REPLY=''
    return
  }
  if is_index "$dir/context"; then
    one_of 'io\.gantry\.context' "$dir/context"
  else
    config_of "$1" "$dir/context.config"
    label_of io.gantry.context "$dir/context.config"
  fi
}

# local_arch IMAGE: REPLY = os/arch of an image that is here.
local_arch() { REPLY=$("$engine" image inspect --format '{{.Os}}/{{.Architecture}}' "$1" 2>"$errors"); }

# docker_config: docker finds the login in its own directory for it; its daemon stays the one that was chosen.
docker_config() {
  local endpoint
  endpoint=$(docker context inspect --format '{{.Endpoints.docker.Host}}' 2>/dev/null) || endpoint=''
  [ -z "$endpoint" ] || export DOCKER_HOST=$endpoint
  export DOCKER_CONFIG=$dir
}

# host_arch: REPLY = this machine's platform.
host_arch() {
  case $(uname -m) in
    x86_64 | amd64) REPLY=linux/amd64 ;;
    aarch64 | arm64) REPLY=linux/arm64 ;;
    armv7*) REPLY=linux/arm/v7 ;;
    *) REPLY=linux/$(uname -m) ;;
  esac
}
