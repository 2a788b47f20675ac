# shellcheck shell=bash
# What a doctor finds: lines for people, with --json one array of {"level","check","what","remedy"}.

FINDINGS='' FAULTS=0

# finding ok|warning|error CHECK WHAT [REMEDY]: the remedy may have several lines.
finding() {
  local mark level=$1 check what=$3 remedy=${4:-}
  [ "$level" = ok ] || FAULTS=$((FAULTS + 1))
  if [ -n "$JSON" ]; then
    json_string "$2" && check=$REPLY
    json_string "$what" && what=$REPLY
    json_string "$remedy" && remedy=$REPLY
    FINDINGS="${FINDINGS:+$FINDINGS,}{\"level\":\"$level\",\"check\":$check,\"what\":$what,\"remedy\":$remedy}"
    return
  fi
  case $level in ok) mark='ok     ' ;; warning) mark='WARNING' ;; *) mark='ERROR  ' ;; esac
  if [ "$level" = ok ] && [ -n "$QUIET" ]; then return; fi
  say "$mark $2: $what"
  if [ -n "$remedy" ]; then say "        -> ${remedy//$'\n'/$'\n'           }"; fi
}

# findings_end: the end of a doctor's run. 1 = something was found.
findings_end() {
  [ -z "$JSON" ] || say "[$FINDINGS]"
  [ "$FAULTS" -eq 0 ] || exit 1
}
