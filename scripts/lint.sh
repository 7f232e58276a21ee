#!/usr/bin/env bash
# The quick checks: ruff, types, the floors of the architecture, locks without addresses. All run, then it fails once.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
bin=.venv/bin
failed=()
check() {
  local name=$1
  shift
  local began=$SECONDS
  if "$@"; then printf '  ✓ %s (%s s)\n' "$name" $((SECONDS - began)); else failed+=("$name"); fi
}
check "ruff" "$bin/ruff" check --quiet .
check "mypy" "$bin/mypy" --no-error-summary
if grep -qs '^\[tool.importlinter' pyproject.toml || [ -f .importlinter ]; then
  check "import-linter" "$bin/lint-imports" --no-cache
else
  failed+=("import-linter: faltan los contratos de la arquitectura")
fi
check "package-lock.json" "$bin/python" scripts/clean_lock.py --check
check "requirements" "$bin/python" -c 'import pathlib, sys
found = [str(p) for p in pathlib.Path("requirements").glob("*.txt") if "://" in p.read_text()]
print(*found, sep="\n"); sys.exit(bool(found))'
[ ${#failed[@]} -eq 0 ] || { printf '  ✗ %s\n' "${failed[*]}"; exit 1; }
