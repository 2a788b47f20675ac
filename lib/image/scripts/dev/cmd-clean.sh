# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2034
# clean: everything built anew. What runs, and its images, stay until all new images are there.

# shellcheck source=run.sh
. "$PROGRAM_DIR/run.sh"

help_clean() {
  cat <<TEXT
Usage: $PROGRAM clean [SERVICE…]

Pulls the base images, builds the services' images without the engine's cache, and only then stops their containers and removes
their old images and dependency volumes. When a build fails, all of it stays as it was. Named volumes (models, data) stay in
any case, as do other projects' images. Start again with '$PROGRAM fast'.
TEXT
}

cmd_clean() {
  local each all='' base
  services_argument clean "$@"
  [ -n "$WANTED" ] || WANTED=$SERVICES all=1
  lock
  engine_there
  phase pull
  for each in $WANTED; do
    load_service "$each"
    [ -n "$CONTEXT" ] || continue
    check_files
    bases_of
    for base in ${BASES[@]+"${BASES[@]}"}; do
      case $base in localhost/* | *@sha256:*) continue ;; esac
      pull_base "$base"
    done
  done
  # shellcheck disable=SC2086 # names without spaces
  look $WANTED
  phase build
  for each in $WANTED; do
    hashes_of "$each"
    [ -n "$CONTEXT" ] || continue
    build_image "$IMAGE_NAME:clean" --no-cache || clean_failed
  done
  phase replace
  for each in $WANTED; do
    hashes_of "$each"
    clean_containers
    [ -n "$CONTEXT" ] || continue
    clean_image
    clean_volumes
  done
  if [ -n "$all" ]; then clean_left_over; fi
  if [ -n "$JSON" ]; then
    say "{\"program\":\"$PROGRAM\",\"built\":\"$WANTED\"}"
  elif [ -z "$DRY_RUN" ]; then
    say "built anew: $WANTED; start with: $PROGRAM fast"
  fi
}

clean_failed() {
  local failed=$SERVICE each
  for each in $WANTED; do
    hashes_of "$each"
    [ -z "$CONTEXT" ] || engine rmi "$IMAGE_NAME:clean" >/dev/null 2>&1 || :
  done
  die 65 "$failed: the build failed" "the images and containers of before are still there; see above"
}

# clean_containers: stops and removes the loaded service's containers.
clean_containers() {
  local each
  for each in "$CONTAINER" "$CONTAINER-old"; do
    container "$each" || continue
    if [ "$C_ROOT" != "$PROJECT_ROOT" ]; then
      die 2 "the container $each belongs to another checkout, $C_ROOT" "stop it there: bin/$PROGRAM stop --remove"
    fi
    if would "$ENGINE" rm -f "$each"; then continue; fi
    engine stop "$each" >/dev/null 2>&1 || :
    engine_said rm -f "$each" || die 69 "$each cannot be removed" "$REPLY"
  done
}

# images_of NAME: OLD_IMAGES = a line "repository:tag id" for each image of that name.
images_of() {
  local name id
  OLD_IMAGES=''
  while read -r name id; do
    case $name in
      "$1":*) OLD_IMAGES="$OLD_IMAGES$name ${id#sha256:}"$'\n' ;;
    esac
  done < <(engine images --no-trunc --format '{{.Repository}}:{{.Tag}} {{.ID}}')
}

# clean_image: gives the new image its names and removes the others of the loaded service. Those of `build` stay.
clean_image() {
  local new='' kept=' ' name id
  images_of "$IMAGE_NAME"
  if [ -z "$DRY_RUN" ]; then
    engine tag "$IMAGE_NAME:clean" "$IMAGE"
    engine tag "$IMAGE_NAME:clean" "$IMAGE_NAME:dev"
    engine rmi "$IMAGE_NAME:clean" >/dev/null # the name; the image has others
    new=$(engine image inspect --format '{{.Id}}' "$IMAGE")
    kept=" ${new#sha256:} "
  fi
  while read -r name id; do
    case $name in *:prod) kept="$kept$id " ;; esac
  done <<<"$OLD_IMAGES"
  while read -r name id; do
    case $name in '' | *:prod | *:clean) continue ;; esac
    if would "$ENGINE" rmi "$name"; then continue; fi
    case $name in
      "$IMAGE" | "$IMAGE_NAME:dev") ;; # another image has this name by now
      # One of two names of an image may have gone with the other.
      *) engine rmi "$name" >/dev/null 2>&1 || ! engine image inspect "$name" >/dev/null 2>&1 || warn "$name cannot be removed" ;;
    esac
    case $kept in *" $id "*) continue ;; esac
    kept="$kept$id "
    engine rmi "$id" >/dev/null 2>&1 || : # gone with its last name
  done <<<"$OLD_IMAGES"
}

# clean_volumes: what an old build installed goes; the new image brings its own.
clean_volumes() {
  local each name
  list DEPENDENCY_VOLUME
  for each in ${LIST[@]+"${LIST[@]}"}; do
    each=${each%%:*}
    while read -r name; do
      case ${name#"$each-"} in "$name" | *[!0-9a-f]*) continue ;; esac
      if would "$ENGINE" volume rm "$name"; then continue; fi
      engine_said volume rm "$name" || warn "$name cannot be removed: $REPLY"
    done < <(engine volume ls -q --filter "label=io.gantry.dev=$PROGRAM")
  done
}

# clean_left_over: images of services that the stack no longer has.
clean_left_over() {
  local repository name id service
  while read -r repository; do
    service=${repository#"localhost/$PROGRAM-"}
    case " $SERVICES " in *" $service "*) continue ;; esac
    if [ "$service" = "$repository" ]; then continue; fi
    images_of "$repository"
    while read -r name id; do
      [ -n "$id" ] || continue
      if would "$ENGINE" rmi "$name"; then continue; fi
      engine rmi "$name" >/dev/null 2>&1 || warn "$name cannot be removed"
    done <<<"$OLD_IMAGES"
  done < <(engine images --filter "label=io.gantry.dev=$PROGRAM" --format '{{.Repository}}')
}
