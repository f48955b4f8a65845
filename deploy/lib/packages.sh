# shellcheck shell=bash
# Sourced by deploy/up and tests/run: makes sure that the groups of deploy/packages.txt are there.
#
#   ensure_packages GROUP…    on Debian 12 installs what is missing (root, or sudo); elsewhere names what is missing
#                             and exits with 3

packages_file=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)/packages.txt
export PATH="$PATH:/usr/lib/postgresql/15/bin"  # Debian keeps initdb and postgres out of the way

# "package probe" lines of one group.
packages_of() {
  awk -v group="[$1]" '/^\[/ { inside = ($0 == group); next } inside && NF && !/^#/ { print $1, $2 }' "$packages_file"
}

is_debian_12() {
  [[ -r /etc/os-release ]] && (source /etc/os-release && [[ $ID == debian && $VERSION_ID == 12 ]])
}

is_installed() { [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2> /dev/null) == installed ]] || is_provided "$1"; }

# By another package, as npm is by a nodejs that is not Debian's.
is_provided() {
  dpkg-query -W -f '${db:Status-Status} ${Provides}\n' | awk -v name="$1" '
    $1 == "installed" { gsub(/[,()=]/, " "); for (i = 2; i <= NF; i++) found = found || $i == name }
    END { exit !found }'
}

is_present() {
  local probe=$1
  case $probe in
    command:*) command -v "${probe#command:}" > /dev/null ;;
    header:*) echo "#include <${probe#header:}>" | g++ -std=c++20 -E -x c++ - > /dev/null 2>&1 ;;
    module:*) pkg-config --exists "${probe#module:}" 2> /dev/null ;;
    python:*) python3 -c "import ${probe#python:}" 2> /dev/null ;;
  esac
}

as_root() { if [[ $EUID -eq 0 ]]; then "$@"; else sudo "$@"; fi; }

install_packages() {
  echo "installing: $*" >&2
  as_root apt-get -qq update >&2
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$@" >&2
}

ensure_packages() {
  local group package probe missing=()
  for group in "$@"; do
    while read -r package probe; do
      if is_debian_12; then is_installed "$package"; else is_present "$probe"; fi || missing+=("$package")
    done < <(packages_of "$group")
  done
  [[ ${#missing[@]} -eq 0 ]] && return
  if is_debian_12; then
    install_packages "${missing[@]}"
  else
    echo "This is not Debian 12, so nothing is installed by itself. Missing, by Debian's names: ${missing[*]}" >&2
    exit 3
  fi
}
