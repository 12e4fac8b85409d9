using System.Diagnostics;
using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Node;
using Orleans.Clustering.KubeDns.Table;
using Orleans.Clustering.KubeDns.Tests.Discovery;
using Xunit;
using Given = Orleans.Clustering.KubeDns.Tests.Consensus.Given;

namespace Orleans.Clustering.KubeDns.Tests.Node;

/// <summary>
/// Real nodes in one process, with their loops and logs. Messages are calls, DNS is what the test says, and the one
/// clock moves only when somebody waits here: minutes pass in a moment, and no loop is left behind.
/// </summary>
internal sealed class NodeStage : IAsyncDisposable
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LoopMayLag = TimeSpan.FromMilliseconds(1_200);

    private readonly List<StagedNode> _nodes = [];

    public ManualTime Time { get; } = new();

    public IReadOnlyList<StagedNode> Nodes => _nodes;

    /// <summary>Whether a ready service exists; it lists whom <see cref="StagedNode.IsReady"/> says.</summary>
    public bool HasReadyService { get; set; }

    /// <summary>So many silos, joined and with their rows Active.</summary>
    public static async Task<NodeStage> FormAsync(int size, Action<StagedNode>? set = null, bool ready = false)
    {
        var stage = new NodeStage { HasReadyService = ready };
        for (var number = 0; number < size; number++) stage.Add(number, set);
        await stage.StartAsync();
        foreach (var node in stage.Nodes) await stage.ActivateAsync(node);
        return stage;
    }

    public StagedNode Add(int number, Action<StagedNode>? set = null)
    {
        var node = new StagedNode(this, number);
        set?.Invoke(node);
        _nodes.Add(node);
        return node;
    }

    public async Task StartAsync()
    {
        foreach (var node in _nodes) await node.StartAsync();
        await UntilAsync("all joined", () => _nodes.All(node => node.Status.Phase == NodePhase.Joined));
    }

    /// <summary>Writes this silo's row.</summary>
    public async Task ActivateAsync(StagedNode node)
    {
        for (var won = false; !won;)
        {
            var view = await RunAsync(node.Node.ReadAsync(mayWrite: false, default));
            won = await RunAsync(node.Node.WriteAsync(new InsertRow(Given.Row(node.Member), view.Tag), default));
        }
    }

    /// <summary>Lets time pass until the condition holds.</summary>
    public async Task UntilAsync(string what, Func<bool> holds, double seconds = 180)
    {
        for (var left = TimeSpan.FromSeconds(seconds); !holds(); left -= Step)
        {
            Assert.True(left > TimeSpan.Zero, $"{what}: not within {seconds} s. {string.Join("\n", _nodes)}");
            Time.Advance(Step);
            await KeepUpAsync();
        }
    }

    public async Task PassAsync(double seconds)
    {
        var end = Time.GetTimestamp() + TimeSpan.FromSeconds(seconds).Ticks;
        await UntilAsync("time", () => Time.GetTimestamp() >= end, seconds + 1);
    }

    public async Task<T> RunAsync<T>(Task<T> task)
    {
        await UntilAsync("an operation", () => task.IsCompleted);
        return await task;
    }

    public async Task EndAsync(Task task)
    {
        await UntilAsync("an operation", () => task.IsCompleted);
        await task;
    }

    public StagedNode? At(PeerAddress address) => _nodes.Find(node => node.Member.Address == address);

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes) await node.EndAsync();
    }

    // What the clock set off is done before it moves on; a machine that is busy makes this slower, not different.
    private async Task KeepUpAsync()
    {
        await Task.Delay(1);
        for (var waited = Stopwatch.StartNew(); _nodes.Any(node => node.Lags(LoopMayLag)); await Task.Delay(1))
            Assert.True(waited.Elapsed < Eventually.Patience, "a loop stands still");
    }
}
