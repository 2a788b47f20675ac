# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2034
# history: how long builds take, from the run log.

help_history() {
  cat <<TEXT
Usage: $PROGRAM history [--split TIME | --compare MODE MODE] [--json]

Shows how long each way to build has taken: runs, mean, the last one, and the stack's budget. A mean over its budget is warned
of. Runs that found everything up to date do not count.

  --split TIME         the mean of each before and after a moment, such as 2026-01-31, and by how much it changed
  --compare MODE MODE  by how much the second is faster than the first
TEXT
}

cmd_history() {
  local split='' one='' two='' budgets=()
  while [ $# -gt 0 ]; do
    case $1 in
      --split)
        need_value history "$1" $#
        [[ $2 =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:.]+Z?)?$ ]] || die 2 "history: --split wants a time such as 2026-01-31 or 2026-01-31T12:00, not $2"
        split=$2
        shift
        ;;
      --compare)
        [ $# -ge 3 ] || die 2 "history: --compare wants two modes" "such as build-from-source build-fast"
        one=$2 two=$3
        shift 2
        ;;
      *) common_flag "$1" || bad_argument history "$1" ;;
    esac
    shift
  done
  has perl || die 1 "perl is not installed on this machine" "install it"
  history_budgets
  history_lines "$split"
  if [ -n "$one" ]; then
    history_compare "$one" "$two"
  elif [ -n "$split" ]; then
    history_split
  else
    history_table
  fi
}

# history_budgets: budgets = MODE=SECONDS.
history_budgets() {
  budgets=("build-base=${BUDGET_BASE:--}" "build-fast=${BUDGET_FAST:--}" "cycle-fast=${BUDGET_FAST:--}"
    "cycle-clean=${BUDGET_CLEAN:--}" "cycle-nuclear=${BUDGET_NUCLEAR:--}")
}

# history_lines SPLIT: HISTORY = the lines of history.pl.
history_lines() { HISTORY=$(perl "$PROGRAM_DIR/history.pl" "$STATE_DIR/runs.jsonl" "$1" "${budgets[@]}") || HISTORY=''; }

history_table() {
  local mode runs mean last budget list=''
  if [ -z "$HISTORY" ] && [ -z "$JSON" ]; then
    say 'no builds yet'
    return
  fi
  [ -n "$JSON" ] || printf '%-20s %5s %10s %10s %10s\n' MODE RUNS MEAN LAST BUDGET
  while IFS=$'\t' read -r mode runs mean last budget; do
    [ -n "$mode" ] || continue
    if [ -n "$JSON" ]; then
      if [ "$budget" = - ]; then budget=null; fi
      list="${list:+$list,}{\"mode\":\"$mode\",\"runs\":$runs,\"meanSeconds\":$mean,\"lastSeconds\":$last,\"budgetSeconds\":$budget}"
      continue
    fi
    seconds_words "$mean" && mean=$REPLY
    printf '%-20s %5s %10s %10s %10s\n' "$mode" "$runs" "$mean" "$(seconds_words "$last" && printf %s "$REPLY")" \
      "$(if [ "$budget" = - ]; then printf -- -; else seconds_words "$budget" && printf %s "$REPLY"; fi)"
  done <<<"$HISTORY"
  if [ -n "$JSON" ]; then say "[$list]"; fi
  while IFS=$'\t' read -r mode runs mean last budget; do
    if [ -n "$mode" ] && [ "$budget" != - ] && [ "${mean%.*}" -ge "$budget" ]; then
      warn "$mode takes $mean s on average; its budget is $budget s"
    fi
  done <<<"$HISTORY"
}

history_split() {
  local mode before mean_before after mean_after list='' change
  [ -n "$JSON" ] || printf '%-20s %18s %18s %12s\n' MODE BEFORE AFTER CHANGE
  while IFS=$'\t' read -r mode before mean_before after mean_after; do
    [ -n "$mode" ] || continue
    percent "$mean_before" "$mean_after"
    change=$REPLY
    if [ -n "$JSON" ]; then
      if [ "$mean_before" = - ]; then mean_before=null; fi
      if [ "$mean_after" = - ]; then mean_after=null; fi
      list="${list:+$list,}{\"mode\":\"$mode\",\"before\":$mean_before,\"after\":$mean_after,\"improvementPercent\":${change:-null}}"
    else
      printf '%-20s %18s %18s %12s\n' "$mode" "$mean_before s ($before)" "$mean_after s ($after)" "${change:+$change % less}"
    fi
  done <<<"$HISTORY"
  if [ -n "$JSON" ]; then say "[$list]"; fi
}

history_compare() { # MODE MODE
  local mode runs mean rest one='' two=''
  while IFS=$'\t' read -r mode runs mean rest; do
    if [ "$mode" = "$1" ]; then one=$mean; fi
    if [ "$mode" = "$2" ]; then two=$mean; fi
  done <<<"$HISTORY"
  [ -n "$one" ] || die 2 "history: no runs of $1 yet" "see: $PROGRAM history"
  [ -n "$two" ] || die 2 "history: no runs of $2 yet" "see: $PROGRAM history"
  percent "$one" "$two"
  if [ -n "$JSON" ]; then
    say "{\"before\":$one,\"after\":$two,\"improvementPercent\":$REPLY}"
  else
    say "before: mean $one s ($1)"
    say "after:  mean $two s ($2)"
    say "improvement: $REPLY %"
  fi
}

# percent BEFORE AFTER: REPLY = by how many percent it is less; nothing when one is missing.
percent() {
  REPLY=''
  if [ "$1" = - ] || [ "$2" = - ]; then return; fi
  REPLY=$(awk -v a="$1" -v b="$2" 'BEGIN { if (a > 0) printf "%.1f", (a - b) / a * 100 }')
}

# seconds_words SECONDS: REPLY = 2.5 s, 3 min 20 s, 1 h 5 min
seconds_words() {
  local whole=${1%.*}
  if [ "$whole" -lt 60 ]; then
    REPLY="$1 s"
  elif [ "$whole" -lt 3600 ]; then
    REPLY="$((whole / 60)) min$(if [ $((whole % 60)) -gt 0 ]; then printf ' %s s' $((whole % 60)); fi)"
  else
    REPLY="$((whole / 3600)) h $((whole % 3600 / 60)) min"
  fi
}
