#!/usr/bin/env bash
# All tests and checks. Needs `make env KIND=test assets`; arguments go to pytest.
set -uo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root" || exit 1
bin="$root/.venv/bin"
failed=()

say() { printf '\n== %s\n' "$*"; }

check() { # name, command...
  local name=$1
  shift
  say "$name"
  "$@" || failed+=("$name")
}

scripts/lint.sh || failed+=("lint")

if browser=$(scripts/find_browser.sh); then
  export RECAUDO_BROWSER="$browser"
else
  export RECAUDO_NO_BROWSER=1
fi
check "pruebas" "$bin/python" -m pytest -n "${RECAUDO_TEST_WORKERS:-2}" --dist loadfile "$@"

if [ -n "${RECAUDO_NO_BROWSER:-}" ]; then
  printf '\n%s\n%s\n%s\n' \
    "##########################################################################" \
    "##  ATENCIÓN: no hay navegador; LAS PRUEBAS DE PANTALLA NO SE HICIERON.  ##" \
    "##  Browser tests DID NOT RUN: install chromium, Chrome or Edge.         ##"
fi
if [ ${#failed[@]} -gt 0 ]; then
  printf '\n✗ Falló: %s\n' "${failed[*]}"
  exit 1
fi
printf '\n✓ Todo pasó\n'
