# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2034,SC2153
# verify: whether a published image is what it should be, and runs.

# shellcheck source=registry.sh
. "$PROGRAM_DIR/registry.sh"

help_verify() {
  cat <<TEXT
Usage: $PROGRAM verify [OPTIONS] [IMAGE | REGISTRY/NAME:TAG | REGISTRY/NAME@DIGEST …]

Pulls published images by digest on the builder's host and checks each: architecture, labels (source, revision, version), the
signature, and that it runs (the stack's verifyCommand). An IMAGE stands for its version tag, or without one for its first
moving tag. No name means all images.

  --require-signature  a missing signature, or no cosign to check one, is a finding
  --token-file FILE    a file that holds the token, instead of the environment's; public images need none
  --json               one line of JSON for each image

Exit codes: 0 all is well, 1 a finding, refused login or a missing tool, 2 usage, 65 there is no such image, 69 unreachable.
TEXT
}

cmd_verify() {
  local wanted=() each bad=''
  REQUIRE_SIGNATURE=''
  while [ $# -gt 0 ]; do
    SHIFT=1
    case $1 in
      --require-signature) REQUIRE_SIGNATURE=1 ;;
      -*) registry_flag verify "$@" || common_flag "$1" || bad_argument verify "$1" ;;
      *) wanted+=("$1") ;;
    esac
    shift "$SHIFT"
  done
  if [ "${#wanted[@]}" -eq 0 ]; then
    publications_of
    wanted=("${CHOSEN[@]}")
  fi
  for each in "${wanted[@]}"; do
    reference_of "$each"
    find_token optional
    verify_one "$REFERENCE" || bad=1
  done
  [ -z "$bad" ] || exit 1
}

# verify_one REFERENCE: of the loaded publication; fails on a finding. Also for release.
verify_one() {
  local i name words=() expected=''
  if [ -n "$DRY_RUN" ]; then
    announce "would run: pull $REGISTRY/$NAME:$1 by digest and check it"
    return
  fi
  RUN_IMAGE=$IMAGE
  if [ "$1" = "$VERSION_TAG" ]; then expected=$VERSION; fi
  words=("content=$1" "source=$SOURCE_LABEL" "version=$expected" "signer=$SIGNER" "issuer=$ISSUER")
  if [ -n "$SIGN$REQUIRE_SIGNATURE" ]; then words+=(require_signature=1); fi
  for ((i = 1; i <= RUN_COUNT; i++)); do
    name=RUN_$i
    words+=("run=${!name}")
  done
  phase verify
  registry verify "${words[@]}" || registry_failed $?
  verify_report "$1"
}

verify_report() {
  local word name state what digest items='' outcome=verified code=0 rows=''
  answered digest && digest=$REPLY
  while read -r word name state what; do
    [ "$word" = check ] || continue
    if [ "$state" = bad ]; then outcome='not as it should be' code=1; fi
    printf -v rows '%s  %-13s %-5s %s\n' "$rows" "$name" "$state" "$what"
    json_string "$what"
    items="${items:+$items,}{\"check\":\"$name\",\"state\":\"$state\",\"what\":$REPLY}"
  done <<<"$ANSWER"
  VERIFIED_OUTPUT=''
  while read -r word name state what; do
    if [ "$word $name" = 'check run' ]; then VERIFIED_OUTPUT=$what; fi
  done <<<"$ANSWER"
  if [ -n "$JSON" ]; then
    say "{\"image\":\"$IMAGE\",\"reference\":\"$REGISTRY/$NAME:$1\",\"digest\":\"$digest\",\"outcome\":\"$outcome\",\"checks\":[$items]}"
  else
    say "$IMAGE: $outcome, $REGISTRY/$NAME:$1 is $digest"
    [ -n "$QUIET" ] || printf '%s' "$rows"
  fi
  run_write "$outcome" "$code"
  return "$code"
}
