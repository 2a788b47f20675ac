# shellcheck shell=bash disable=SC2154
# Operations that write tags. Sent behind registry-host.sh.

# push: the local image $source, with the labels, as $content.
push() {
  local id each words=() reply='' format='' own=''
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
    # A name of this run: somebody else may make the same image, and take theirs away while we push.
    own=localhost/gantry-publish:${dir##*.}
    words+=(--layers=false --timestamp "${reply%% *}" -t "$own")
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
    podman push -q "${one[@]}" --digestfile "$dir/digest" "$own" "docker://$repository:$content" >"$errors" 2>&1 || reply=$?
    podman rmi "$own" >/dev/null 2>&1 || :
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

case $operation in
  publish) push ;;
  assemble) assemble ;;
esac
move_all
