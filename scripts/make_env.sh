#!/usr/bin/env bash
# Make or refresh .venv from the hash-locked requirements: `make_env.sh base` (to run) or `make_env.sh test` (also to test).
# Quick when nothing changed: a stamp holds the digest of the lock that is installed.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
kind=${1:-base}
venv="$root/.venv"
lock="$root/requirements/$kind.txt"
stamp="$venv/.recaudo-stamp"

say() { printf '  %s\n' "$*"; }

is_python() { # 3.11 or newer
  "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

find_python() {
  local name
  for name in ${RECAUDO_PYTHON:-} python3.11 /usr/bin/python3.11 python3.12 python3.13 python3 python; do
    if is_python "$name"; then
      command -v "$name"
      return 0
    fi
  done
  say "✗ Hace falta Python 3.11 o posterior (indíquelo con RECAUDO_PYTHON=/ruta/python3.11)" >&2
  return 1
}

may_install_packages() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }

make_venv() {
  local python log
  python=$(find_python)
  log=$(mktemp)
  say "Entorno: creando .venv con $("$python" -V 2>&1)"
  rm -rf "$venv"
  if "$python" -m venv "$venv" >"$log" 2>&1; then
    rm -f "$log"
    return 0
  fi
  # Debian keeps venv in a package of its own.
  rm -rf "$venv"
  if "$python" -m virtualenv "$venv" >>"$log" 2>&1; then
    rm -f "$log"
    return 0
  fi
  if may_install_packages; then
    say "Entorno: instalando el paquete python3-venv"
    { apt-get update -q && { apt-get install -yq python3.11-venv || apt-get install -yq python3-venv; }; } >>"$log" 2>&1 || true
    rm -rf "$venv"
    if "$python" -m venv "$venv" >>"$log" 2>&1; then
      rm -f "$log"
      return 0
    fi
  fi
  tail -n 20 "$log" >&2
  say "✗ No se pudo crear .venv: instale el módulo venv de Python (en Debian: apt install python3-venv)" >&2
  return 1
}

# The digest of what is to be installed. What `test` installs has all of `base`, so `base` is content with either.
wanted() { cat "$root/requirements/$1.txt" | "$venv/bin/python" -c 'import hashlib,sys; print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest())'; }

is_installed() {
  [ -f "$stamp" ] || return 1
  local one
  for one in "$kind" test; do
    grep -qxF "$one $(wanted "$one")" "$stamp" && return 0
  done
  return 1
}

place_project() { # src on the path and a `recaudo` command, without building anything
  local site
  site=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
  printf '%s\n' "$root/src" >"$site/recaudo.pth"
  cat >"$venv/bin/recaudo" <<END
#!/bin/sh
'''exec' "$venv/bin/python" "\$0" "\$@"
' '''
import sys

from recaudo.project.cli import main

if __name__ == "__main__":
    sys.exit(main())
END
  chmod 755 "$venv/bin/recaudo"
}

if ! "$venv/bin/python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || [ ! -x "$venv/bin/pip" ]; then
  make_venv
fi
if is_installed; then
  say "Entorno: al día"
else
  say "Entorno: instalando requirements/$kind.txt (con huellas; unos minutos la primera vez)"
  mkdir -p "$root/var/log"
  began=$SECONDS
  # The lock is whole, so pip need not work out dependencies again.
  if ! "$venv/bin/python" -m pip install --disable-pip-version-check --no-input --no-deps --require-hashes -r "$lock" \
    >"$root/var/log/env.log" 2>&1; then
    tail -n 20 "$root/var/log/env.log" >&2
    say "✗ Falló la instalación; todo en var/log/env.log" >&2
    exit 1
  fi
  printf '%s %s\n' "$kind" "$(wanted "$kind")" >"$stamp"
  say "Entorno: instalado en $((SECONDS - began)) s"
fi
place_project
