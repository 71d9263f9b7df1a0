# Part of the host's script: who starts the supervisor when the machine starts, systemd or cron.

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
