using Microsoft.Extensions.Hosting;
using Orleans;
using Orleans.Hosting;
using Servers;

namespace TableBench.Backends;

/// <summary>Orleans' own ADO.NET provider on PostgreSQL as it comes: each write is on disk.</summary>
internal sealed class PostgresBackend : IBackend
{
    private Postgres? _server;
    private IHost? _host;

    public string Name => "postgres";

    public string Kind => "postgres";

    public int Replicas => 1;

    public IEnumerable<int> ProcessIds => [_server!.ProcessId];

    public async Task<IMembershipTable> StartAsync(string folder, CancellationToken stop)
    {
        _server = await Postgres.StartAsync(folder, stop);
        _host = ProviderHost.Build(silo => silo.UseAdoNetClustering(options =>
            (options.Invariant, options.ConnectionString) = ("Npgsql", _server.ConnectionString)));
        return ProviderHost.Table(_host);
    }

    public async ValueTask DisposeAsync()
    {
        _host?.Dispose();
        if (_server is not null) await _server.DisposeAsync();
    }
}
