#!/bin/sh
# Looks after one process on a host and the files that it reads; all of it lies in the folder that this script is in.
# Values come as lines on standard input, files behind them; before all of it stands how many bytes that is, so that what
# was cut on its way changes nothing. Every command may be given again and again.
#
#   process   start it, or start it anew where its own configuration has changed
#             input: host, program, its arguments, name of its configuration file, address that answers once it is
#             ready; then that file
#   weights   replace the file of weights, and return when Traefik serves it; the file before comes back where it does not
#             input: host, address of Traefik's API, revision of the file, seconds to wait; then that file
#   status    say whether the process runs
#   stop      end the process
#   remove    end the process and remove what is here
set -eu

folder=$(cd "$(dirname "$0")" && pwd)
weights=$folder/dynamic/weights.yml
host=$(uname -n)

fail() {
  printf 'host %s: %s\n' "$host" "$1" >&2
  exit 1
}

# Makes what the caller has sent, once it is there as a whole, the standard input.
take_input() {
  IFS= read -r bytes || fail 'no input; nothing was changed'
  case $bytes in
    '' | *[!0-9]*) fail 'the input does not begin with the number of its bytes; nothing was changed' ;;
  esac
  cat > "$folder/input.new"
  exec < "$folder/input.new"
  arrived=$(($(wc -c < "$folder/input.new")))
  rm "$folder/input.new"
  [ "$bytes" = "$arrived" ] || fail "of $bytes bytes of input $arrived arrived; nothing was changed: apply again"
}

# One value of the input.
take() {
  IFS= read -r value || fail "the input ends before $1; nothing was changed"
}

# Values of the process as it was started last.
recall() {
  { IFS= read -r program && IFS= read -r arguments && IFS= read -r config && IFS= read -r ready; } < "$folder/process"
}

# The number in the file may be somebody else's by now: only a process that was given our configuration file is ours.
running() {
  [ -f "$folder/pid" ] && [ -f "$folder/process" ] || return 1
  pid=$(cat "$folder/pid")
  # It may end between any two lines here.
  line=$(command_line "$pid") || return 1
  case $line in
    *"=$folder/"*.yml\ *) return 0 ;;
    *) return 1 ;;
  esac
}

command_line() {
  { tr '\0' ' ' < "/proc/$1/cmdline"; } 2> /dev/null
}

# As a process does that this shell has started, and that on a busy machine has not become the program yet.
looks_like_this_shell() {
  line=$(command_line "$1") && [ "$line" = "$(command_line $$)" ]
}

answers() {
  curl --silent --fail --output /dev/null --noproxy '*' --max-time 2 "$1"
}

# Until then a Traefik that has just started answers every request with 404.
has_read_weights() {
  [ ! -f "$weights" ] || answers "${ready%/ping}/api/http/middlewares/revision@file"
}

# In a session of its own, so that it outlives the command, the connection and the shell that started it.
start() {
  [ ! -f "$folder/log" ] || mv "$folder/log" "$folder/log.before"
  # shellcheck disable=SC2086
  setsid "$program" $arguments < /dev/null > "$folder/log" 2>&1 &
  echo $! > "$folder/pid"
  tries=0
  gone=0
  while [ "$tries" -lt 150 ]; do
    sleep 0.1
    # While the shell becomes the program, its command line may be read as empty: only several looks tell that it ended.
    if looks_like_this_shell $! || running; then gone=0; else gone=$((gone + 1)); fi
    [ "$gone" -lt 5 ] || return 1
    if answers "$ready" && has_read_weights; then
      # Where a port is taken its holder may answer, while our process is about to give up.
      sleep 0.3
      running
      return
    fi
    tries=$((tries + 1))
  done
  return 1
}

stop() {
  tries=0
  while running; do
    if [ "$tries" -eq 0 ]; then kill "$pid"; fi
    if [ "$tries" -eq 150 ]; then kill -9 "$pid"; fi
    [ "$tries" -lt 200 ] || fail "process $pid of $folder does not end"
    sleep 0.1
    tries=$((tries + 1))
  done
  rm -f "$folder/pid"
}

last_words() {
  tail -n 5 "$folder/log"
}

apply_process() {
  take_input
  take "the host's name" && host=$value
  take 'the program' && next_program=$value
  take 'its arguments' && next_arguments=$value
  take 'the name of its configuration' && next_config=$value
  take 'the address that tells that it is ready' && next_ready=$value
  cat > "$folder/config.new"
  command -v curl > /dev/null || fail 'curl is not there, and tells when a process is ready; install it'
  [ -x "$next_program" ] || fail "$next_program is not there or is no program; install it or correct its path in casper:hosts"
  printf '%s\n' "$next_program" "$next_arguments" "$folder/$next_config" "$next_ready" > "$folder/process.new"

  if [ -f "$folder/process" ]; then
    recall
    if cmp -s "$folder/process.new" "$folder/process" && cmp -s "$folder/config.new" "$config"; then
      rm "$folder/process.new" "$folder/config.new"
      running || start || fail "$program does not start: $(last_words)"
      return
    fi
    stop
    cp "$config" "$folder/config.before"
    mv "$folder/process" "$folder/process.before"
  fi
  mv "$folder/process.new" "$folder/process"
  recall
  mv "$folder/config.new" "$config"
  if start; then
    rm -f "$folder/process.before" "$folder/config.before"
    return
  fi
  reason=$(last_words)
  stop
  if [ -f "$folder/process.before" ]; then
    mv "$folder/process.before" "$folder/process"
    recall
    mv "$folder/config.before" "$config"
    start || fail "$program does not start with its new configuration, nor with the one before: $reason"
    fail "$program does not start with its new configuration, and runs with the one before: $reason"
  fi
  rm -f "$folder/process" "$config"
  fail "$program does not start: $reason"
}

apply_weights() {
  take_input
  take "the host's name" && host=$value
  take 'the API' && api=$value
  take 'the revision' && revision=$value
  take 'the seconds to wait' && seconds=$value
  # Told apart from every file before, from one with the same revision too: somebody may have changed that by hand.
  written=$revision-$(date +%s)-$$
  sed "s/$revision/$written/" > "$folder/weights.new"
  recall
  rm -f "$folder/weights.before"
  [ ! -f "$weights" ] || cp "$weights" "$folder/weights.before"
  told=$(wc -c < "$folder/log")
  # Beside the watched folder first: Traefik must never read half a file.
  mv "$folder/weights.new" "$weights"
  if ! running; then
    # With the new file: the one before may be what it cannot read.
    told=0
    if ! start; then
      reason=$(last_words)
      restore
      fail "$program does not start: $reason"
    fi
  fi

  until_second=$(($(date +%s) + seconds))
  while :; do
    case $(ask middlewares/revision@file) in
      *"\"$written\""*) break ;;
    esac
    refusals=$(new_errors)
    if [ -n "$refusals" ] || [ "$(date +%s)" -ge "$until_second" ]; then
      restore
      fail "Traefik does not serve $weights (revision $revision) within $seconds s, and the weights before stay: ${refusals:-its log says nothing; is $api its own API?}"
    fi
    sleep 0.05
  done
  errors=$(for kind in routers services middlewares; do ask "$kind" | grep -o '"error":\[[^]]*\]' || true; done)
  if [ -n "$errors" ]; then
    restore
    fail "Traefik finds faults in $weights (revision $revision), and the weights before are back: $errors"
  fi
  rm -f "$folder/weights.before"
}

ask() {
  curl --silent --noproxy '*' --max-time 2 "$api/api/http/$1" || true
}

new_errors() {
  tail -c "+$((told + 1))" "$folder/log" | grep -F "$weights" | grep -F ' ERR ' || true
}

restore() {
  if [ -f "$folder/weights.before" ]; then mv "$folder/weights.before" "$weights"; else rm -f "$weights"; fi
}

case ${1-} in
  process) apply_process ;;
  weights) apply_weights ;;
  status) if running; then echo "process $pid runs"; else fail "no process of $folder runs"; fi ;;
  stop)
    stop
    rm -f "$folder/process"
    ;;
  remove)
    # It may run all the same: a driver that was killed has started it and noted nothing.
    stop
    cd /
    rm -rf "$folder/dynamic" "$folder/data"
    for name in traefik.yml prometheus.yml process config weights log input control; do
      rm -f "$folder/$name.new" "$folder/$name.before"
    done
    for name in traefik.yml prometheus.yml process log control; do
      rm -f "$folder/$name"
    done
    rmdir "$folder"
    # The folder above is made along with the first of its kind, and goes with the last.
    rmdir "$(dirname "$folder")" 2> /dev/null || true
    ;;
  *) fail "give one of: process weights status stop remove" ;;
esac
