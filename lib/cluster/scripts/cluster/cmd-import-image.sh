# shellcheck shell=bash source-path=SCRIPTDIR
# build-image, import-image: an image of this machine for the cluster's nodes, under the name that they look for.

# shellcheck source=images.sh
. "$PROGRAM_DIR/images.sh"

help_build-image() {
  cat <<TEXT
Usage: $PROGRAM build-image IMAGE [--arg NAME=VALUE]… [--engine ENGINE] [--ref-file FILE]

Builds an image of the stack on this machine and brings it to the nodes, under a name with its content in it: an image that is
there already is not brought again, and pods whose image has not changed go on. Tilt runs it when code changes.

  --arg NAME=VALUE    a build argument over those of the stack; no secrets
  --engine ENGINE     docker or podman (the one that is installed, docker first)
  --ref-file FILE     write the image's name there
  --no-import         build only
TEXT
}

cmd_build-image() {
  local image='' file='' import=1
  while [ $# -gt 0 ]; do
    case $1 in
      --arg)
        need_value build-image "$1" $#
        case $2 in
          [A-Za-z_]*=*) EXTRA_ARGS+=("$2") ;;
          *) die 2 "build-image: --arg wants NAME=VALUE, got $2" ;;
        esac
        shift
        ;;
      --engine)
        need_value build-image "$1" $#
        ENGINE=$2
        shift
        ;;
      --ref-file)
        need_value build-image "$1" $#
        file=$2
        shift
        ;;
      --no-import) import='' ;;
      -*) common_flag "$1" || bad_argument build-image "$1" ;;
      *)
        [ -z "$image" ] || bad_argument build-image "$1"
        image=$1
        ;;
    esac
    shift
  done
  [ -n "$image" ] || die 2 "build-image: which image?" "see: $PROGRAM help build-image"
  find_engine
  phase build
  build_image "$image"
  if [ -n "$import" ]; then
    phase import
    deliver_image "$IMAGE_REF"
  fi
  if [ -z "$file" ] || [ -n "$DRY_RUN" ]; then
    announce "$IMAGE_REF"
  else
    case $file in */*) mkdir -p -- "${file%/*}" ;; esac
    printf '%s\n' "$IMAGE_REF" >"$file" || die 2 "$file cannot be written"
  fi
}

help_import-image() {
  cat <<TEXT
Usage: $PROGRAM import-image IMAGE[:TAG] [--tag NAME] [--engine ENGINE]

Brings an image of this machine to the nodes of the cluster, so that pods run it without a registry: into the image store of
k3s, or with k3d into its nodes. "localhost/", which podman puts before a name, is left off: the nodes look for docker.io/library.
Pods take it with imagePullPolicy IfNotPresent (not Always).

  --tag NAME        the name it has there, such as raibid-server:latest (its own)
  --engine ENGINE   docker or podman (the one that is installed, docker first)
TEXT
}

cmd_import-image() {
  local image='' tag=''
  while [ $# -gt 0 ]; do
    case $1 in
      --tag)
        need_value import-image "$1" $#
        tag=$2
        shift
        ;;
      --engine)
        need_value import-image "$1" $#
        ENGINE=$2
        shift
        ;;
      -*) common_flag "$1" || bad_argument import-image "$1" ;;
      *)
        [ -z "$image" ] || bad_argument import-image "$1"
        image=$1
        ;;
    esac
    shift
  done
  [ -n "$image" ] || die 2 "import-image: which image?" "see: $PROGRAM help import-image"
  image=${image#localhost/}
  tag=${tag#localhost/}
  case ${image##*/} in *:*) ;; *) image=$image:latest ;; esac
  case ${tag##*/} in '' | *:*) ;; *) tag=$tag:latest ;; esac
  find_engine
  if [ -n "$tag" ] && [ "$tag" != "$image" ]; then
    would "$ENGINE" tag "$image" "$tag" || "$ENGINE" tag "$image" "$tag" \
      || die 2 "$ENGINE has no image $image" "build it first: $PROGRAM build-image ${image%%:*}"
  elif [ -z "$DRY_RUN" ]; then
    "$ENGINE" image inspect "$image" >/dev/null 2>&1 \
      || die 2 "$ENGINE has no image $image" "build it first: $PROGRAM build-image ${image%%:*}"
  fi
  deliver_image "${tag:-$image}"
  announce "${tag:-$image} is in the cluster"
}
