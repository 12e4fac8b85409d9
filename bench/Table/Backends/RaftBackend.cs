using Orleans;
using Servers;
using TableBench.Raft;

namespace TableBench.Backends;

/// <summary>DotNext.Net.Cluster's Raft: this program again as each member, and a client of the leader.</summary>
internal sealed class RaftBackend(int replicas) : IBackend
{
    private readonly List<Server> _members = [];
    private readonly List<HttpClient> _clients = [];

    public string Name => $"raft {replicas}";

    public string Kind => "raft";

    public int Replicas => replicas;

    public IEnumerable<int> ProcessIds => _members.Select(member => member.ProcessId);

    public async Task<IMembershipTable> StartAsync(string folder, CancellationToken stop)
    {
        var ports = Ports.Free(replicas * 2);
        var (clients, peers) = (ports[..replicas], ports[replicas..]);
        for (var index = 0; index < replicas; index++)
        {
            var own = Directory.CreateDirectory(Path.Combine(folder, $"m{index}")).FullName;
            _members.Add(Server.Start($"raft {index}", own,
            [
                "dotnet", typeof(RaftBackend).Assembly.Location, RaftProcess.Command, own, $"{clients[index]}",
                $"{peers[index]}", .. peers.Select(port => $"{port}"),
            ]));
            _clients.Add(RaftTable.Client(clients[index]));
        }

        HttpClient? leader = null;
        await _members[0].UntilAnswersAsync(async token => leader = await FindLeaderAsync(token), stop);
        return new RaftTable(leader!);
    }

    public async ValueTask DisposeAsync()
    {
        _clients.ForEach(client => client.Dispose());
        foreach (var member in _members) await member.DisposeAsync();
    }

    private async Task<HttpClient> FindLeaderAsync(CancellationToken stop)
    {
        foreach (var client in _clients)
        {
            try
            {
                await RaftTable.RequireLeaderAsync(client, stop);
                return client;
            }
            catch (HttpRequestException)
            {
                // Another one may lead, or none yet.
            }
        }

        throw new InvalidOperationException("nobody leads");
    }
}
