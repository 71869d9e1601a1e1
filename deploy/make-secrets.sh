#!/bin/sh
# Makes what is missing of deploy/secrets. Keep a copy elsewhere: what ENCRYPTION_KEYS encrypted is lost with it.
set -eu
umask 022
folder="$(dirname "$0")/secrets"
mkdir -p "$folder/own" # yours: what a node, a mail server or Prometheus wants
chmod 700 "$folder" # the files are read by other users, inside their containers; nobody else comes this far

# Whole or not at all: what is interrupted is made anew the next time.
make() { # name, bytes
    if [ -s "$folder/$1" ]; then return; fi
    head -c "$2" /dev/urandom | base64 | tr -d '\n' | tr '+/' '-_' > "$folder/$1.part"
    [ "$(wc -c < "$folder/$1.part")" -ge "$2" ] # sh goes on when something in a pipe failed
    mv "$folder/$1.part" "$folder/$1"
}
make secret_key 48
make encryption_keys 32
make postgres_password 24
make valkey_password 24
