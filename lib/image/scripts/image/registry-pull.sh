# shellcheck shell=bash disable=SC2154
# Operations that bring an image to this machine. Sent behind registry-host.sh.

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

case $operation in
  restore) restore ;;
  verify) verify ;;
esac
