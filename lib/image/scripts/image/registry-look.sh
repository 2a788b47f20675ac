# shellcheck shell=bash disable=SC2154
# Operations that only look. Sent behind registry-host.sh.

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

case $operation in
  look) look ;;
  context)
    context_of "$content"
    printf 'context %s\n' "${REPLY:--}"
    ;;
esac
