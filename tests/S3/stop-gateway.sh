#!/bin/bash
# stop-gateway.sh DIR: ends what start-gateway.sh started there and removes its data, which nobody needs any more.
for daemon in rgw osd mon; do
  pid=$(cat "$1/$daemon.pid" 2>/dev/null) && kill -9 "$pid" 2>/dev/null
done
rm -rf "$1"
