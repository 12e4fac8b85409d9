using StackExchange.Redis;

namespace Servers;

/// <summary>Redis that has each write on disk before it answers, as a membership table needs it.</summary>
internal sealed class Redis : IAsyncDisposable
{
    private readonly Server _server;

    private Redis(Server server, int port) => (_server, ConnectionString) = (server, $"127.0.0.1:{port}");

    public string ConnectionString { get; }

    public int ProcessId => _server.ProcessId;

    public static async Task<Redis> StartAsync(string folder, CancellationToken stop)
    {
        var program = Programs.Find("redis-server", "redis-server");
        Directory.CreateDirectory(folder);
        var port = Ports.Free(1)[0];
        var server = Server.Start("redis", folder,
        [
            program, "--port", $"{port}", "--bind", "127.0.0.1", "--dir", folder, "--save", "",
            "--appendonly", "yes", "--appendfsync", "always", "--daemonize", "no",
        ]);
        var started = new Redis(server, port);
        try
        {
            await server.UntilAnswersAsync(async _ =>
            {
                await using var client = await ConnectionMultiplexer.ConnectAsync(started.ConnectionString);
                await client.GetDatabase().PingAsync();
            }, stop);
            return started;
        }
        catch
        {
            await started.DisposeAsync();
            throw;
        }
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
