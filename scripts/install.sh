#!/bin/sh
# Makes node_modules what the lock file says, if it is not: so that every npm script works in an empty clone.
set -eu
cd "$(dirname "$0")/.."

# npm writes this file last; without it an installation was cut off.
installed=node_modules/.package-lock.json
if [ -x node_modules/node/bin/node ] && [ -f "$installed" ] && [ -z "$(find package-lock.json -newer "$installed")" ]; then
  exit 0
fi
echo 'installing the development packages (npm ci, about a minute)' >&2
npm ci --loglevel=error --no-progress >&2
