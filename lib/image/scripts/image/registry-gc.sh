# shellcheck shell=bash disable=SC2154
# Operations on a whole repository. Sent behind registry-host.sh.

# inventory: every tag with its digest, kind and time, and the children of every index.
inventory() {
  local tag i=0 all
  skopeo list-tags "${one[@]}" "docker://$repository" >"$dir/tags" 2>"$errors" || {
    case $(<"$errors") in *'name unknown'* | *NAME_UNKNOWN* | *'not found'* | *' 404 '*) return 0 ;; esac
    trouble 'the list of tags' "$errors"
  }
  all=$(tr -d '\n' <"$dir/tags" | sed -n 's/.*"Tags":[[:space:]]*\[\([^]]*\)\].*/\1/p' | tr -d ' "' | tr ',' '\n' | sort)
  for tag in $all; do
    i=$((i + 1))
    look_at_tag "$tag" "$dir/tag.$i" &
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
    [ -e "$dir/tag.$i.config" ] || trouble "the look at $tag" "$dir/tag.$i.errors"
    sha256_of "$dir/tag.$i" && digest=$REPLY
    if is_index "$dir/tag.$i"; then
      # Whatever an index names is kept with it, attestations included.
      grep -oE 'sha256:[0-9a-f]{64}' "$dir/tag.$i" | sort -u | sed "s/^/child $digest /"
      one_of created "$dir/tag.$i.config"
      printf 'tag %s %s index %s\n' "$tag" "$digest" "${REPLY:--}"
    else
      one_of created "$dir/tag.$i.config"
      printf 'tag %s %s image %s\n' "$tag" "$digest" "${REPLY:--}"
    fi
  done
}

# look_at_tag TAG FILE: its manifest, and in FILE.config its configuration; of an index that of the first child, because an index has
# no time. A configuration that there is none of says nothing; one that the registry did not give leaves no file.
look_at_tag() {
  local each=$1
  fetch "$1" "$2" || return
  if is_index "$2"; then
    each=$(grep -oE 'sha256:[0-9a-f]{64}' "$2" | head -n 1)
  else
    sha256_of "$2" && each=$REPLY
  fi
  skopeo inspect "${one[@]}" --config --raw "docker://$repository@$each" >"$2.config" 2>"$2.errors" && return
  reason "$(<"$2.errors")"
  case $?,$(<"$2.errors") in
    65,*' 404 '*) printf '{}' >"$2.config" ;;
    65, | 65,*'HTTP status'* | 65,*'status code'* | 69,* | 1,*) rm -f -- "$2.config" ;;
    *) printf '{}' >"$2.config" ;;
  esac
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
  inventory) inventory ;;
  remove) remove ;;
esac
