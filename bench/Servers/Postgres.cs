using Npgsql;

namespace Servers;

/// <summary>
/// PostgreSQL as it comes, with what Orleans' ADO.NET provider needs in it. It refuses to run as root, so for root it
/// runs as the user that Debian's package makes.
/// </summary>
internal sealed class Postgres : IAsyncDisposable
{
    private const string User = "postgres";

    private readonly Server _server;

    private Postgres(Server server, int port)
    {
        _server = server;
        ConnectionString = $"Host=127.0.0.1;Port={port};Username={User};Database={User};Maximum Pool Size=64";
    }

    public string ConnectionString { get; }

    public int ProcessId => _server.ProcessId;

    public static async Task<Postgres> StartAsync(string folder, CancellationToken stop)
    {
        var binaries = Directory.Exists("/usr/lib/postgresql")
            ? Directory.GetDirectories("/usr/lib/postgresql").OrderDescending().Select(version => $"{version}/bin")
            : [];
        var initdb = Programs.Find("initdb", "postgresql", [.. binaries]);
        var postgres = Programs.Find("postgres", "postgresql", [.. binaries]);
        Directory.CreateDirectory(folder);
        string[] asUser = [];
        if (Environment.IsPrivilegedProcess)
        {
            var setpriv = Programs.Find("setpriv", "util-linux");
            asUser = [setpriv, $"--reuid={User}", $"--regid={User}", "--clear-groups"];
            await Programs.RunAsync([Programs.Find("chown", "coreutils"), $"{User}:{User}", folder], stop);
        }

        var data = Path.Combine(folder, "data");
        await Programs.RunAsync([.. asUser, initdb, "-D", data, "-U", User, "-A", "trust", "-N"], stop);
        var port = Ports.Free(1)[0];
        var server = Server.Start("postgres", folder,
            [.. asUser, postgres, "-D", data, "-p", $"{port}", "-h", "127.0.0.1", "-k", folder]);
        var started = new Postgres(server, port);
        try
        {
            await server.UntilAnswersAsync(started.CreateTablesAsync, stop);
            return started;
        }
        catch
        {
            await started.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        await _server.DisposeAsync();
    }

    private async Task CreateTablesAsync(CancellationToken stop)
    {
        await using var script = typeof(Postgres).Assembly.GetManifestResourceStream("membership.sql")!;
        using var reader = new StreamReader(script);
        await using var source = NpgsqlDataSource.Create(ConnectionString);
        await using var command = source.CreateCommand(await reader.ReadToEndAsync(stop));
        await command.ExecuteNonQueryAsync(stop);
    }
}
