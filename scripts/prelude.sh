# SPDX-License-Identifier: Apache-2.0
# Sourced by the scripts here; leaves the caller in the repository's root.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf '\n==> %s\n' "$*"; }
fail() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

# A machine without a usable home (a build user, a container with a numeric user) caches in the tree.
if [[ ! -w "${HOME:-/nonexistent}" ]]; then
  export XDG_CACHE_HOME="${XDG_CACHE_HOME:-$PWD/build/cache}"
  export CCACHE_DIR="${CCACHE_DIR:-$PWD/build/cache/ccache}"
fi
export CMAKE_CXX_COMPILER_LAUNCHER=ccache
export OUTBOX_RELAY_CACHE="${OUTBOX_RELAY_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/outbox-relay}"
