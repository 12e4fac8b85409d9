using Orleans.Clustering.KubeDns.Node;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Cluster.Nodes;

/// <summary>
/// Cuts each leader in turn off from all others, both ways, for one second in every four, and counts the leaders that
/// this made. During each cut another silo asks for a clean-up that finds nothing: it turns to the next voter, which
/// leads from then on.
/// </summary>
internal sealed class LeaderCutting : IAsyncDisposable
{
    private static readonly TimeSpan CutFor = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(4);

    private readonly CancellationTokenSource _stop = new();
    private readonly NodeCluster _cluster;
    private readonly Task _cutting;
    private readonly List<ReplicaNode> _leaders;
    private readonly List<Task> _asking = [];

    /// <summary>Begins at once; the first cut comes somewhere in the first quarter of a second.</summary>
    public LeaderCutting(NodeCluster cluster)
    {
        _cluster = cluster;
        _leaders = [cluster.Leader];
        _cutting = Task.Run(CutAsync);
    }

    /// <summary>How many cuts began and were healed again.</summary>
    public int Healed { get; private set; }

    /// <summary>How often another node led than before.</summary>
    public int LeaderChanges
    {
        get
        {
            NoteLeader();
            lock (_leaders) return _leaders.Count - 1;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _cutting;
        await Task.WhenAll(_asking);
        _stop.Dispose();
    }

    private async Task CutAsync()
    {
        try
        {
            await Task.Delay(Random.Shared.Next(250), _stop.Token);
            while (true)
            {
                var leader = NoteLeader();
                _cluster.Cut(leader, Line.Silent);
                _asking.Add(AskAsync(_cluster.Nodes.First(node => node != leader)));
                await Task.Delay(CutFor, _stop.Token);
                _cluster.Board.HealAll();
                Healed++;
                await Task.Delay(Every - CutFor, _stop.Token);
            }
        }
        catch (OperationCanceledException)
        {
            _cluster.Board.HealAll();
        }
    }

    private static async Task AskAsync(ReplicaNode node)
    {
        try
        {
            await node.WriteAsync(new Cleanup(BeforeTicks: 0, false, default), CancellationToken.None);
        }
        catch (TimeoutException)
        {
            // It only had to ask.
        }
    }

    private ReplicaNode NoteLeader()
    {
        lock (_leaders)
        {
            var leader = _cluster.Leader;
            if (leader != _leaders[^1]) _leaders.Add(leader);
            return leader;
        }
    }
}
