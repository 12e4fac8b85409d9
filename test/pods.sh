#!/usr/bin/env bash
# Builds what the scenarios need and plays them in namespaces of their own.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

usage() {
    cat <<'TEXT'
Usage: test/pods.sh [options] SCENARIO... | --all | --minutes N

Real silos, each in a network and a UTS namespace of its own, as a pod is: its address, host name, hosts file and
resolv.conf, on one bridge with a DNS server, a kubelet that asks /readyz, starts containers again and replaces pods.
Network faults are made inside the pods' namespaces. Bridge and pods are in namespaces that this script makes and that
end with it, and so does every process in them, however it ends: nothing of this machine's network is touched.
Needs root, Linux with namespaces, iproute2 and nftables.

  --list          the scenarios, one a line
  --all           plays all of them
  --minutes N     random faults for so long, while the silos write; then all must heal
  --seed S        which faults; told at the start, so that they can be had again
  --keep-logs     keeps the silos' logs; those of a scenario that failed are always kept
  --no-build      what was built before
  --probe         only whether it is possible here: exit code 0, or 3 and the reason
  --help          this text

Exit code: 0 if nothing failed, 1 if something did, 2 for a wrong argument, 3 where namespaces are not permitted or a
tool is missing.
TEXT
}

arguments=()
build=true
probe_only=false
while (($#)); do
    case "$1" in
        --help | -h) usage; exit 0 ;;
        --no-build) build=false ;;
        --probe) probe_only=true; arguments+=(--list) ;;
        *) arguments+=("$1") ;;
    esac
    shift
done
((${#arguments[@]})) || { echo "Which scenario?" >&2; usage >&2; exit 2; }

for tool in unshare ip nft dotnet; do
    command -v "$tool" >/dev/null || { echo "Not possible here: '$tool' is not on the PATH." >&2; exit 3; }
done
enclose=(unshare --net --mount --pid --fork --kill-child --mount-proc)
probe='mount -t tmpfs pods /run && ip netns add probe && ip link add v0 type veth peer name eth0 netns probe &&
    ip link add b0 type bridge && ip netns exec probe nft "add table inet faults"'
if ! reason=$("${enclose[@]}" sh -c "$probe" 2>&1); then
    echo "Not possible here: namespaces are not permitted: ${reason:-unshare failed}" >&2
    exit 3
fi

$probe_only && exit 0
if $build; then
    for project in samples/SiloApp test/Pods; do
        echo "Building $project ..."
        dotnet build "$project" -c Release -v q --nologo || exit 1
    done
fi

# With the first process of a process namespace all others in it end. A tmpfs on /run keeps the names of the network
# namespaces to ourselves.
KUBEDNS_PODS_ENCLOSED=1 "${enclose[@]}" sh -c 'mount -t tmpfs pods /run && exec "$@"' sh \
    dotnet test/Pods/bin/Release/net10.0/Pods.dll "${arguments[@]}" \
    --silo-app "$PWD/samples/SiloApp/bin/Release/net10.0/SiloApp.dll" &
enclosed=$!
# A background job of a script is not told of Ctrl-C. The first process within is not over before all others in its
# namespace are, and unshare waits for it.
end() {
    local first
    first=$(cat "/proc/$enclosed/task/$enclosed/children" 2>/dev/null)
    kill -KILL ${first:-$enclosed} 2>/dev/null
    wait $enclosed 2>/dev/null
    echo "interrupted" >&2
    exit 1
}
trap end INT TERM HUP
wait $enclosed
