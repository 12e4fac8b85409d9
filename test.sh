#!/usr/bin/env bash
# Builds the solution once and runs its tests. Needs the .NET 10 SDK, bash and coreutils, nothing else.
set -uo pipefail
# Newer shells would take an ampersand in a replacement for the text that was replaced.
shopt -u patsub_replacement 2>/dev/null
cd "$(dirname "${BASH_SOURCE[0]}")" || exit 1

usage() {
    cat <<'TEXT'
Usage: ./test.sh [--all] [--filter EXPR] [--help]

  --all           with the long tests too (those of the category "Long")
  --filter EXPR   only the tests that EXPR picks, as `dotnet test --filter` takes it: Voters, or
                  "FullyQualifiedName~Voters&FullyQualifiedName!~Rescue"
  --help          this text

The last line is "N passed, N failed, N skipped". Exit code: 0 if tests ran and none failed.
TEXT
}

all=false
filter=""
while (($#)); do
    case "$1" in
        --help | -h) usage; exit 0 ;;
        --all) all=true ;;
        --filter) filter=${2:-}; [[ -n $filter ]] || { echo "--filter needs a value." >&2; exit 2; }; shift ;;
        *) echo "Unknown argument: $1" >&2; usage >&2; exit 2 ;;
    esac
    shift
done
if ! $all; then
    filter=${filter:+"($filter)&"}Category!=Long
fi

tests=Orleans.Clustering.KubeDns
projects=("$tests.Tests" "$tests.Simulation" "$tests.Cluster")
results=$PWD/artifacts/test-results
passed=0 failed=0 skipped=0
skips=()

# Text of an XML attribute or element: the five entities, ampersand last.
text() {
    local value=$1
    value=${value//&quot;/\"} value=${value//&apos;/\'} value=${value//&lt;/<} value=${value//&gt;/>}
    value=${value//&#xD;/} value=${value//&#xA;/ }
    printf '%s' "${value//&amp;/&}"
}

# Reads one trx file: adds to the counts, collects the skips, and writes "duration test" lines to $2.
read_results() {
    local line name="" is_skip=false
    local result='<UnitTestResult .*testName="([^"]*)"' duration='duration="([^"]*)"' outcome='outcome="([^"]*)"'
    local reason='<(Message|StdOut)>([^<]*)'
    : >"$2"
    while IFS= read -r line; do
        if [[ $line =~ $result ]]; then
            name=$(text "${BASH_REMATCH[1]}") is_skip=false
            [[ $line =~ $duration ]] && printf '%s %s\n' "${BASH_REMATCH[1]:0:12}" "$name" >>"$2"
            [[ $line =~ $outcome ]] || continue
            case "${BASH_REMATCH[1]}" in
                Passed) ((passed++)) ;;
                NotExecuted) ((skipped++)); is_skip=true; skips+=("$name: no reason given") ;;
                *) ((failed++)) ;;
            esac
        elif $is_skip && [[ $line =~ $reason ]]; then
            skips[${#skips[@]}-1]="$name: $(text "${BASH_REMATCH[2]}")"
            is_skip=false
        fi
    done <"$1"
}

run_project() {
    local project=$1 begun=$SECONDS before=$((passed + failed)) failures=$failed code=0
    echo
    echo "== $project"
    dotnet test "test/$project" -c Release --no-build --nologo -v m ${filter:+--filter "$filter"} \
        --logger "trx;LogFileName=$project.trx" --results-directory "$results" || code=$?
    if [[ -f $results/$project.trx ]]; then
        read_results "$results/$project.trx" "$results/$project.durations"
        echo "$project: $((passed + failed - before)) tests ran in $((SECONDS - begun)) s, the slowest first:"
        sort -r "$results/$project.durations" | head -n 5 | while IFS= read -r line; do echo "    $line"; done
    fi
    # A test host that crashed reports no failed test; it has failed all the same.
    if ((code != 0 && failed == failures)); then
        echo "$project: dotnet test ended with exit code $code" >&2
        ((failed++))
    fi
}

finish() {
    echo "$passed passed, $failed failed, $skipped skipped"
    ((failed == 0 && passed > 0))
    exit
}

mkdir -p artifacts
rm -rf "$results" artifacts/simulation.txt
if ! command -v dotnet >/dev/null; then
    echo "The .NET 10 SDK is needed, and 'dotnet' is not on the PATH." >&2
    exit 1
fi

echo "Building ..."
if ! dotnet build "$tests.sln" -c Release -v q --nologo; then
    echo "The build failed; no test ran." >&2
    failed=1
    finish
fi

for project in "${projects[@]}"; do
    run_project "$project"
done

echo
if [[ -f artifacts/simulation.txt ]]; then
    cat artifacts/simulation.txt
    echo
fi
if ((${#skips[@]})); then
    echo "Skipped:"
    printf '    %s\n' "${skips[@]}"
    echo
fi
((passed + failed > 0)) || echo "No test ran." >&2
finish
