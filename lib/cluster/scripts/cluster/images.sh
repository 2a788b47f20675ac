# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2153 # settings come from files
# Building images on this machine, and bringing them to the nodes.

# shellcheck source=../../../core/scripts/context.sh
. "$COMMON_DIR/context.sh"
# shellcheck source=../../../core/scripts/image-format.sh
. "$COMMON_DIR/image-format.sh"

ENGINE='' IMAGE_REF=''

# find_engine: ENGINE, when nobody named one.
find_engine() {
  case $ENGINE in
    docker | podman) has "$ENGINE" || die 1 "$ENGINE is not installed" ;;
    '')
      if has docker; then
        ENGINE=docker
      elif has podman; then
        ENGINE=podman
      else
        die 1 "neither docker nor podman is installed" "https://docs.docker.com/engine/install/ or https://podman.io/docs/installation"
      fi
      ;;
    *) die 2 "the engine is $ENGINE; allowed: docker, podman" ;;
  esac
}

# build_image IMAGE: builds the images it is FROM, and it; IMAGE_REF = its name, with its content in it.
build_image() {
  local image=$1 base words=() each args=() base_arg repository id
  load_image "$image"
  base_arg=$BASE_ARG
  # The list is read before the first round: each base loads settings of its own.
  for base in $BASES; do
    # An argument of the command line is for the image that was asked for.
    args=(${EXTRA_ARGS[@]+"${EXTRA_ARGS[@]}"})
    EXTRA_ARGS=()
    build_image "$base"
    EXTRA_ARGS=(${args[@]+"${args[@]}"})
    if [ -n "$base_arg" ]; then base_arg=$base_arg=$IMAGE_REF; fi
  done
  REPOSITORY=$image IGNORE_WORDS=()
  context_load "$image"
  repository=$REPOSITORY
  image_args
  image_labels
  image_secrets
  temp_dir
  words=("$ENGINE" build -t "$repository:$TAG" --iidfile "$TEMP_DIR/$image.id")
  [ -z "$TARGET" ] || words+=(--target "$TARGET")
  [ -z "$PLATFORM" ] || words+=(--platform "$PLATFORM")
  [ -z "$base_arg" ] || words+=(--build-arg "$base_arg")
  for each in ${ARGS[@]+"${ARGS[@]}"}; do words+=(--build-arg "$each"); done
  for each in ${LABELS[@]+"${LABELS[@]}"}; do words+=(--label "$each"); done
  for each in ${SECRETS[@]+"${SECRETS[@]}"}; do words+=(--secret "id=${each%%=*},src=${each#*=}"); done
  if [ "$ENGINE" = podman ] && wants_docker_format "$CONTAINERFILE_PATH"; then words+=(--format docker); fi
  [ -z "$NARROW" ] || narrow_context "$image"
  words+=(${IGNORE_WORDS[@]+"${IGNORE_WORDS[@]}"} -f "$CONTAINERFILE_PATH" "$CONTEXT_DIR")
  if would "${words[@]}"; then
    IMAGE_REF=$repository:$TAG
    return
  fi
  # Its own log is the engine's; standard output is for the result.
  DOCKER_BUILDKIT=1 "${words[@]}" >&2 || die 1 "$image does not build (see above)" \
    "the same by hand, from $CONTEXT_DIR: $ENGINE build -f $CONTAINERFILE_PATH $CONTEXT_DIR"
  id=$(cat -- "$TEMP_DIR/$image.id")
  id=${id#sha256:}
  IMAGE_REF=$repository:tilt-${id:0:12}
  "$ENGINE" tag "$id" "$IMAGE_REF" || die 1 "$ENGINE cannot tag the image of $image"
}

IGNORE_WORDS=()

# narrow_context IMAGE: the build sees its inputs only.
narrow_context() {
  local each file=$TEMP_DIR/$1.Containerfile
  cp -- "$CONTAINERFILE_PATH" "$file"
  printf '*\n' >"$file.dockerignore"
  for each in ${INPUTS[@]+"${INPUTS[@]}"}; do printf '!%s\n' "$each"; done >>"$file.dockerignore"
  CONTAINERFILE_PATH=$file
  # docker finds it by its name.
  [ "$ENGINE" = docker ] || IGNORE_WORDS=(--ignorefile "$file.dockerignore")
}

# deliver_image REFERENCE: brings an image to the nodes. The context that Tilt is in says which cluster, else the stack.
deliver_image() {
  local context=${GANTRY_CONTEXT:-}
  if [ -n "${EXPECTED_REGISTRY:-}" ]; then
    push_image "$1"
    return
  fi
  case $context:$TARGET in
    k3d-*) import_k3d "$1" "${context#k3d-}" ;;
    *:k3d) import_k3d "$1" "$CLUSTER" ;;
    *: | *:native) import_native "$1" ;;
    *)
      die 2 "images cannot be brought to a $TARGET cluster from here" \
        "push it to a registry that the nodes know (registries of the cluster in the stack), and give the workload that name"
      ;;
  esac
}

# push_image REFERENCE: to the registry of the cluster that Tilt has found; IMAGE_REF = the name there.
push_image() {
  local words=("$ENGINE" push)
  IMAGE_REF=$EXPECTED_REGISTRY/$1
  case $ENGINE:$EXPECTED_REGISTRY in podman:localhost:* | podman:127.0.0.1:*) words+=(--tls-verify=false) ;; esac
  if would "${words[@]}" "$IMAGE_REF"; then return; fi
  "$ENGINE" tag "$1" "$IMAGE_REF" || die 2 "$ENGINE has no image $1"
  "${words[@]}" "$IMAGE_REF" >&2 \
    || die 69 "the registry $EXPECTED_REGISTRY does not take $1" "is the cluster's registry running? k3d registry list"
}

# canonical REFERENCE: REPLY = the name as nodes complete it.
canonical() {
  local first=${1%%/*}
  case $1 in
    */*)
      case $first in
        *.* | *:* | localhost) REPLY=$1 ;;
        *) REPLY=docker.io/$1 ;;
      esac
      ;;
    *) REPLY=docker.io/library/$1 ;;
  esac
}

# save_image NAME: writes the image, under this name, to standard output.
save_image() {
  if [ "$ENGINE" = podman ]; then
    podman save --format docker-archive "$1"
  else
    docker save "$1"
  fi
}

# import_native REFERENCE: into the image store of the k3s on this machine.
import_native() {
  local name store
  canonical "$1"
  name=$REPLY
  store=(k3s ctr -n k8s.io images)
  if [ "$(id -u)" -ne 0 ]; then
    store=(sudo "${store[@]}")
    [ -t 0 ] || store=(sudo -n "${store[@]:1}")
  fi
  if would "$ENGINE" save "$name" '|' "${store[@]}" import -; then return; fi
  has k3s || die 1 "k3s is not installed on this machine" "$PROGRAM install, or choose the context of a k3d cluster"
  case $1 in
    *:tilt-*)
      # The name says what is in it.
      if [ -n "$("${store[@]}" ls -q "name==$name" 2>/dev/null)" ]; then
        note "$name is in k3s already"
        return
      fi
      ;;
  esac
  "$ENGINE" tag "$1" "$name" || die 2 "$ENGINE has no image $1"
  if ! save_image "$name" | "${store[@]}" import - >&2; then
    die 69 "k3s does not take $name" "may you use it without a password? sudo -v; is it running? sudo systemctl status k3s"
  fi
  case $1 in *:tilt-*) "$ENGINE" rmi "$name" >/dev/null 2>&1 || : ;; esac
}

# import_k3d REFERENCE CLUSTER: into the nodes of a k3d cluster.
import_k3d() {
  local name archive
  canonical "$1"
  name=$REPLY
  if would k3d image import "$name" -c "$2"; then return; fi
  has k3d || die 1 "k3d is not installed" "https://k3d.io/#installation"
  temp_dir
  archive=$TEMP_DIR/image.tar
  "$ENGINE" tag "$1" "$name" || die 2 "$ENGINE has no image $1"
  save_image "$name" >"$archive" || die 1 "$ENGINE cannot save $name"
  k3d image import "$archive" -c "$2" >&2 || die 69 "the k3d cluster $2 does not take $name" "is it running? k3d cluster list"
}
