#!/usr/bin/env bash
# Builds the benchmark of what happens to clusters of real silos and runs it; --help tells what it does.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if ! command -v dotnet >/dev/null; then
    echo "The .NET 10 SDK is needed, and 'dotnet' is not on the PATH." >&2
    exit 1
fi

dotnet build bench/Formation -c Release -v q --nologo >&2
exec dotnet bench/Formation/bin/Release/net10.0/KubeDns.Bench.Formation.dll "$@"
