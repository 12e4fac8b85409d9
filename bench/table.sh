#!/usr/bin/env bash
# Builds the benchmark of the membership table and runs it; --help tells what it does.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if ! command -v dotnet >/dev/null; then
    echo "The .NET 10 SDK is needed, and 'dotnet' is not on the PATH." >&2
    exit 1
fi

dotnet build bench/Table -c Release -v q --nologo >&2
exec dotnet bench/Table/bin/Release/net10.0/KubeDns.Bench.Table.dll "$@"
