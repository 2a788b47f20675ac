# shellcheck shell=bash disable=SC2034
# The CONFIG file of a deployment: which workspace it is, and where its image comes from.

# config_load FILE: CONFIG_FILE (absolute), CONFIG_WORKSPACE, CONFIG_MODE (local, from-source, registry), CONFIG_REF,
# CONFIG_REGISTRY (an image, with tag or digest if the file names one) and CONFIG_RANGE (of versions, when the tag is to be found).
# Dies with 2 when the file is not as it must be, or says two things at once.
config_load() {
  local key value answer name='' image='' enabled='' ref='' registry='' tag='' version='' digest='' said=''
  absolute "$1" "$PWD"
  CONFIG_FILE=$REPLY CONFIG_WORKSPACE='' CONFIG_MODE='' CONFIG_REF='' CONFIG_REGISTRY='' CONFIG_RANGE=''
  [ -f "$CONFIG_FILE" ] || die 2 "the CONFIG file $CONFIG_FILE is not there" "name it: --config FILE, or CONFIG=FILE"
  has perl || die 1 "perl is not installed on this machine" "it reads the CONFIG file; git needs it, too"
  answer=$(perl "$PROGRAM_DIR/config-read.pl" "$FILE_ROOT/$PROGRAM/config.tsv" "$CONFIG_FILE") \
    || die 2 "$CONFIG_FILE cannot be used (see above)" "what may be in it: $FILE_ROOT/$PROGRAM/config.schema.json"
  while IFS=$'\t' read -r key value; do
    case $key in
      name) name=$value ;;
      workspace.name) CONFIG_WORKSPACE=$value ;;
      deployment.image) image=$value ;;
      deployment.buildFromSource.enabled) enabled=$value ;;
      deployment.buildFromSource.gitRef) ref=$value ;;
      deployment.imageConfig.registry | deployment.image_config.registry)
        registry=$value said="$said, $key"
        ;;
      deployment.imageConfig.tagOverride | deployment.image_config.tag_override) tag=$value ;;
      deployment.imageConfig.version | deployment.image_config.version) version=$value ;;
      deployment.imageConfig.digest | deployment.image_config.digest) digest=$value ;;
    esac
  done <<<"$answer"
  if [ -n "$name" ] && [ -n "$CONFIG_WORKSPACE" ] && [ "$name" != "$CONFIG_WORKSPACE" ]; then
    die 2 "$CONFIG_FILE: it has two names: name: $name, workspace.name: $CONFIG_WORKSPACE" "one deployment has one name"
  fi
  CONFIG_WORKSPACE=${CONFIG_WORKSPACE:-$name}
  if [ -z "$registry" ] && [ -n "$tag$version$digest" ]; then
    die 2 "$CONFIG_FILE: a tag, version or digest in deployment.imageConfig means nothing without its registry" "imageConfig.registry: REGISTRY/NAME"
  fi
  config_decide "$image" "$enabled" "$ref" "$said"
  case $answer in *deployment.imageConfig.*deployment.image_config.*) # which of them counts?
    config_refuse "it has deployment.imageConfig and deployment.image_config, which are the same" ;;
  esac
  if [ -n "$registry" ]; then config_published "$registry" "$digest" "$tag" "$version"; fi
}

# config_decide IMAGE ENABLED REF REGISTRIES: REGISTRIES = the keys that name a published image.
config_decide() {
  local said='' image=$1
  load_tags "$DEV"
  if [ -n "$1" ]; then said="$said, deployment.image"; fi
  if [ "$2" = true ]; then said="$said, deployment.buildFromSource.enabled"; fi
  said=$said$4
  case $said in ,*,*) config_refuse "it names more than one source: ${said#, }" ;; esac
  if [ -n "$3" ] && [ "$2" != true ]; then
    config_refuse "deployment.buildFromSource.gitRef means nothing while deployment.buildFromSource.enabled is not true"
  fi
  CONFIG_MODE='local'
  if [ "$2" = true ]; then
    CONFIG_MODE=from-source CONFIG_REF=$3
    return
  elif [ -n "$4" ]; then
    CONFIG_MODE=registry
    return
  fi
  case $image in
    '' | "$REPOSITORY:$MOVING_TAG" | "localhost/$REPOSITORY:$MOVING_TAG") return ;;
    localhost/*) ;;
    *.*/* | *:*/*) # a registry, in front of a name
      case ${image%%/*} in *.* | *:*) CONFIG_MODE=registry CONFIG_REGISTRY=$image && return ;; esac
      ;;
  esac
  config_refuse "deployment.image is $image, but what is built here is $REPOSITORY:$MOVING_TAG"
}

# config_published IMAGE DIGEST TAG VERSION: CONFIG_REGISTRY or CONFIG_RANGE. The first that is given counts.
config_published() {
  local suffixed='^(= *)?(v?[0-9]+\.[0-9]+\.[0-9]+-[0-9A-Za-z.-]+)$'
  CONFIG_REGISTRY=$1
  if [ -z "$2$3$4" ]; then return; fi
  case ${1##*/} in
    *:* | *@*) config_refuse "its registry $1 has a tag or digest, and beside it there is another" ;;
  esac
  if [ -n "$2" ]; then
    CONFIG_REGISTRY=$1@$2
  elif [ -n "$3" ]; then
    CONFIG_REGISTRY=$1:$3
  elif [[ $4 =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]]; then
    CONFIG_REGISTRY=$1:$4
  elif [[ $4 =~ $suffixed ]]; then # in no range
    CONFIG_REGISTRY=$1:${BASH_REMATCH[2]}
  else
    CONFIG_RANGE=$4
  fi
}

config_refuse() {
  die 2 "$CONFIG_FILE: $1" "one source for one deployment:
what you want               what the file says                           what is deployed
try the code as it is here  image: $REPOSITORY:$MOVING_TAG$(printf '%*s' $((38 - ${#REPOSITORY} - ${#MOVING_TAG} - 1)) '')the working directory, built
test what is pushed         buildFromSource.enabled: true, gitRef: REF   that branch, tag or commit, built
use what is published       imageConfig.registry: REGISTRY/NAME          that image, pulled
                            image: REGISTRY/NAME:TAG                     the same"
}
