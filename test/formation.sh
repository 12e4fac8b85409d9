#!/usr/bin/env bash
# Builds what the series of starts needs and runs it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

usage() {
    cat <<'TEXT'
Usage: test/formation.sh [--starts N] [--alone N] [--seed N] [--help]

Starts three real silos, again and again, at 127.0.0.11 to .13 with a local DNS server: half of the starts with all
three at once, half with random delays up to 3 s; DnsStaleness 1 s and 0.2 s in turn. Each time it waits until all
views are equal and every silo is Active, and checks that all of them are of one lineage. Silos are killed by their
process ids. For comparison it also starts one silo alone. A table at the end tells the times.

  --starts N   starts of three silos (default 50)
  --alone N    starts of one silo, for each DnsStaleness (default 5)
  --seed N     of the random delays
  --help       this text

FORMATION_KEEP_LOGS=1 keeps the silos' logs; those of a run in which a start failed are always kept.
Exit code: 0 if every start formed one cluster of one lineage, 1 if one did not, 2 for a wrong argument.
TEXT
}

arguments=("$@")
while (($#)); do
    case "$1" in
        --help | -h) usage; exit 0 ;;
        --starts | --alone | --seed) shift || true ;;
        *) echo "Unknown argument: $1" >&2; usage >&2; exit 2 ;;
    esac
    shift || true
done

for project in samples/SiloApp test/KubeDns.Local test/Formation; do
    echo "Building $project ..."
    dotnet build "$project" -c Release -v q --nologo
done

exec dotnet test/Formation/bin/Release/net10.0/Formation.dll ${arguments[@]+"${arguments[@]}"} \
    --silo-app "$PWD/samples/SiloApp/bin/Release/net10.0/SiloApp.dll" \
    --dns-server "$PWD/test/KubeDns.Local/bin/Release/net10.0/KubeDns.Local.dll"
