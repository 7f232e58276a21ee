#!/usr/bin/env bash
# Make or refresh .venv-cluster: Spark, from requirements/cluster.txt with its digests. Needs Java 17 or newer on the machine.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
venv="$root/.venv-cluster"
lock="$root/requirements/cluster.txt"
stamp="$venv/.recaudo-stamp"
say() { printf '  %s\n' "$*"; }

java="${JAVA_HOME:+$JAVA_HOME/bin/}java"
version=$("$java" -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' | head -1 || true)
if [ -z "$version" ] || [ "$version" -lt 17 ]; then
  say "✗ Hace falta Java 17 o posterior${version:+ (hay $version)}: en Debian o Ubuntu, apt install openjdk-17-jre-headless;" >&2
  say "  en Red Hat, dnf install java-17-openjdk-headless. Si está en otra carpeta, indíquela con JAVA_HOME." >&2
  exit 1
fi
digest=$(sha256sum "$lock" | cut -d' ' -f1)
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$digest" ]; then
  say "Spark: al día (Java $version)"
  exit 0
fi
say "Spark: instalando requirements/cluster.txt en .venv-cluster (450 MB; unos minutos la primera vez)"
mkdir -p "$root/var/log"
log="$root/var/log/cluster-env.log"
rm -rf "$venv"
# The same Python as the product's, so that both write and read the same.
"$root/.venv/bin/python" -m venv "$venv" >"$log" 2>&1
install() { "$venv/bin/python" -m pip install --disable-pip-version-check --no-input --no-deps --require-hashes "$@" >>"$log" 2>&1; }
# pyspark is published as source: what builds it is in the lock too, and goes first.
only=$(mktemp)
sed -n '/^setuptools==/,/^[a-z]*==/p' "$lock" | sed '1!{/^[a-z]*==/d}' >"$only"
if ! { install -r "$only" && install --no-build-isolation -r "$lock"; }; then
  tail -n 20 "$log" >&2
  say "✗ Falló la instalación de Spark; todo en var/log/cluster-env.log" >&2
  exit 1
fi
rm -f "$only"
printf '%s\n' "$digest" >"$stamp"
say "Spark: $("$venv/bin/python" -c 'import pyspark; print(pyspark.__version__)') instalado (Java $version)"
