# SPDX-License-Identifier: Apache-2.0
# Sourced by the scripts that need another Debian than this machine's, after prelude.sh. Needs root.

# clean_debian RELEASE FOLDER: makes a clean Debian there, unless there is one, from where this machine has its own
# packages.
clean_debian() {
  local release="$1" folder="$2" mirror
  [[ ! -d $folder ]] || return 0
  say "making a clean Debian $release"
  mirror="$(apt-get indextargets --format '$(LABEL) $(REPO_URI)' 'Created-By: Packages' |
    sed -n 's/^Debian //p' | head -n 1)"
  mkdir -p "$OUTBOX_RELAY_CACHE"
  rm -rf "$folder.partial"
  debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus "$release" "$folder.partial" "$mirror" \
    >"$folder.log" 2>&1 || { tail "$folder.log" >&2; fail "no clean Debian"; }
  mv -T "$folder.partial" "$folder"
}

# run_in_debian FOLDER COMMAND...: with what git knows of this repository in /src there; what was built stays.
run_in_debian() {
  local root="$1"
  mkdir -p "$root/src"
  find "$root/src" -mindepth 1 -maxdepth 1 ! -name build -exec rm -rf {} +
  cp /etc/resolv.conf "$root/etc/resolv.conf"
  cp -a .git "$root/src/"
  git ls-files --cached --others --exclude-standard -z | xargs -0 cp --parents -at "$root/src"
  unshare --mount --pid --fork --kill-child --propagation private bash -euc '
    mount -t proc proc "$0/proc"
    mount --rbind /dev "$0/dev"
    exec chroot "$0" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"' "$root" "${@:2}"
}
