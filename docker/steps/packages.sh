#!/bin/sh
# Install the Debian packages of a list: one a line, # begins a comment, an empty list installs nothing.
# DEBIAN_MIRROR (https://mirrors.example.com, with /debian and /debian-security) serves instead of Debian's own servers,
# and other sources of the base image are then left aside; nothing of it stays in the image.
set -eu

packages=$(sed 's/#.*//' "$1" | tr -s '[:space:]' ' ' | sed 's/^ //; s/ $//')
[ -n "$packages" ] || exit 0

fail() {
    echo "$1" >&2
    exit 1
}

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
options=""
if [ -n "${DEBIAN_MIRROR:-}" ]; then
    case "$DEBIAN_MIRROR" in
        *[!A-Za-z0-9:/._~-]*) fail "DEBIAN_MIRROR: write it without user and password: everybody can read it in the image's history" ;;
        http://* | https://*) ;;
        *) fail "DEBIAN_MIRROR: $DEBIAN_MIRROR is no address, https://mirrors.example.com is one" ;;
    esac
    # Copies of the sources that name Debian's servers, and they alone.
    for source in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
        if [ -f "$source" ] && grep -Eq 'https?://(deb|security|ftp)\.debian\.org' "$source"; then
            sed -E "s#https?://(deb|security|ftp)\.debian\.org#${DEBIAN_MIRROR%/}#g" "$source" > "$folder/${source##*/}"
        fi
    done
    [ -n "$(ls "$folder")" ] || fail "DEBIAN_MIRROR: the base image names none of Debian's servers that a mirror could stand for"
    options="-o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts=$folder"
fi

export DEBIAN_FRONTEND=noninteractive
# Options and packages are lists of words.
# shellcheck disable=SC2086
apt-get $options update || fail "docker/packages.txt: apt cannot read its lists of packages; what it said is above"
# shellcheck disable=SC2086
apt-get $options install --yes --no-install-recommends $packages ||
    fail "docker/packages.txt: apt cannot install $packages; what it said, about its lists too, is above"
apt-get clean
rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/log/apt /var/log/dpkg.log /var/cache/debconf/*-old
