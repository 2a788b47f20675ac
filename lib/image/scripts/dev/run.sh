# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2034
# Brings services up: builds what has to be built, then replaces the containers that are not as the stack and the files say.

# shellcheck source=hash.sh
. "$PROGRAM_DIR/hash.sh"
# shellcheck source=ports.sh
. "$PROGRAM_DIR/ports.sh"
# shellcheck source=health.sh
. "$PROGRAM_DIR/health.sh"
# shellcheck source=volumes.sh
. "$PROGRAM_DIR/volumes.sh"
# shellcheck source=../../../core/scripts/image-format.sh
. "$COMMON_DIR/image-format.sh"

# service_state: STATE of the loaded service's container: current, stopped (as it should be, but not running), other, absent,
# foreign. HASHES as hashes_of left them.
service_state() {
  if ! container "$CONTAINER"; then
    STATE=absent
  elif [ "$C_ROOT" != "$PROJECT_ROOT" ]; then
    STATE=foreign
  elif [ "$C_CONFIG" != "$CONFIG_HASH" ]; then
    STATE=other
  elif [ "$C_STATE" = running ]; then
    STATE=current
  else
    STATE=stopped
  fi
}

# plan SERVICES…: BEHIND = those that are not current; ends the program when another checkout has our names.
plan() {
  local each
  BEHIND=''
  for each in "$@"; do
    hashes_of "$each"
    service_state
    case $STATE in
      foreign)
        die 2 "the container $CONTAINER belongs to another checkout, $C_ROOT" "stop it there: bin/$PROGRAM stop --remove"
        ;;
      current) ;;
      *) BEHIND="$BEHIND $each" ;;
    esac
  done
  BEHIND=${BEHIND# }
  orphans
}

# orphans: ORPHANS = containers of services that the stack no longer has, by their old names.
orphans() {
  local name state service config root
  ORPHANS=''
  while IFS='|' read -r name state service config root; do
    if [ -z "$name" ] || [ "$root" != "$PROJECT_ROOT" ]; then continue; fi
    case " $SERVICES " in *" $service "*) continue ;; esac
    ORPHANS="$ORPHANS $name"
  done <<<"$CONTAINERS"
  ORPHANS=${ORPHANS# }
}

# --- images ---------------------------------------------------------------------------------------------------------

# build_image TAG WORDS…: builds the loaded service's image under a tag, with more words for the engine.
build_image() {
  local tag=$1 words=() each
  shift
  words=(build -t "$tag" -f "$PROJECT_ROOT/$CONTEXT/$CONTAINERFILE")
  list ARG
  for each in ${LIST[@]+"${LIST[@]}"}; do words+=(--build-arg "$each"); done
  [ -z "$TARGET" ] || words+=(--target "$TARGET")
  if [ "$ENGINE" = podman ] && wants_docker_format "$PROJECT_ROOT/$CONTEXT/$CONTAINERFILE"; then words+=(--format docker); fi
  words+=(--label "io.gantry.project=$PROJECT" --label "io.gantry.dev=$PROGRAM" --label "io.gantry.service=$SERVICE")
  if would "$ENGINE" "${words[@]}" "$@" "$PROJECT_ROOT/$CONTEXT"; then return; fi
  note "$SERVICE: building"
  # What it prints is about the work; it reads nothing of ours.
  if [ -z "$QUIET" ]; then
    engine "${words[@]}" "$@" "$PROJECT_ROOT/$CONTEXT" </dev/null >&2
  else
    temp_dir
    engine "${words[@]}" "$@" "$PROJECT_ROOT/$CONTEXT" </dev/null >"$TEMP_DIR/build" 2>&1 || {
      cat -- "$TEMP_DIR/build" >&2
      return 1
    }
  fi
}

# image_up_to_date: builds the loaded service's image unless there is one of its hash; BUILT = 1 when it was built, COPIED =
# the bytes of what came new.
image_up_to_date() {
  BUILT='' COPIED=0
  [ -z "$IMAGE_REF" ] || {
    if engine image inspect "$IMAGE_REF" >/dev/null 2>&1; then return; fi
    SERVICE=$SERVICE pull_base "$IMAGE_REF"
    BUILT=1
    image_size
    return
  }
  if engine image inspect "$IMAGE" >/dev/null 2>&1; then return; fi
  phase build
  build_image "$IMAGE" || build_failed
  BUILT=1
  [ -z "$DRY_RUN" ] || return 0
  engine tag "$IMAGE" "$IMAGE_NAME:dev"
  image_size
  phase start
}

build_failed() {
  die 65 "$SERVICE: the build failed" "what ran before runs on; see above, then: $PROGRAM fast"
}

image_size() {
  COPIED=0
  [ -z "$DRY_RUN" ] || return 0
  COPIED=$(engine image inspect --format '{{.Size}}' "$IMAGE") || COPIED=0
}

# old_images: removes images of the loaded service but the current one and the one before it.
old_images() {
  local tag kept=0
  while read -r tag; do
    case $tag in
      "$IMAGE_NAME:dep-$DEPENDENCY_HASH" | "$IMAGE_NAME:dev") continue ;;
      "$IMAGE_NAME":dep-*) ;;
      *) continue ;;
    esac
    kept=$((kept + 1))
    [ "$kept" -le 1 ] || engine rmi "$tag" >/dev/null 2>&1 || :
  done < <(engine images --filter "label=io.gantry.dev=$PROGRAM" --format '{{.Repository}}:{{.Tag}}') # newest first
}

# --- containers -----------------------------------------------------------------------------------------------------

# labels_here: LABEL_OWN and LABEL_SHARED = what a mount says to SELinux, where there is one.
labels_here() {
  LABEL_OWN='' LABEL_SHARED=''
  if [ -e /sys/fs/selinux/enforce ]; then LABEL_OWN=,Z LABEL_SHARED=,z; fi
}

# polled: whether changes of mounted code make no events in a container here: macOS, and a Windows drive in WSL.
polled() {
  case $OSTYPE in darwin* | msys* | cygwin*) return 0 ;; esac
  case ${WSL_DISTRO_NAME:+wsl}$PROJECT_ROOT in wsl/mnt/?/*) return 0 ;; esac
  return 1
}

# run_words: WORDS = what the engine runs the loaded service's container with.
run_words() {
  local each i=0 labels
  read -r -a labels <<<"$LIVE_LABELS"
  labels_here
  WORDS=(run -d --init --name "$CONTAINER" --network "$NETWORK" --network-alias "$SERVICE" --stop-timeout "$STOP_SECONDS")
  for each in "project=$PROJECT" "dev=$PROGRAM" "service=$SERVICE" "config=$CONFIG_HASH" "root=$PROJECT_ROOT"; do
    WORDS+=(--label "io.gantry.$each")
  done
  if [ "$ENGINE" = podman ] && [ -n "$KEEP_ID" ] && [ "$EUID" -ne 0 ]; then WORDS+=(--userns=keep-id); fi
  if [ "$ENGINE" = docker ]; then WORDS+=(--add-host "host.containers.internal:host-gateway"); fi
  list PORT
  for each in ${LIST[@]+"${LIST[@]}"}; do WORDS+=(-p "127.0.0.1:$each"); done
  list LIVE
  for each in ${LIST[@]+"${LIST[@]}"}; do
    if [ "${labels[i]}" = z ]; then REPLY=$LABEL_SHARED; else REPLY=$LABEL_OWN; fi
    WORDS+=(-v "$PROJECT_ROOT/$each:rw$REPLY")
    i=$((i + 1))
  done
  list VOLUME
  for each in ${LIST[@]+"${LIST[@]}"}; do WORDS+=(-v "$each"); done
  list DEPENDENCY_VOLUME
  for each in ${LIST[@]+"${LIST[@]}"}; do WORDS+=(-v "${each%%:*}-$DEPENDENCY_HASH:${each#*:}"); done
  if polled; then
    for each in CHOKIDAR_USEPOLLING WATCHPACK_POLLING WATCHFILES_FORCE_POLLING; do WORDS+=(-e "$each=true"); done
  fi
  [ -z "$ENV_FILE" ] || WORDS+=(--env-file "$PROJECT_ROOT/$ENV_FILE")
  list ENV
  for each in ${LIST[@]+"${LIST[@]}"}; do WORDS+=(-e "$each"); done
  list DEVICE
  for each in ${LIST[@]+"${LIST[@]}"}; do WORDS+=(--device "$each"); done
  list ENTRYPOINT
  # One word: what an entrypoint has beyond its program comes before the command.
  if [ "${#LIST[@]}" -gt 0 ]; then
    WORDS+=(--entrypoint "${LIST[0]}" "$IMAGE" "${LIST[@]:1}")
  else
    WORDS+=("$IMAGE")
  fi
  list COMMAND
  WORDS+=(${LIST[@]+"${LIST[@]}"})
}

# network_and_volumes: makes those of the loaded service that are not there, labelled.
network_and_volumes() {
  local each kind
  if ! engine network inspect "$NETWORK" >/dev/null 2>&1; then
    if ! would "$ENGINE" network create "$NETWORK"; then
      engine_said network create --label "io.gantry.project=$PROJECT" --label "io.gantry.dev=$PROGRAM" "$NETWORK" \
        || engine network inspect "$NETWORK" >/dev/null 2>&1 || die 69 "the network $NETWORK cannot be made" "$REPLY"
    fi
  fi
  for kind in VOLUME DEPENDENCY_VOLUME; do
    list "$kind"
    for each in ${LIST[@]+"${LIST[@]}"}; do
      each=${each%%:*}
      if [ "$kind" = DEPENDENCY_VOLUME ]; then each=$each-$DEPENDENCY_HASH; fi
      make_volume "$each" "$kind"
    done
  done
}

# run_container: starts the loaded service's new container; REPLY = what was said. `full` has compose do it.
run_container() { engine_said "${WORDS[@]}"; }

# replace_container: the loaded service's container in place of the one before, which comes back when the new one cannot run.
replace_container() {
  local code=0
  run_words
  if [ "$STATE" = stopped ]; then
    if would "$ENGINE" start "$CONTAINER"; then return; fi
    if engine_said start "$CONTAINER"; then return; fi
    note "$SERVICE: its container does not start again; a new one takes its place"
  fi
  if would "$ENGINE" "${WORDS[@]}"; then return; fi
  engine rm -f "$CONTAINER-old" >/dev/null 2>&1 || :
  OLD=''
  if [ "$STATE" != absent ]; then
    OLD=$CONTAINER OLD_STATE=$C_STATE UNDO=bring_back
    engine rename "$CONTAINER" "$CONTAINER-old" || die 69 "$CONTAINER cannot be renamed" "see: $PROGRAM doctor"
    [ "$OLD_STATE" != running ] || engine stop -t "$STOP_SECONDS" "$CONTAINER-old" >/dev/null 2>&1 || :
  fi
  run_container || code=$?
  if [ "$code" -ne 0 ]; then
    if [ -z "$OLD" ]; then engine rm -f "$CONTAINER" >/dev/null 2>&1 || :; fi # a name without a running container
    port_race "$REPLY"
    die 65 "$SERVICE: its container does not start" "$REPLY"
  fi
  UNDO=''
  [ -z "$OLD" ] || engine rm -f "$CONTAINER-old" >/dev/null 2>&1 || :
}

# bring_back: the container before, when its successor does not run.
bring_back() {
  UNDO=''
  engine rm -f "$OLD" >/dev/null 2>&1 || :
  engine rename "$OLD-old" "$OLD" >/dev/null 2>&1 || return 0
  [ "$OLD_STATE" != running ] || engine start "$OLD" >/dev/null 2>&1 || :
  note "$OLD is back as it was"
}

# half_replaced SERVICES…: a run that was killed between the two left the old container under its second name.
half_replaced() {
  local each
  for each in "$@"; do
    load_service "$each"
    if container "$CONTAINER-old" && ! container "$CONTAINER"; then
      if would "$ENGINE" rename "$CONTAINER-old" "$CONTAINER"; then continue; fi
      engine rename "$CONTAINER-old" "$CONTAINER" && AGAIN=1
    fi
  done
}

remove_orphans() {
  local each
  for each in $ORPHANS; do
    if would "$ENGINE" rm -f "$each"; then continue; fi
    note "$each: its service is not in the stack any more; removed"
    engine stop "$each" >/dev/null 2>&1 || :
    engine rm -f "$each" >/dev/null 2>&1 || die 69 "$each cannot be removed" "$ENGINE rm -f $each"
  done
}

# --- all of it ------------------------------------------------------------------------------------------------------

# bring_up SERVICES…: RESULTS = a line each, "service state copied".
bring_up() {
  local each built copied
  RESULTS='' AGAIN=''
  look "$@"
  half_replaced "$@"
  [ -z "$AGAIN" ] || containers_look
  plan "$@"
  if [ -z "$BEHIND$ORPHANS" ]; then
    for each in "$@"; do
      hashes_of "$each"
      still_healthy
      RESULTS="$RESULTS$each current 0"$'\n'
    done
    return
  fi
  lock
  # Everything that can be wrong is looked at, and everything is built, before anything that runs is touched.
  for each in $BEHIND; do
    hashes_of "$each"
    service_ports
  done
  built=''
  for each in "$@"; do
    hashes_of "$each"
    copied=0
    case " $BEHIND " in
      *" $each "*)
        image_up_to_date
        copied=$COPIED
        ;;
    esac
    built="$built $each:$copied"
  done
  phase start
  remove_orphans
  for each in "$@"; do
    hashes_of "$each"
    service_state
    copied=${built#* "$each:"} && copied=${copied%% *}
    if [ "$STATE" = current ]; then
      still_healthy
      RESULTS="$RESULTS$each current 0"$'\n'
      continue
    fi
    network_and_volumes
    replace_container
    case $STATE in
      absent | stopped) REPLY=started ;;
      *) REPLY=replaced ;;
    esac
    RESULTS="$RESULTS$each $REPLY $copied"$'\n'
    [ -n "$DRY_RUN" ] || wait_healthy
    if [ "$copied" != 0 ] && [ -z "$DRY_RUN$IMAGE_REF" ]; then old_images; fi
  done
  phase ''
}

# show_results: as people read it, or as JSON.
show_results() {
  local each state copied line items='' address
  while read -r each state copied; do
    [ -n "$each" ] || continue
    hashes_of "$each"
    list PORT
    address=''
    [ "${#LIST[@]}" -eq 0 ] || address=http://127.0.0.1:${LIST[0]%%:*}
    if [ -n "$JSON" ]; then
      json_string "$IMAGE" && line=$REPLY
      items="${items:+$items,}{\"service\":\"$each\",\"state\":\"$state\",\"container\":\"$CONTAINER\",\"image\":$line,\"copiedBytes\":$copied"
      items="$items,\"address\":\"$address\"}"
      continue
    fi
    case $state in
      current) line='up to date' ;;
      *) line=$state ;;
    esac
    human_size "$copied"
    if [ "$copied" -eq 0 ]; then line="$line, 0 bytes copied"; else line="$line with a new image of $REPLY"; fi
    [ -z "$DRY_RUN" ] || line="would be $state"
    say "$each: $line${address:+, $address}"
  done <<<"$RESULTS"
  if [ -n "$JSON" ]; then say "{\"program\":\"$PROGRAM\",\"services\":[$items]}"; fi
}
