#!/bin/sh
# Searches the repository's own text (extended regular expressions): no environment, cache, weights
# or build output. Ends 0 when something was found, 1 when nothing was.
set -eu
if [ -z "${1:-}" ]; then
  echo 'usage: scripts/search_repo.sh <pattern> [path ...]' >&2
  exit 64
fi
pattern=$1
shift
if [ $# -eq 0 ]; then
  CDPATH='' cd -- "${0%/*}/.."
  set -- .
fi

folders='.git .venv .venv-dev __pycache__ .hypothesis .mypy_cache .pytest_cache .ruff_cache
  .import_linter_cache *.egg-info build dist'
files='*.safetensors *.gguf *.onnx *.pt *.pth *.wav *.flac *.mp3 *.ogg *.opus *.pcm'

set -f
if command -v rg >/dev/null 2>&1; then
  for name in $folders $files; do set -- --glob "!$name" "$@"; done
  exec rg --line-number --no-heading --hidden "$@" --regexp "$pattern"
fi
for name in $folders; do set -- --exclude-dir="$name" "$@"; done
for name in $files; do set -- --exclude="$name" "$@"; done
exec grep -rnIE "$@" -e "$pattern"
