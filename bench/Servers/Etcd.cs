namespace Servers;

/// <summary>An etcd cluster, each member a process with a folder of its own, as Debian has it.</summary>
internal sealed class Etcd : IAsyncDisposable
{
    private readonly List<Server> _members = [];

    private Etcd(IEnumerable<int> ports) => Endpoints = [.. ports.Select(port => $"http://127.0.0.1:{port}")];

    /// <summary>Where each member serves clients.</summary>
    public IReadOnlyList<string> Endpoints { get; }

    public IEnumerable<int> ProcessIds => _members.Select(member => member.ProcessId);

    /// <param name="folder">Each member gets one below it.</param>
    /// <param name="members">How many.</param>
    /// <param name="ask">Asks the cluster at these addresses something that only works once it does.</param>
    /// <param name="stop">Ends the wait.</param>
    public static async Task<Etcd> StartAsync(
        string folder, int members, Func<IReadOnlyList<string>, CancellationToken, Task> ask, CancellationToken stop)
    {
        var program = Programs.Find("etcd", "etcd-server");
        var ports = Ports.Free(members * 2);
        var (clients, peers) = (ports[..members], ports[members..]);
        var cluster = new Etcd(clients);
        var all = string.Join(',', peers.Select((port, index) => $"m{index}=http://127.0.0.1:{port}"));
        for (var index = 0; index < members; index++)
        {
            var own = Directory.CreateDirectory(Path.Combine(folder, $"m{index}")).FullName;
            var (client, peer) = ($"http://127.0.0.1:{clients[index]}", $"http://127.0.0.1:{peers[index]}");
            cluster._members.Add(Server.Start($"etcd {index}", own,
            [
                program, "--name", $"m{index}", "--data-dir", Path.Combine(own, "data"),
                "--listen-client-urls", client, "--advertise-client-urls", client,
                "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
                "--initial-cluster", all, "--initial-cluster-state", "new", "--logger", "zap",
            ]));
        }

        try
        {
            await cluster._members[0].UntilAnswersAsync(token => ask(cluster.Endpoints, token), stop);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var member in _members) await member.DisposeAsync();
    }
}
