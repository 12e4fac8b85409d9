using Microsoft.Extensions.Hosting;
using Orleans;
using Orleans.Hosting;
using Servers;
using StackExchange.Redis;

namespace TableBench.Backends;

/// <summary>Orleans' own Redis provider on a Redis whose writes are on disk before it answers.</summary>
internal sealed class RedisBackend : IBackend
{
    private Redis? _server;
    private IHost? _host;

    public string Name => "redis";

    public string Kind => "redis";

    public int Replicas => 1;

    public IEnumerable<int> ProcessIds => [_server!.ProcessId];

    public async Task<IMembershipTable> StartAsync(string folder, CancellationToken stop)
    {
        _server = await Redis.StartAsync(folder, stop);
        _host = ProviderHost.Build(silo => silo.UseRedisClustering(options =>
            options.ConfigurationOptions = ConfigurationOptions.Parse(_server.ConnectionString)));
        return ProviderHost.Table(_host);
    }

    public async ValueTask DisposeAsync()
    {
        // The provider's connection can only be disposed of asynchronously.
        if (_host is IAsyncDisposable host) await host.DisposeAsync();
        if (_server is not null) await _server.DisposeAsync();
    }
}
