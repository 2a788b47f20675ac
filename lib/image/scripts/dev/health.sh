# shellcheck shell=bash
# Whether a service is up, found out by ourselves: podman-compose does not wait for health, and podman needs systemd for it.

# http_answers PORT PATH: whether a GET is answered with 2xx or 3xx within two seconds.
http_answers() {
  local line=''
  # The subshell ends with its connection.
  # shellcheck disable=SC2030
  line=$(
    exec 2>/dev/null
    exec 3<>"/dev/tcp/127.0.0.1/$1" || exit 1
    printf 'GET %s HTTP/1.0\r\nHost: localhost:%s\r\nConnection: close\r\n\r\n' "$2" "$1" >&3 || exit 1
    IFS= read -r -t 2 line <&3 || exit 1
    printf '%s' "$line"
  ) || return 1
  case $line in 'HTTP/'*' '[23]??*) return 0 ;; esac
  return 1
}

# healthy: whether the loaded service is up now; one without a health is when its container runs.
healthy() {
  if [ -n "$HEALTH_PATH" ]; then
    http_answers "$HEALTH_PORT" "$HEALTH_PATH"
  elif [ "$HEALTH_COMMAND_COUNT" -gt 0 ]; then
    list HEALTH_COMMAND
    engine exec "$CONTAINER" "${LIST[@]}" >/dev/null 2>&1 </dev/null
  else
    container_runs
  fi
}

container_runs() { [ "$(engine inspect --format '{{.State.Running}}' "$CONTAINER" 2>/dev/null)" = true ]; }

# wait_healthy: waits until the loaded service is up; ends the program when it dies or takes too long.
wait_healthy() {
  local start=$SECONDS
  until healthy; do
    container_runs || unhealthy 'it ended at once'
    [ $((SECONDS - start)) -lt "$HEALTH_TIMEOUT" ] || unhealthy "it is not up after $HEALTH_TIMEOUT seconds"
    sleep 0.2 2>/dev/null || sleep 1
  done
  if [ -z "$HEALTH_PATH" ] && [ "$HEALTH_COMMAND_COUNT" -eq 0 ]; then
    sleep 0.5 2>/dev/null || sleep 1 # all that can be seen is whether it stays
    container_runs || unhealthy 'it ended at once'
  fi
}

# still_healthy: that the loaded service's container is as it should be says nothing of what runs in it: the run that made it may
# have ended before the service was up.
still_healthy() {
  if [ -n "$DRY_RUN" ] || { [ -z "$HEALTH_PATH" ] && [ "$HEALTH_COMMAND_COUNT" -eq 0 ]; }; then return; fi
  if healthy; then return; fi
  note "$SERVICE: waiting until it is up"
  wait_healthy
}

unhealthy() {
  local log
  log=$(engine logs --tail 10 "$CONTAINER" 2>&1) || log=''
  die 65 "$SERVICE: $1" "${log:-it printed nothing}"$'\n'"all of it: $PROGRAM logs $SERVICE"
}
