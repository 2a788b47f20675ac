#!/usr/bin/env bash
# What is done with a registry, on the machine that has the images: the builder's host. The program `image` sends this text
# there and gives it one operation, settings as KEY=VALUE, and on standard input one line: the token, or nothing. Prints lines
# of words; the last one is "trouble CODE WHAT" when something went wrong. Everything it keeps, the login included, is in a
# directory of its own that goes when it ends.
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

# fetch REFERENCE FILE: the manifest as it is. Fails when there is none, and leaves FILE.none.
fetch() {
  at "$1"
  skopeo inspect "${one[@]}" --raw "docker://$REPLY" >"$2" 2>"$2.errors" && return 0
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

# look: what is behind each tag, side by side: one look's time for all of them.
look() {
  local i=0 tag
  for tag in ${tags[@]+"${tags[@]}"}; do
    i=$((i + 1))
    fetch "$tag" "$dir/look.$i" &
  done
  wait
  i=0
  for tag in ${tags[@]+"${tags[@]}"}; do
    i=$((i + 1))
    if [ -s "$dir/look.$i" ]; then
      sha256_of "$dir/look.$i"
      if is_index "$dir/look.$i"; then printf 'tag %s %s index\n' "$tag" "$REPLY"; else printf 'tag %s %s image\n' "$tag" "$REPLY"; fi
    elif [ -e "$dir/look.$i.none" ]; then
      printf 'tag %s - -\n' "$tag"
    else
      reason "$(<"$dir/look.$i.errors")"
      [ $? -ne 1 ] || log_in
      trouble "the look at $tag" "$dir/look.$i.errors"
    fi
  done
}

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

# push: the local image $source, with the labels, as $content.
push() {
  local id each words=() reply='' format=''
  local_arch "$source" || trouble "the image $source, which is not on the builder" "$errors"
  if [ "$REPLY" != "$arch" ]; then
    printf 'said it is for %s\n' "$REPLY"
    printf 'trouble 65 %s\n' "the image $source, which must be for $arch"
    exit 65
  fi
  # Labels by a build of nothing but them: the builder's own cache need not know the revision.
  mkdir "$dir/nothing"
  printf 'FROM %s\n' "$source" >"$dir/Containerfile"
  words=(build -q --iidfile "$dir/id" -f "$dir/Containerfile")
  if [ "$engine" = podman ]; then
    # The same text from the same image, whoever pushes it and when; and in its format, because OCI's has no health check.
    reply=$(podman image inspect --format '{{.Created.Unix}} {{.ManifestType}}' "$source" 2>"$errors") || trouble "the image $source" "$errors"
    words+=(--layers=false --timestamp "${reply%% *}")
    case $reply in *docker*) format=docker words+=(--format docker) ;; esac
    reply=''
  fi
  for each in ${labels[@]+"${labels[@]}"}; do
    words+=(--label "$each")
    if [ "$engine$format" = podman ]; then words+=(--annotation "$each"); fi
  done
  "$engine" "${words[@]}" "$dir/nothing" >"$errors" 2>&1 || trouble "the labels of $source" "$errors"
  id=$(<"$dir/id")
  if [ "$engine" = podman ]; then
    podman push -q "${one[@]}" --digestfile "$dir/digest" "${id#sha256:}" "docker://$repository:$content" >"$errors" 2>&1 || reply=$?
    podman rmi "${id#sha256:}" >/dev/null 2>&1 || :
  else
    docker_config
    docker tag "$id" "$repository:$content" && docker push -q "$repository:$content" >"$errors" 2>&1 || reply=$?
    docker rmi "$repository:$content" >/dev/null 2>&1 || :
  fi
  [ -z "$reply" ] || trouble "the push of $content" "$errors"
  digest_of "$content"
  digest=$REPLY
  if [ "$engine" = podman ] && [ "$digest" != "$(<"$dir/digest")" ]; then
    # Somebody else pushed the same content at the same time: theirs will do.
    context_of "$digest"
    if [ "$REPLY" != "$hash" ]; then
      printf 'said it is of %s\n' "${REPLY:-another making}"
      printf 'trouble 65 %s\n' "the tag $content, which must be of the content $hash"
      exit 65
    fi
  fi
  printf 'pushed %s %s %s\n' "$content" "$digest" "$arch"
}

# docker_config: docker finds the login in its own directory for it; its daemon stays the one that was chosen.
docker_config() {
  local endpoint
  endpoint=$(docker context inspect --format '{{.Endpoints.docker.Host}}' 2>/dev/null) || endpoint=''
  [ -z "$endpoint" ] || export DOCKER_HOST=$endpoint
  export DOCKER_CONFIG=$dir
}

# move TAG: the tag comes to be on $digest, an index with all that belongs to it.
move() {
  digest_of "$1"
  if [ "$REPLY" = "$digest" ]; then
    printf 'kept %s %s\n' "$1" "$digest"
    return
  fi
  skopeo copy -q --all --preserve-digests "${both[@]}" "docker://$repository@$digest" "docker://$repository:$1" >"$errors" 2>&1 \
    || trouble "the move of $1" "$errors"
  printf 'moved %s %s\n' "$1" "$digest"
}

# fix_version: the version tag is on $digest, or comes to be; on anything else it stays, and nothing further is done.
fix_version() {
  [ -n "$version" ] || return 0
  digest_of "$version"
  if [ -n "$REPLY" ] && [ "$REPLY" != "$digest" ]; then
    local other=$REPLY
    context_of "$other"
    printf 'conflict %s %s %s\n' "$version" "$other" "${REPLY:--}"
    exit 65
  fi
  move "$version"
}

move_all() {
  local each
  fix_version
  for each in ${tags[@]+"${tags[@]}"}; do move "$each"; done
}

# assemble: the index of the children, ARCH=TAG each, as $content. Only manifests are written: the layers are in the registry.
# It is put together here, not by an engine, so that it is the same text whoever makes it.
assemble() {
  local each tag wanted text='' annotations='' media size child
  mkdir "$dir/index"
  printf 'Directory Transport Version: 1.1\n' >"$dir/index/version"
  for each in ${children[@]+"${children[@]}"}; do
    wanted=${each%%=*} tag=${each#*=}
    fetch "$tag" "$dir/child" || {
      [ ! -e "$dir/child.none" ] || printf 'missing %s %s\n' "$tag" "$wanted"
      trouble "the look at $tag" "$dir/child.errors"
    }
    sha256_of "$dir/child" && child=$REPLY
    config_of "$child" "$dir/child.config"
    one_of os "$dir/child.config" && media=$REPLY
    one_of architecture "$dir/child.config"
    # An engine that takes an image of another architecture from its cache says nothing.
    if [ "$media/$REPLY" != "${wanted%/v?}" ]; then
      printf 'said it is for %s/%s\n' "$media" "$REPLY"
      printf 'trouble 65 %s\n' "the image $tag, which must be for $wanted"
      exit 65
    fi
    label_of io.gantry.context "$dir/child.config"
    if [ "$REPLY" != "$hash" ]; then
      printf 'said it is of %s\n' "${REPLY:-another making}"
      printf 'trouble 65 %s\n' "the image $tag, which must be of the content $hash"
      exit 65
    fi
    sha256_of "$dir/child.config"
    cp "$dir/child.config" "$dir/index/${REPLY#sha256:}"
    cp "$dir/child" "$dir/index/${child#sha256:}.manifest.json"
    size=$(wc -c <"$dir/child")
    media=application/vnd.oci.image.manifest.v1+json
    if grep -q 'docker\.distribution\.manifest' "$dir/child"; then media=application/vnd.docker.distribution.manifest.v2+json; fi
    text="${text:+$text,}{\"mediaType\":\"$media\",\"digest\":\"$child\",\"size\":$((size)),\"platform\":{"
    case $wanted in
      */*/*) text="$text\"architecture\":\"$(cut -d/ -f2 <<<"$wanted")\",\"os\":\"${wanted%%/*}\",\"variant\":\"${wanted##*/}\"}}" ;;
      *) text="$text\"architecture\":\"${wanted#*/}\",\"os\":\"${wanted%%/*}\"}}" ;;
    esac
    printf 'child %s %s %s\n' "$tag" "$child" "$wanted"
  done
  for each in ${labels[@]+"${labels[@]}"}; do
    json_string "${each%%=*}" && annotations="${annotations:+$annotations,}$REPLY"
    json_string "${each#*=}" && annotations="$annotations:$REPLY"
  done
  printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[%s],"annotations":{%s}}' \
    "$text" "$annotations" >"$dir/index/manifest.json"
  sha256_of "$dir/index/manifest.json" && digest=$REPLY
  skopeo copy -q --all --preserve-digests "${both[@]}" "dir:$dir/index" "docker://$repository:$content" >"$errors" 2>&1 \
    || trouble "the push of the index $content" "$errors"
  printf 'pushed %s %s index\n' "$content" "$digest"
}

json_string() {
  local text=${1//\\/\\\\}
  text=${text//\"/\\\"}
  text=${text//$'\n'/\\n}
  text=${text//$'\t'/\\t}
  REPLY="\"$text\""
}

# pull REFERENCE: it by its digest, for this machine. Prints id and digest; ID.
pull() {
  local each
  digest_of "$1"
  if [ -z "$REPLY" ]; then
    printf 'missing %s\n' "$1"
    exit 65
  fi
  digest=$REPLY
  if [ "$engine" = podman ]; then
    podman pull -q "${one[@]}" "$repository@$digest" >"$dir/pulled" 2>"$errors" || trouble "the pull of $1" "$errors"
  else
    docker_config
    docker pull -q "$repository@$digest" >"$dir/pulled" 2>"$errors" || trouble "the pull of $1" "$errors"
  fi
  ID=$("$engine" image inspect --format '{{.Id}}' "$repository@$digest" 2>"$errors") || trouble "the pull of $1" "$errors"
  ID=${ID#sha256:}
  printf 'digest %s\nid %s\n' "$digest" "$ID"
}

pulled_label() { # KEY
  REPLY=$("$engine" image inspect --format "{{index .Config.Labels \"$1\"}}" "$ID" 2>/dev/null) || REPLY=''
  if [ "$REPLY" = '<no value>' ]; then REPLY=''; fi
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

# restore: $content by its digest, named like the builder's own build of $hash.
restore() {
  local each wanted
  pull "$content"
  host_arch && wanted=${REPLY%/v?}
  local_arch "$ID"
  if [ "$REPLY" != "$wanted" ]; then
    printf 'said it is for %s\n' "$REPLY"
    printf 'trouble 65 %s\n' "the image $content, which must be for $wanted"
    exit 65
  fi
  pulled_label io.gantry.context
  if [ "$REPLY" != "$hash" ]; then
    printf 'said it is of %s\n' "${REPLY:-another making}"
    printf 'trouble 65 %s\n' "the image $content, which must be of the content $hash"
    exit 65
  fi
  for each in ${names[@]+"${names[@]}"}; do
    "$engine" tag "$ID" "$each" 2>"$errors" || trouble "the name $each" "$errors"
    printf 'named %s\n' "$each"
  done
}

# verify: $content pulled by digest, and what can be said of it; each line "check NAME ok|bad|none WHAT".
verify() {
  local each key wanted code=0 hex
  pull "$content"
  host_arch && wanted=${REPLY%/v?}
  local_arch "$ID"
  if [ "$REPLY" = "$wanted" ]; then printf 'check architecture ok %s\n' "$REPLY"; else printf 'check architecture bad %s, this machine is %s\n' "$REPLY" "$wanted"; fi
  for each in source revision version; do
    key=org.opencontainers.image.$each
    pulled_label "$key"
    expected "$each"
    if [ -n "$wanted" ] && [ "$wanted" != "$REPLY" ]; then
      printf 'check %s bad %s, expected %s\n' "$each" "${REPLY:-there is none}" "$wanted"
    elif [ -z "$REPLY" ]; then
      printf 'check %s none there is no label %s\n' "$each" "$key"
    else
      printf 'check %s ok %s\n' "$each" "$REPLY"
    fi
  done
  pulled_label io.gantry.context
  printf 'context %s\n' "${REPLY:--}"
  hex=${digest#sha256:}
  digest_of "sha256-$hex.sig"
  [ -n "$REPLY" ] || digest_of "sha256-$hex" # where newer releases of cosign put it
  if [ -z "$REPLY" ]; then
    if [ -n "$require_signature" ]; then printf 'check signature bad there is none\n'; else printf 'check signature none there is none\n'; fi
  elif ! has cosign; then
    if [ -n "$require_signature" ]; then each=bad; else each=none; fi
    printf 'check signature %s there is one, and no cosign to check it\n' "$each"
  elif DOCKER_CONFIG=$dir cosign verify --certificate-identity-regexp "$signer" --certificate-oidc-issuer "$issuer" \
    "$repository@$digest" >/dev/null 2>"$errors" </dev/null; then
    printf 'check signature ok of %s\n' "$issuer"
  else
    printf 'check signature bad %s\n' "$(tail -n 1 "$errors")"
  fi
  if [ "${#command[@]}" -gt 0 ]; then
    "$engine" run --rm --network=none "$ID" "${command[@]}" >"$dir/ran" 2>"$errors" </dev/null || code=$?
    if [ "$code" -eq 0 ]; then
      printf 'check run ok %s\n' "$(head -n 1 "$dir/ran" | tr -d '\r')"
    else
      printf 'check run bad exit %s: %s\n' "$code" "$(tail -n 1 "$errors")"
    fi
  fi
}

# expected LABEL: wanted = what it has to be; nothing when anything will do.
expected() {
  case $1 in
    version) wanted=$version ;;
    source) wanted=$source ;;
    *) wanted='' ;;
  esac
}

# inventory: every tag with its digest, kind and time, and the children of every index.
inventory() {
  local tag i=0 all each
  skopeo list-tags "${one[@]}" "docker://$repository" >"$dir/tags" 2>"$errors" || {
    case $(<"$errors") in *'name unknown'* | *NAME_UNKNOWN* | *'not found'* | *' 404 '*) return 0 ;; esac
    trouble 'the list of tags' "$errors"
  }
  all=$(tr -d '\n' <"$dir/tags" | sed -n 's/.*"Tags":[[:space:]]*\[\([^]]*\)\].*/\1/p' | tr -d ' "' | tr ',' '\n' | sort)
  for tag in $all; do
    i=$((i + 1))
    fetch "$tag" "$dir/tag.$i" &
    if [ $((i % 8)) -eq 0 ]; then wait; fi
  done
  wait
  i=0
  for tag in $all; do
    i=$((i + 1))
    if ! [ -s "$dir/tag.$i" ]; then
      [ -e "$dir/tag.$i.none" ] || trouble "the look at $tag" "$dir/tag.$i.errors"
      continue
    fi
    sha256_of "$dir/tag.$i" && digest=$REPLY
    if is_index "$dir/tag.$i"; then
      # Whatever an index names is kept with it, attestations included.
      grep -oE 'sha256:[0-9a-f]{64}' "$dir/tag.$i" | sort -u | sed "s/^/child $digest /"
      # Of the first child, because an index has no time.
      each=$(grep -oE 'sha256:[0-9a-f]{64}' "$dir/tag.$i" | head -n 1)
      skopeo inspect "${one[@]}" --config --raw "docker://$repository@$each" >"$dir/config" 2>/dev/null || printf '{}' >"$dir/config"
      one_of created "$dir/config"
      printf 'tag %s %s index %s\n' "$tag" "$digest" "${REPLY:--}"
    else
      skopeo inspect "${one[@]}" --config --raw "docker://$repository@$digest" >"$dir/config" 2>/dev/null || printf '{}' >"$dir/config"
      one_of created "$dir/config"
      printf 'tag %s %s image %s\n' "$tag" "$digest" "${REPLY:--}"
    fi
  done
}

# remove: digests (tag=), in the order given.
remove() {
  local each
  for each in ${tags[@]+"${tags[@]}"}; do
    if skopeo delete "${one[@]}" "docker://$repository@$each" >"$errors" 2>&1; then
      printf 'deleted %s\n' "$each"
    else
      case $(<"$errors") in
        *'manifest unknown'* | *MANIFEST_UNKNOWN* | *'not found'*) printf 'deleted %s\n' "$each" ;;
        *) trouble "the removal of $each" "$errors" ;;
      esac
    fi
  done
}

case $operation in
  look) look ;;
  context)
    context_of "$content"
    printf 'context %s\n' "${REPLY:--}"
    ;;
  arch)
    host_arch
    printf 'arch %s\n' "$REPLY"
    ;;
  publish)
    if [ -n "$source" ]; then push; fi
    move_all
    ;;
  assemble)
    assemble
    move_all
    ;;
  move) move_all ;;
  restore) restore ;;
  verify) verify ;;
  inventory) inventory ;;
  remove) remove ;;
esac
