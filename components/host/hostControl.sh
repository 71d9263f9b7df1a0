#!/bin/sh
# Looks after one process on a host and the files that it reads; all of it lies in the folder that this script is in.
# Values come as lines on standard input, files behind them; before all of it stands how many bytes that is, so that what
# was cut on its way changes nothing. Every command may be given again and again. supervisor.sh and machineStart.sh are the
# rest of the script.
#
#   process   start it, or start it anew where its own configuration has changed
#             input: host, program, its arguments, name of its configuration file, address that answers once it is
#             ready; then that file
#   weights   replace the file of weights, and return when Traefik serves it; the file before comes back where it does not
#             input: host, address of Traefik's API, revision of the file, seconds to wait; then that file
#   web       write web.yml, which only the user may read; the process looks into it at every request
#             input: host; then that file
#   no-web    remove it
#   keep      have the process looked after by this script as it is now; the process itself is left alone
#   status    say whether the process runs, who looks after it, and who starts it when the machine does
#   stop      end the process
#   remove    end the process and remove what is here
#   supervise start the process whenever it does not run; what systemd, cron and `keep` run, once a folder
#   now       do one of the others without a bound of time
set -eu

folder=$(cd "$(dirname "$0")" && pwd)
weights=$folder/dynamic/weights.yml
host=$(uname -n)
# After which a command is ended: the caller may have gone without a word, and nobody would end it.
longest_seconds=180

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
  { IFS= read -r program && IFS= read -r arguments && IFS= read -r config && IFS= read -r ready; } \
    2> /dev/null < "$folder/process"
}

last_words() {
  tail -n 5 "$folder/log" 2> /dev/null || echo 'there is no log'
}

tell_status() {
  reboot=$(after_a_reboot)
  if ! running; then
    reason=$(cat "$folder/ended" 2> /dev/null || true)
    words=$(last_words)
    fail "no process of $folder runs${reason:+; $reason}; the last lines of its log: $words"
  fi
  process=$pid
  recall
  responds 3 || fail "process $process of $folder runs, and does not answer at $ready"
  supervised || fail "process $process runs, and nobody looks after it: run sh $folder/control keep"
  echo "process $process runs; process $pid looks after it; $reboot"
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
  command -v setsid > /dev/null || fail 'setsid is not there, and has a process outlive its connection; install it'
  [ -x "$next_program" ] || fail "$next_program is not there or is no program; install it or correct its path in casper:hosts"
  printf '%s\n' "$next_program" "$next_arguments" "$folder/$next_config" "$next_ready" > "$folder/process.new"

  if [ -f "$folder/process" ]; then
    recall
    if cmp -s "$folder/process.new" "$folder/process" && cmp -s "$folder/config.new" "$config"; then
      rm "$folder/process.new" "$folder/config.new"
      if running && ! responds 10; then stop; fi
      ensure || fail "$program does not start: $(last_words)"
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
  retire
  rm -f "$config"
  fail "$program does not start: $reason"
}

# Ends the process for good.
retire() {
  stop
  rm -f "$folder/process" "$folder/ended"
  forget_unit
  forget_cron
}

apply_web() {
  umask 077
  take_input
  take "the host's name" && host=$value
  cat > "$folder/web.new"
  rm -f "$folder/web.before"
  [ ! -f "$folder/web.yml" ] || cp "$folder/web.yml" "$folder/web.before"
  mv "$folder/web.new" "$folder/web.yml"
  if running && recall && reads_web && ! responds 3; then
    [ ! -f "$folder/web.before" ] || mv "$folder/web.before" "$folder/web.yml"
    fail "$program does not answer by its new web.yml, and the one before is back: $(last_words)"
  fi
  rm -f "$folder/web.before"
}

reads_web() {
  case $arguments in
    *"=$folder/web.yml"*) ;;
    *) return 1 ;;
  esac
}

apply_weights() {
  take_input
  take "the host's name" && host=$value
  take 'the API' && api=$value
  take 'the revision' && revision=$value
  take 'the seconds to wait' && seconds=$value
  # Told apart from every file before, from one with the same revision too: somebody may have changed that by hand.
  written=$revision-$(date +%s)-$$
  recall || fail "no process of $folder is to run, so that nobody serves its weights; casper apply starts it"
  sed "s/$revision/$written/" > "$folder/weights.new"
  rm -f "$folder/weights.before"
  [ ! -f "$weights" ] || cp "$weights" "$folder/weights.before"
  told=$(wc -c < "$folder/log")
  # Beside the watched folder first: Traefik must never read half a file.
  mv "$folder/weights.new" "$weights"
  # With the new file: the one before may be what it cannot read.
  if ! ensure; then
    reason=$(last_words)
    restore
    fail "$program does not start: $reason"
  fi

  deadline=$(($(uptime_seconds) + seconds))
  while :; do
    case $(ask middlewares/revision@file) in
      *"\"$written\""*) break ;;
    esac
    refusals=$(new_errors)
    if [ -n "$refusals" ] || [ "$(uptime_seconds)" -ge "$deadline" ]; then
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
  # It may have been emptied meanwhile.
  if [ "$(wc -c < "$folder/log")" -lt "$told" ]; then told=0; fi
  tail -c "+$((told + 1))" "$folder/log" | grep -F "$weights" | grep -F ' ERR ' || true
}

restore() {
  if [ -f "$folder/weights.before" ]; then mv "$folder/weights.before" "$weights"; else rm -f "$weights"; fi
}

act() {
  case ${1-} in
    process) apply_process ;;
    weights) apply_weights ;;
    web) apply_web ;;
    no-web) rm -f "$folder/web.yml" ;;
    keep) [ ! -f "$folder/process" ] || keep ;;
    status) tell_status ;;
    stop) retire ;;
    remove)
      # It may run all the same: a driver that was killed has started it and noted nothing.
      retire
      cd /
      rm -rf "$folder/dynamic" "$folder/data"
      for name in traefik.yml prometheus.yml process config weights web log input control pid.* supervisor.*; do
        # shellcheck disable=SC2086
        rm -f "$folder"/$name.new "$folder"/$name.before
      done
      for name in traefik.yml prometheus.yml web.yml log lock control; do
        rm -f "$folder/$name"
      done
      rmdir "$folder"
      # The folder above is made along with the first of its kind, and goes with the last.
      rmdir "$(dirname "$folder")" 2> /dev/null || true
      ;;
    *) fail "give one of: process weights web no-web keep status stop remove supervise" ;;
  esac
}

in_time() {
  command -v timeout > /dev/null || fail 'timeout is not there, and ends a command that hangs; install it'
  status=0
  timeout -k 5 "$longest_seconds" sh "$folder/control" now "$@" || status=$?
  case $status in
    124 | 137) fail "\`control ${1-}\` did not end within $longest_seconds s, and was ended half-way; see what it waits for, then apply again" ;;
  esac
  exit "$status"
}

main() {
  case ${1-} in
    supervise) supervise ;;
    now)
      shift
      act "$@"
      ;;
    *) in_time "$@" ;;
  esac
}
