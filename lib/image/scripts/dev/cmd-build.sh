# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2034
# build: the same services for production, from a stage of their own, with the code in the image.

# shellcheck source=run.sh
. "$PROGRAM_DIR/run.sh"

help_build() {
  cat <<TEXT
Usage: $PROGRAM build [SERVICE…]

Builds the production image of each service: its productionTarget, or the last stage. The result is localhost/$PROGRAM-<service>:prod,
which moves only after success. The engine's cache is used, so dependencies are installed again only when they changed.
TEXT
}

cmd_build() {
  local each built='' items=''
  services_argument build "$@"
  engine_there
  lock
  phase build
  for each in ${WANTED:-$SERVICES}; do
    load_service "$each"
    [ -n "$CONTEXT" ] || continue
    CONTAINERFILE=$PRODUCTION_FILE TARGET=$PRODUCTION_TARGET
    [ -f "$PROJECT_ROOT/$CONTEXT/$CONTAINERFILE" ] || die 2 "$SERVICE: $CONTEXT/$CONTAINERFILE is not there" \
      "its name is build.productionFile in the stack, or build.file"
    build_image "$IMAGE_NAME:prod-new" || die 65 "$SERVICE: the build failed" "$IMAGE_NAME:prod did not move; see above"
    if [ -z "$DRY_RUN" ]; then
      engine tag "$IMAGE_NAME:prod-new" "$IMAGE_NAME:prod"
      engine rmi "$IMAGE_NAME:prod-new" >/dev/null
    fi
    built="$built $IMAGE_NAME:prod"
    items="${items:+$items,}\"$IMAGE_NAME:prod\""
  done
  [ -n "$built" ] || die 2 'no service is built from a Containerfile' "see: $PROGRAM help build"
  if [ -n "$JSON" ]; then say "{\"program\":\"$PROGRAM\",\"built\":[$items]}"; elif [ -z "$DRY_RUN" ]; then say "built:$built"; fi
}
