# shellcheck shell=bash disable=SC2034
# The CONFIG file of a deployment: which workspace it is, and where its image comes from.

# config_load FILE: CONFIG_FILE (absolute), CONFIG_WORKSPACE, CONFIG_MODE (local, from-source, registry), CONFIG_REF and
# CONFIG_REGISTRY. Dies with 2 when the file is not as it must be, or says two things at once.
config_load() {
  local key value answer image='' enabled='' ref='' registry=''
  absolute "$1" "$PWD"
  CONFIG_FILE=$REPLY CONFIG_WORKSPACE='' CONFIG_MODE='' CONFIG_REF='' CONFIG_REGISTRY=''
  [ -f "$CONFIG_FILE" ] || die 2 "the CONFIG file $CONFIG_FILE is not there" "name it: --config FILE, or CONFIG=FILE"
  has perl || die 1 "perl is not installed on this machine" "it reads the CONFIG file; git needs it, too"
  answer=$(perl "$PROGRAM_DIR/config-read.pl" "$FILE_ROOT/$PROGRAM/config.tsv" "$CONFIG_FILE") \
    || die 2 "$CONFIG_FILE cannot be used (see above)" "what may be in it: $FILE_ROOT/$PROGRAM/config.schema.json"
  while IFS=$'\t' read -r key value; do
    case $key in
      workspace.name) CONFIG_WORKSPACE=$value ;;
      deployment.image) image=$value ;;
      deployment.buildFromSource.enabled) enabled=$value ;;
      deployment.buildFromSource.gitRef) ref=$value ;;
      deployment.imageConfig.registry) registry=$value ;;
    esac
  done <<<"$answer"
  config_decide "$image" "$enabled" "$ref" "$registry"
}

# config_decide IMAGE ENABLED REF REGISTRY
config_decide() {
  local said='' count=0
  load_tags "$DEV"
  if [ -n "$1" ]; then said="$said, deployment.image" count=$((count + 1)); fi
  if [ "$2" = true ]; then said="$said, deployment.buildFromSource.enabled" count=$((count + 1)); fi
  if [ -n "$4" ]; then said="$said, deployment.imageConfig.registry" count=$((count + 1)); fi
  if [ "$count" -gt 1 ]; then config_refuse "it names more than one source: ${said#, }"; fi
  if [ -n "$3" ] && [ "$2" != true ]; then
    config_refuse "deployment.buildFromSource.gitRef means nothing while deployment.buildFromSource.enabled is not true"
  fi
  if [ "$2" = true ]; then
    CONFIG_MODE=from-source CONFIG_REF=$3
  elif [ -n "$4" ]; then
    CONFIG_MODE=registry CONFIG_REGISTRY=$4
  else
    case $1 in
      '' | "$REPOSITORY:$MOVING_TAG" | "localhost/$REPOSITORY:$MOVING_TAG") ;;
      *) config_refuse "deployment.image is $1, but what is built here is $REPOSITORY:$MOVING_TAG" ;;
    esac
    CONFIG_MODE='local'
  fi
}

config_refuse() {
  die 2 "$CONFIG_FILE: $1" "one source for one deployment:
what you want               what the file says                           what is deployed
try the code as it is here  image: $REPOSITORY:$MOVING_TAG$(printf '%*s' $((38 - ${#REPOSITORY} - ${#MOVING_TAG} - 1)) '')the working directory, built
test what is pushed         buildFromSource.enabled: true, gitRef: REF   that branch, tag or commit, built
use what is published       imageConfig.registry: REGISTRY/NAME          that image, pulled"
}
