#!/bin/bash
# Starts a real S3 server for tests: a one-node Ceph cluster in memory with its S3 gateway, on loopback.
# Usage: start-gateway.sh DIR MON_PORT HTTP_PORT HTTPS_PORT ACCESS_KEY SECRET_KEY [OWNER_PID]
# Prints "ready" when the gateway listens. Pids are in DIR/{mon,osd,rgw}.pid; stop-gateway.sh DIR ends them, and so does the
# end of the process OWNER_PID.
# Needs the Debian packages radosgw, ceph-mon, ceph-osd and openssl. Ports should lie below the range of ephemeral ones
# (32768), where another program may hold them for a moment.
set -euo pipefail
dir=$1 mon_port=$2 http_port=$3 https_port=$4 access_key=$5 secret_key=$6
fsid=3d0f1b52-7a0e-4c0b-9a55-6f5f0c1d2e3f
osd_uuid=8a6c1f0e-2b7d-4e0c-8f3a-1c9d5b7e4f21
conf=$dir/ceph.conf
mkdir -p "$dir"/{mon,osd,log,run}

# A certificate that only those who are told trust.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost \
  -addext 'subjectAltName=DNS:localhost,IP:127.0.0.1' -keyout "$dir/key.pem" -out "$dir/certificate.pem" 2>/dev/null

cat > "$conf" <<CONF
[global]
fsid = $fsid
mon_host = [v2:127.0.0.1:$mon_port/0]
ms_bind_msgr1 = false
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
run_dir = $dir/run
admin_socket =
pid_file =
crash_dir = $dir
log_file = $dir/log/\$name.log
log_to_stderr = false
err_to_stderr = false
# One copy of everything, one placement group a pool: nothing here outlives the tests.
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 1
osd_pool_default_pgp_num = 1
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
mon_allow_pool_size_one = true
mon_max_pg_per_osd = 1000
[mon]
mon_data = $dir/mon
mon_cluster_log_file = $dir/log/cluster.log
mon_data_avail_crit = 1
paxos_propose_interval = 0.02
paxos_min_wait = 0.01
[osd]
osd_data = $dir/osd
osd_objectstore = memstore
memstore_device_bytes = 4294967296
osd_class_load_list = *
osd_class_default_list = *
[client]
ms_mon_client_mode = crc
rgw_frontends = beast endpoint=127.0.0.1:$http_port ssl_endpoint=127.0.0.1:$https_port ssl_certificate=$dir/certificate.pem ssl_private_key=$dir/key.pem tcp_nodelay=1
rgw_run_sync_thread = false
rgw_enable_gc_threads = false
rgw_enable_lc_threads = false
rgw_dynamic_resharding = false
rgw_override_bucket_index_max_shards = 1
rgw_data_log_num_shards = 1
rgw_md_log_max_shards = 1
rgw_num_control_oids = 1
rgw_thread_pool_size = 64
CONF
export CEPH_CONF=$conf CEPH_ARGS=

wait_for() { # daemon, command...
  local daemon=$1 try; shift
  for ((try = 0; try < 1200; try++)); do
    "$@" >/dev/null 2>&1 && return 0
    kill -0 "$(cat "$dir/$daemon.pid")" 2>/dev/null || { echo "$daemon ended; see $dir/log" >&2; exit 1; }
    sleep 0.05
  done
  echo "$daemon does not answer; see $dir/log" >&2
  exit 1
}
osd_is_up() { timeout 10 ceph --connect-timeout 3 osd stat | grep -q '1 up'; }
is_open() { (echo > "/dev/tcp/127.0.0.1/$1"); }

monmaptool --create --clobber --fsid $fsid --addv a "[v2:127.0.0.1:$mon_port]" "$dir/monmap" >/dev/null
ceph-mon --mkfs -i a --monmap "$dir/monmap"
ceph-mon -f -i a </dev/null >"$dir/log/mon.out" 2>&1 & echo $! > "$dir/mon.pid"
wait_for mon timeout 10 ceph --connect-timeout 3 mon stat
timeout 30 ceph osd new $osd_uuid 0 >/dev/null
ceph-osd --mkfs -i 0 --osd-uuid $osd_uuid
ceph-osd -f -i 0 </dev/null >"$dir/log/osd.out" 2>&1 & echo $! > "$dir/osd.pid"
wait_for osd osd_is_up
timeout 60 radosgw-admin user create --uid=test --display-name=test --access-key="$access_key" --secret="$secret_key" >/dev/null
# A second account, whose credential may do nothing with the buckets of the first.
timeout 60 radosgw-admin user create --uid=stranger --display-name=stranger --access-key="${access_key}STRANGER" --secret="$secret_key" >/dev/null
radosgw -f -n client.rgw </dev/null >"$dir/log/rgw.out" 2>&1 & echo $! > "$dir/rgw.pid"
wait_for rgw is_open "$http_port"
wait_for rgw is_open "$https_port"
if [ -n "${7:-}" ]; then
  stop=$(dirname "$(readlink -f "$0")")/stop-gateway.sh
  (while kill -0 "$7" 2>/dev/null && [ -d "$dir" ]; do sleep 2; done; "$stop" "$dir") </dev/null >/dev/null 2>&1 &
fi
echo ready
