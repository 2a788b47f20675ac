# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2034 # read by the commands
# The queues of the workers: redis-cli inside the pod of redis, where its password is.

# find_queue WORKERS: QUEUE_NAMESPACE, QUEUE_HOST, QUEUE_PORT, QUEUE_GROUP, QUEUE_STREAM; the first one when WORKERS is empty.
find_queue() {
  local workers names=''
  while read -r workers QUEUE_NAMESPACE QUEUE_HOST QUEUE_PORT QUEUE_GROUP QUEUE_STREAM; do
    [ -n "$workers" ] || continue
    if [ -z "$1" ] || [ "$workers" = "$1" ]; then return 0; fi
    names="${names:+$names, }$workers"
  done <<<"$QUEUES"
  die 2 "${1:+no queue of workers $1}${1:-the environment has no workers with a queue}" "${names:+workers with a queue: }$names"
}

# redis: commands on standard input, one a line; REPLY = the answers. The password is a variable of the pod's own and no word here.
redis() {
  # shellcheck disable=SC2016 # the pod's shell expands it
  REPLY=$(kube -n "$QUEUE_NAMESPACE" exec -i "service/$QUEUE_HOST" -- sh -c '
    password=${REDIS_PASSWORD:-}
    if [ -z "$password" ] && [ -n "${REDIS_PASSWORD_FILE:-}" ]; then password=$(cat "$REDIS_PASSWORD_FILE"); fi
    if [ -n "$password" ]; then REDISCLI_AUTH=$password; export REDISCLI_AUTH; fi
    exec redis-cli -p "$1"' sh "$QUEUE_PORT" 2>"$TEMP_DIR/redis.log") \
    || die 69 "redis does not answer (service $QUEUE_HOST in $QUEUE_NAMESPACE)" "$(tail -n 1 "$TEMP_DIR/redis.log")"
}

# redis_word TEXT: REPLY = the text as one word of a command line of redis-cli, whatever is in it.
redis_word() {
  local text=$1
  text=${text//\\/\\\\}
  text=${text//\"/\\\"}
  text=${text//$'\n'/\\n}
  text=${text//$'\r'/\\r}
  REPLY="\"$text\""
}
