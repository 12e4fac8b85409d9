#!/usr/bin/env bash
# Builds what the scenarios need and plays them.
set -euo pipefail
here=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")/.."

usage() {
    cat <<'TEXT'
Usage: test/chaos.sh [options] SCENARIO... | all

What happens to real silos, each a process at a loopback address of its own, when processes are killed, stopped and
replaced: with a local DNS server, and with a kubelet that asks /readyz and starts containers again. Each scenario
waits for events, checks that all views are equal before and after, that nobody who lives is declared dead, that
there is one lineage and never two quorate epochs, and tells the times that it saw beside those expected.

  kill-one        SIGKILL of the leader of 3, restarted in place; then of another, whose pod is replaced
  kill-two        SIGKILL of 2 of 3 at once, the leader among them, restarted in place: rescue
  kill-all        SIGKILL of all 3; pods of the same names at new addresses form a new lineage
  stop-leader     SIGSTOP of the leader of 4 for 10 s, and a silo leaves: another leader writes its row
  pause-majority  SIGSTOP of 2 of 3, the leader among them, for 30 s and until the rescue: all heals
  pause-race      the same, but they resume at a random moment about the rescue
  scale           1 silo, 10, 1: voters 1, 5, 1
  rolling-update  3 pods, one after the other: SIGTERM, replaced at a new address, wait Active; under load

  --json FILE         writes settings and table as JSON, too
  --strict            lateness fails the run, too
  --probe-period S    of the readiness probe, in seconds (default 1; a probe waits 1 s for an answer)
  --probe-failures N  so many in a row make a pod not ready (default 3)
  --back-off S        the first pause before a container is started again (default 0.5; doubled up to 5)
  --keep-logs         keeps the silos' logs; those of a scenario that failed are always kept
  --help              this text

Verdicts: ok; late (came true, but later than expected: not a failure without --strict, for machines are busy); FAILED.
Exit code: 0 if nothing failed, 1 if something did, 2 for a wrong argument.
TEXT
}

arguments=()
scenarios=false
while (($#)); do
    case "$1" in
        --help | -h) usage; exit 0 ;;
        --json)
            [[ ${2:-} ]] || { echo "--json needs a value." >&2; exit 2; }
            [[ $2 == /* ]] && file=$2 || file=$here/$2
            arguments+=(--json "$file"); shift ;;
        --probe-period | --probe-failures | --back-off)
            [[ ${2:-} ]] || { echo "$1 needs a value." >&2; exit 2; }
            arguments+=("$1" "$2"); shift ;;
        --strict | --keep-logs) arguments+=("$1") ;;
        all | kill-one | kill-two | kill-all | stop-leader | pause-majority | pause-race | scale | rolling-update)
            arguments+=("$1"); scenarios=true ;;
        *) echo "Unknown argument or scenario: $1" >&2; usage >&2; exit 2 ;;
    esac
    shift
done
$scenarios || { echo "Which scenario?" >&2; usage >&2; exit 2; }

if ! command -v dotnet >/dev/null; then
    echo "The .NET 10 SDK is needed, and 'dotnet' is not on the PATH." >&2
    exit 1
fi

for project in samples/SiloApp test/Chaos; do
    echo "Building $project ..."
    dotnet build "$project" -c Release -v q --nologo
done

exec dotnet test/Chaos/bin/Release/net10.0/Chaos.dll "${arguments[@]}" \
    --silo-app "$PWD/samples/SiloApp/bin/Release/net10.0/SiloApp.dll"
