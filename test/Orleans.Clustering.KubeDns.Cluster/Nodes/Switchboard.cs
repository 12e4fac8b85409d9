using System.Collections.Concurrent;
using System.Diagnostics;
using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;
using Orleans.Clustering.KubeDns.Transport;

namespace Orleans.Clustering.KubeDns.Cluster.Nodes;

/// <summary>How the way from one node to another behaves.</summary>
internal enum Line
{
    Open,

    /// <summary>A black hole: nothing arrives, and nobody says so.</summary>
    Silent,

    /// <summary>Connections are refused, as where nothing listens.</summary>
    Refused,
}

/// <summary>Which ways between the nodes of a cluster are open; any thread may change them.</summary>
internal sealed class Switchboard
{
    private readonly ConcurrentDictionary<(PeerAddress From, PeerAddress To), Line> _lines = new();

    public Line this[PeerAddress from, PeerAddress to]
    {
        get => _lines.GetValueOrDefault((from, to));
        set => _lines[(from, to)] = value;
    }

    public void HealAll() => _lines.Clear();
}

/// <summary>A node's own client, behind the switchboard.</summary>
internal sealed class SwitchedPeers(IPeerClient peers, PeerAddress self, Switchboard board) : IPeerClient
{
    public async Task<PeerReply> SendAsync(
        PeerAddress to, Envelope request, TimeSpan deadline, CancellationToken ct)
    {
        var clock = Stopwatch.StartNew();
        switch (board[self, to])
        {
            case Line.Silent: return await LostAsync(deadline, ct);
            case Line.Refused: return new PeerReply(Delivery.Refused, null, "refused");
        }

        // A reply goes the other way, and may be lost where the request was not: then it was carried out, untold.
        var reply = await peers.SendAsync(to, request, deadline, ct);
        return board[to, self] == Line.Silent ? await LostAsync(deadline - clock.Elapsed, ct) : reply;
    }

    private static async Task<PeerReply> LostAsync(TimeSpan untilDeadline, CancellationToken ct)
    {
        if (untilDeadline > TimeSpan.Zero) await Task.Delay(untilDeadline, ct);
        return new PeerReply(Delivery.TimedOut, null, "black-holed");
    }

    public ValueTask DisposeAsync() => peers.DisposeAsync();
}
