#!/usr/bin/env bash
# Print the path of a Chromium, Chrome or Edge; install Debian's chromium when root may. Exit 1 when there is none.
set -uo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)

search() {
  local name path
  for name in ${RECAUDO_BROWSER:-} chromium chromium-browser google-chrome google-chrome-stable chrome microsoft-edge microsoft-edge-stable; do
    if path=$(command -v "$name"); then
      printf '%s\n' "$path"
      return 0
    fi
  done
  for path in "${PLAYWRIGHT_BROWSERS_PATH:-$HOME/.cache/ms-playwright}"/chromium-*/chrome-linux*/chrome \
    "$HOME/Library/Caches/ms-playwright"/chromium-*/chrome-mac*/Chromium.app/Contents/MacOS/Chromium \
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" \
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge"; do
    if [ -x "$path" ]; then
      printf '%s\n' "$path"
      return 0
    fi
  done
  return 1
}

search && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  printf '  Navegador: instalando chromium\n' >&2
  mkdir -p "$root/var/log"
  { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -yq --no-install-recommends chromium; } \
    >"$root/var/log/browser.log" 2>&1 </dev/null
  search && exit 0
fi
exit 1
