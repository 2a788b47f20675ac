# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2034
# inspect: all there is to know of an image on the builder, in one report.

# shellcheck source=build.sh
. "$PROGRAM_DIR/build.sh"
# shellcheck source=clear.sh
. "$PROGRAM_DIR/clear.sh"

help_inspect() {
  cat <<TEXT
Usage: $PROGRAM inspect [--json] [IMAGE]

Shows an image as it is on the builder: layers and the steps that made them, build arguments, environment, labels; then all
images of this project there, and what the caches use. Without IMAGE: the development image.
TEXT
}

cmd_inspect() {
  local image=''
  while [ $# -gt 0 ]; do
    case $1 in
      -*) common_flag "$1" || bad_argument inspect "$1" ;;
      *)
        [ -z "$image" ] || bad_argument inspect "$1"
        image=$1
        ;;
    esac
    shift
  done
  image=${image:-${DEV:-${IMAGES%% *}}}
  [ -n "$image" ] || die 2 "there are no images yet" "the stack adds them: BuildModes, GhcrPublication"
  load_tags "$image"
  local name=localhost/$image:$MOVING_TAG
  look_at "$name" || die 1 "$name is not on the builder" "build it: $PROGRAM build $image"
  if [ -n "$JSON" ]; then inspect_json "$name" "$image"; else inspect_text "$name" "$image"; fi
}

# build_args IMAGE: the arguments of the stack, NAME=VALUE, one a line.
build_args() (
  ARG_COUNT=0
  # shellcheck source=/dev/null
  . "$FILE_ROOT/$BUILDER/images/$1.env"
  for ((i = 1; i <= ARG_COUNT; i++)); do
    name=ARG_$i
    printf '%s\n' "${!name}"
  done
)

# about NAME FORMAT: one look at an image.
about() { engine image inspect --format "$2" "$1" </dev/null; }

inspect_text() {
  say "image   $1"
  say "id      $IMAGE_ID"
  say "for     $IMAGE_PLATFORM"
  say "size    $(human_size "$(about "$1" '{{.Size}}')" && printf %s "$REPLY")"
  say "created $(about "$1" '{{.Created}}')"
  say '' && say 'names'
  names_of "$IMAGE_NAMES" | sed 's/^/  /'
  say '' && say 'build arguments'
  build_args "$2" | sed 's/^/  /'
  say '' && say 'environment'
  about "$1" '{{range .Config.Env}}{{println .}}{{end}}' | sed '/^$/d; s/^/  /'
  say '' && say 'labels'
  # shellcheck disable=SC2016 # the engine's
  about "$1" '{{range $k, $v := .Config.Labels}}{{$k}}={{println $v}}{{end}}' | sed '/^$/d; s/^/  /'
  say '' && say 'layers, the newest first'
  engine history --no-trunc --format '{{.Size}}\t{{.CreatedBy}}' "$1" </dev/null | sed 's/^/  /'
  say '' && say 'images of this project on the builder'
  engine image ls --filter "label=io.gantry.project=$PROJECT" </dev/null | sed 's/^/  /'
  say '' && say 'what the caches use'
  tier_plan medium
  LOCAL_LINES=$(local_lines)
  clear_table "$LOCAL_LINES"
  builder prune --plan --dry-run --only-caches </dev/null | while IFS=$'\t' read -r _ _ bytes what; do
    human_size "$bytes"
    printf '%10s  %-11s  %s\n' "$REPLY" cache "$what"
  done
}

inspect_json() {
  local args='' steps='' size what caches line
  while IFS= read -r line; do
    json_string "$line" && args="${args:+$args,}$REPLY"
  done < <(build_args "$2")
  while IFS=$'\t' read -r size what; do
    json_string "$what" && what=$REPLY
    json_string "$size" && steps="${steps:+$steps,}{\"size\":$REPLY,\"step\":$what}"
  done < <(engine history --no-trunc --format '{{.Size}}\t{{.CreatedBy}}' "$1" </dev/null)
  tier_plan medium
  LOCAL_LINES=$(local_lines)
  caches=$(clear_table "$LOCAL_LINES")
  caches=${caches%]}
  line=$(builder prune --json --dry-run --only-caches </dev/null) || line='[]'
  line=${line#\[}
  if [ "$caches" != '[' ] && [ "$line" != ']' ]; then caches=$caches,; fi
  say "{\"image\":\"$2\",\"name\":\"$1\",\"id\":\"$IMAGE_ID\",\"platform\":\"$IMAGE_PLATFORM\",\"size\":$(about "$1" '{{.Size}}'),\"names\":$IMAGE_NAMES,\"args\":[$args],\"env\":$(about "$1" '{{json .Config.Env}}'),\"labels\":$(about "$1" '{{json .Config.Labels}}'),\"layers\":$(about "$1" '{{json .RootFS.Layers}}'),\"steps\":[$steps],\"caches\":$caches$line}"
}
