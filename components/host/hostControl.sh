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
#   keep      have the process looked after by this script as it is now; the process itself is left alone
#   status    say whether the process runs, who looks after it, and who starts it when the machine does
#   stop      end the process
#   remove    end the process and remove what is here
#   supervise start the process whenever it does not run; what systemd, cron and `keep` run, once a folder
set -eu

folder=$(cd "$(dirname "$0")" && pwd)
weights=$folder/dynamic/weights.yml
host=$(uname -n)
{ IFS= read -r boot < /proc/sys/kernel/random/boot_id; } 2> /dev/null || boot=unknown

# The log is moved to log.before at this size, which is looked at every so many seconds.
log_bytes=10000000
guard_seconds=10
# A process that has run for so long is started again at once, however often it ended before; one that has not waits
# twice as long each time, up to the longest pause.
settled_seconds=60
longest_pause_seconds=30

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

# Sets what tells a process from every other that has, had or will have its number; fails where it has ended.
identify() {
  { IFS= read -r stat < "/proc/$1/stat"; } 2> /dev/null || return 1
  # The name, in brackets, may hold anything; behind it come the state, and as the 20th value the start since boot.
  # shellcheck disable=SC2086
  set -- "$1" ${stat##*) }
  [ "$2" != Z ] || return 1
  identity="$1 ${21} $boot"
}

# Files are renamed into place: whoever reads one must never read half of it.
record() {
  printf '%s\n' "$identity" > "$folder/$1.$$.new"
  mv "$folder/$1.$$.new" "$folder/$1"
}

# Whether the process of a file lives; sets its number.
lives() {
  { IFS= read -r recorded < "$folder/$1"; } 2> /dev/null || return 1
  pid=${recorded%% *}
  identify "$pid" || return 1
  # Files of before hold the number alone: then only a process that was given our configuration file is ours.
  if [ "$recorded" = "$pid" ]; then
    line=$({ tr '\0' ' ' < "/proc/$pid/cmdline"; } 2> /dev/null) || return 1
    case $line in
      *"=$folder/"*.yml\ *) return 0 ;;
      *) return 1 ;;
    esac
  fi
  [ "$recorded" = "$identity" ]
}

running() {
  [ -f "$folder/process" ] && lives pid
}

supervised() {
  lives supervisor
}

answers() {
  curl --silent --fail --output /dev/null --noproxy '*' --max-time 2 "$1"
}

# Whether the process answers at all within some seconds, as one that starts or is busy does and one that hangs does not.
responds() {
  deadline=$(($(uptime_seconds) + $1))
  until curl --silent --output /dev/null --noproxy '*' --max-time 3 "$ready"; do
    [ "$(uptime_seconds)" -lt "$deadline" ] || return 1
    sleep 0.5
  done
}

# Until then a Traefik that has just started answers every request with 404.
has_read_weights() {
  [ ! -f "$weights" ] || answers "${ready%/ping}/api/http/middlewares/revision@file"
}

# Runs for as long as there is a process to look after. Whoever holds the lock may start and end it, nobody else; the
# kernel gives it back when its holder dies. So that it is not held on, nothing that is started here inherits it.
supervise() {
  exec < /dev/null >> "$folder/log" 2>&1
  take_lock || exit 0
  cd /
  identify $$
  supervisor=$identity
  record supervisor
  trap leave TERM
  guard 9>&- &
  pause=0
  while recall; do
    began=$(uptime_seconds)
    if running; then
      # Started by one before this one, and no child of ours to wait for.
      process=$pid
      record pid
      while running; do pause_for 2; done
      outcome='ended'
    else
      # A signal between start and record would leave a process that nobody knows.
      called=
      trap 'called=yes' TERM
      # shellcheck disable=SC2086
      setsid "$program" $arguments 9>&- &
      process=$!
      if identify "$process"; then record pid; fi
      trap leave TERM
      [ -z "$called" ] || leave
      status=0
      wait "$process" || status=$?
      outcome="ended with status $status"
    fi
    lasted=$(($(uptime_seconds) - began))
    if [ "$lasted" -ge "$settled_seconds" ]; then pause=0; fi
    echo "casper: process $process $outcome after $lasted s; it is started again in $pause s" | tee "$folder/ended"
    pause_for "$pause"
    pause=$((pause * 2))
    if [ "$pause" -eq 0 ]; then pause=1; fi
    if [ "$pause" -gt "$longest_pause_seconds" ]; then pause=$longest_pause_seconds; fi
  done
  leave
}

uptime_seconds() {
  IFS=. read -r seconds _ < /proc/uptime
  echo "$seconds"
}

# In the background, for a signal to end it.
pause_for() {
  sleep "$1" 9>&- &
  wait "$!" || true
}

# Fails where somebody else holds it.
take_lock() {
  command -v flock > /dev/null || fail 'flock is not there, and keeps one process from being started twice; install it'
  exec 9> "$folder/lock"
  flock -n 9
}

# The supervisor goes with its guard and their pauses; the process, of a session of its own, stays.
leave() {
  trap - TERM
  kill -- -$$ 2> /dev/null || true
  exit 0
}

# Keeps the log from filling the disk, and comes back with a new supervisor where this one was killed.
guard() {
  while sleep "$guard_seconds"; do
    [ -f "$folder/log" ] || exit 0
    if [ "$(wc -c < "$folder/log")" -gt "$log_bytes" ]; then
      # The process appends, so that it goes on at the beginning of a log that was emptied.
      cp "$folder/log" "$folder/log.before" || rm -f "$folder/log.before"
      : > "$folder/log"
    fi
    IFS= read -r recorded < "$folder/supervisor" || exit 0
    [ "$recorded" = "$supervisor" ] || exit 0
    supervised || exec setsid sh "$folder/control" supervise
  done
}

# Ends the supervisor, and keeps any other from starting until this script ends or gives the lock back.
end_supervisor() {
  if has_unit; then systemd stop "$unit" || true; fi
  tries=0
  while supervised || ! take_lock; do
    [ "$tries" -lt 100 ] || fail "who looks after $folder does not end; see who has $folder/lock open"
    if supervised; then kill "$pid" || true; fi
    sleep 0.1
    tries=$((tries + 1))
  done
}

# A new supervisor, which takes on the process where it runs, and starts it at once where it does not.
keep() {
  end_supervisor
  if ! running && [ -f "$folder/log" ]; then
    mv "$folder/log" "$folder/log.before"
    told=0
  fi
  rm -f "$folder/ended"
  exec 9>&-
  if is_own_machine && has_systemd && write_unit && systemd daemon-reload && systemd enable --quiet "$unit" &&
    systemd start "$unit"; then
    forget_cron
    return
  fi
  if is_own_machine; then remember_cron; fi
  # In a session of its own, so that it outlives the command, the connection and the shell that started it.
  setsid sh "$folder/control" supervise > /dev/null 2>&1 &
}

# Starts the process, and returns when it is ready.
start() {
  keep
  tries=0
  while [ "$tries" -lt 150 ]; do
    sleep 0.1
    [ ! -f "$folder/ended" ] || return 1
    if answers "$ready" && has_read_weights; then
      # Where a port is taken its holder may answer, while our process is about to give up.
      sleep 0.3
      [ ! -f "$folder/ended" ] && running
      return
    fi
    tries=$((tries + 1))
  done
  return 1
}

stop() {
  end_supervisor
  tries=0
  while running; do
    # Each may find that it has just ended. One that was stopped (SIGSTOP) hears of the first with the second.
    if [ "$tries" -eq 0 ]; then kill "$pid" && kill -CONT "$pid"; fi 2> /dev/null || true
    if [ "$tries" -eq 150 ]; then kill -9 "$pid" || true; fi
    [ "$tries" -lt 200 ] || fail "process $pid of $folder does not end"
    sleep 0.1
    tries=$((tries + 1))
  done
  rm -f "$folder/pid" "$folder/supervisor"
}

# The manager that starts with the machine is another machine's where the network is not its own, as in a container.
is_own_machine() {
  own=$(readlink /proc/self/ns/net)
  # Only root may look at that of the first process.
  first=$(readlink /proc/1/ns/net 2> /dev/null) || is_root || first=$own
  [ "$first" = "$own" ]
}

is_root() {
  [ "$(id -u)" = 0 ]
}

unit=casper$(printf '%s' "$folder" | tr / .).service
if is_root; then
  units=/etc/systemd/system
  target=multi-user.target
else
  units=${XDG_CONFIG_HOME:-${HOME:-$folder}/.config}/systemd/user
  target=default.target
fi

systemd() {
  if is_root; then
    systemctl "$@"
  else
    XDG_RUNTIME_DIR=${XDG_RUNTIME_DIR:-/run/user/$(id -u)} systemctl --user "$@"
  fi
}

# A user's own manager ends, with all that it has started, at the last logout, unless the user lingers.
has_systemd() {
  case $(systemd is-system-running 2> /dev/null) in
    running | degraded | starting | initializing) ;;
    *) return 1 ;;
  esac
  is_root || [ "$(loginctl show-user "$(id -un)" --property=Linger --value 2> /dev/null)" = yes ] ||
    loginctl --no-ask-password enable-linger 2> /dev/null
}

has_unit() {
  [ -f "$units/$unit" ]
}

write_unit() {
  mkdir -p "$units" && cat > "$units/$unit" << END
# Written by $folder/control, and removed by it.
[Unit]
Description=What casper runs in $folder
After=network-online.target
Wants=network-online.target
RequiresMountsFor=$folder
StartLimitIntervalSec=0

[Service]
ExecStart=/bin/sh $folder/control supervise
Restart=always
RestartSec=1
# The process outlives its supervisor, and the next one takes it on.
KillMode=process
OOMPolicy=continue

[Install]
WantedBy=$target
END
}

forget_unit() {
  has_unit || return 0
  systemd disable --quiet "$unit" || true
  rm -f "$units/$unit"
  systemd daemon-reload || true
}

cron_line="@reboot setsid sh $folder/control supervise"

# The table, which is empty where there is none yet; fails where it cannot be had, so that nothing of it is lost.
cron_table() {
  command -v crontab > /dev/null || return 1
  table=$(LC_ALL=C crontab -l 2>&1) && printf '%s\n' "$table" && return
  case $table in
    *'no crontab'*) ;;
    *) return 1 ;;
  esac
}

await_turn() {
  tries=0
  until flock -n 8; do
    [ "$tries" -lt 100 ] || fail "another one holds on to cron's table; it was not changed"
    sleep 0.1
    tries=$((tries + 1))
  done
}

remembers_cron() {
  cron_table | grep -Fqx "$cron_line"
}

# Several of these run at once, and the table is replaced as a whole: one after the other, by the folder above.
remember_cron() {
  remembers_cron || (
    await_turn
    table=$(cron_table) || exit 0
    printf '%s\n' "$table" "$cron_line" | crontab -
  ) 8< "$(dirname "$folder")" || true
}

forget_cron() {
  ! remembers_cron || (
    await_turn
    table=$(cron_table) || exit 0
    printf '%s\n' "$table" | grep -Fvx "$cron_line" | crontab -
  ) 8< "$(dirname "$folder")" || true
}

after_a_reboot() {
  if has_unit; then
    echo 'systemd starts it with the machine'
  elif remembers_cron; then
    echo 'cron starts it with the machine'
  else
    echo 'nothing starts it with the machine: apply again then'
  fi
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

# The process runs, and somebody looks after it.
ensure() {
  if ! running; then start; elif ! supervised; then keep; fi
}

# Ends the process for good.
retire() {
  stop
  rm -f "$folder/process" "$folder/ended"
  forget_unit
  forget_cron
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
  # It may have been emptied meanwhile.
  if [ "$(wc -c < "$folder/log")" -lt "$told" ]; then told=0; fi
  tail -c "+$((told + 1))" "$folder/log" | grep -F "$weights" | grep -F ' ERR ' || true
}

restore() {
  if [ -f "$folder/weights.before" ]; then mv "$folder/weights.before" "$weights"; else rm -f "$weights"; fi
}

case ${1-} in
  process) apply_process ;;
  weights) apply_weights ;;
  keep) [ ! -f "$folder/process" ] || keep ;;
  status) tell_status ;;
  stop) retire ;;
  remove)
    # It may run all the same: a driver that was killed has started it and noted nothing.
    retire
    cd /
    rm -rf "$folder/dynamic" "$folder/data"
    for name in traefik.yml prometheus.yml process config weights log input control pid.* supervisor.*; do
      # shellcheck disable=SC2086
      rm -f "$folder"/$name.new "$folder"/$name.before
    done
    for name in traefik.yml prometheus.yml log lock control; do
      rm -f "$folder/$name"
    done
    rmdir "$folder"
    # The folder above is made along with the first of its kind, and goes with the last.
    rmdir "$(dirname "$folder")" 2> /dev/null || true
    ;;
  supervise) supervise ;;
  *) fail "give one of: process weights keep status stop remove supervise" ;;
esac
