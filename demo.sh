#!/usr/bin/env bash
# Builds what the demo needs and runs it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

usage() {
    cat <<'TEXT'
Usage: ./demo.sh [--silos N] [--keep] [--help]

Starts a local DNS server and N silos on this machine, as pods at 127.0.0.11, .12, … with the same ports.
They form a cluster; one is killed and replaced, one is stopped; a table at the end tells what took how long.

  --silos N   number of silos, 3 to 9 (default 3)
  --keep      leave the cluster running at the end; tells where to look and how to stop it
  --help      this text

Exit code: 0 if every step came true in its time, 1 if one did not, 2 for a wrong argument.
TEXT
}

arguments=("$@")
while (($#)); do
    case "$1" in
        --help | -h) usage; exit 0 ;;
        --keep) ;;
        --silos) shift || true ;;
        *) echo "Unknown argument: $1" >&2; usage >&2; exit 2 ;;
    esac
    shift || true
done

if ! command -v dotnet >/dev/null; then
    echo "The .NET 10 SDK is needed, and 'dotnet' is not on the PATH." >&2
    exit 1
fi

log=artifacts/demo-build.txt
mkdir -p artifacts
for project in samples/SiloApp test/KubeDns.Local samples/Demo; do
    echo "Building $project ..."
    if ! dotnet build "$project" -c Release -v q --nologo >"$log" 2>&1; then
        cat "$log" >&2
        echo "The build of $project failed." >&2
        exit 1
    fi
done

exec dotnet samples/Demo/bin/Release/net10.0/Demo.dll ${arguments[@]+"${arguments[@]}"} \
    --silo-app "$PWD/samples/SiloApp/bin/Release/net10.0/SiloApp.dll" \
    --dns-server "$PWD/test/KubeDns.Local/bin/Release/net10.0/KubeDns.Local.dll"
