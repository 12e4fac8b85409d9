using System.Net;

namespace SiloApp.Pages;

/// <summary>Joins the three views, by address: a pod's name differs from service to service.</summary>
internal static class OverviewRows
{
    private static readonly char[] Digits = [.. "0123456789"];

    public static IEnumerable<SiloRow> Of(
        ClusterReport view, NodeReport? node, DnsReport discovery, DnsReport? ready, int mostDead)
    {
        var known = Known(view, mostDead).ToList();
        var taken = known.Select(row => row.Address).ToHashSet();
        var lonely = (discovery.Listed ?? new Dictionary<IPAddress, string>())
            .Where(listed => !taken.Contains($"{listed.Key}"))
            .Select(listed => new SiloRow(listed.Value, $"{listed.Key}"));
        var peers = Peers(node);
        return known.Concat(lonely)
            .Select(row => InDns(row, discovery, ready))
            .Select(row => InConsensus(row, node, peers.GetValueOrDefault(row.Address)))
            .OrderBy(row => row.Name.TrimEnd(Digits), StringComparer.Ordinal)
            .ThenBy(row => row.Name.Length).ThenBy(row => row.Name, StringComparer.Ordinal)
            .ThenBy(row => row.Address, StringComparer.Ordinal).ThenBy(row => row.Silo, StringComparer.Ordinal);
    }

    // Whoever lives, and of the dead the newest of each address at which nobody lives.
    private static IEnumerable<SiloRow> Known(ClusterReport view, int mostDead)
    {
        var rows = view.Members.Select(member => new SiloRow(member.Name, AddressOf(member.Silo))
        {
            Status = member.Status,
            Silo = member.Silo,
            IsSelf = member.Silo == view.Self.Silo,
        }).ToLookup(row => row.Status == "Dead");
        var lived = rows[false].Select(row => row.Address).ToHashSet();
        var dead = rows[true].Where(row => !lived.Contains(row.Address)).GroupBy(row => row.Address)
            .Select(group => group.MaxBy(row => Generation(row.Silo))!)
            .OrderByDescending(row => Generation(row.Silo)).Take(mostDead);
        return rows[false].Concat(dead);
    }

    private static SiloRow InDns(SiloRow row, DnsReport discovery, DnsReport? ready)
    {
        var address = IPAddress.Parse(row.Address);
        return row with
        {
            IsListed = discovery.Listed?.ContainsKey(address),
            IsReady = ready?.Listed?.ContainsKey(address),
        };
    }

    // Voters are told by name. The row of one that died and came back elsewhere has that name too, but votes no more.
    private static SiloRow InConsensus(SiloRow row, NodeReport? node, NodePeer? peer)
    {
        if (node is null) return row;
        bool Is(string voter) => row.Status is not ("Dead" or "") && (peer is { Name.Length: > 0 }
            ? peer.Name == voter : voter.Split('.')[0] == row.Name);
        return row with
        {
            Votes = node.Voters.Any(Is),
            Leads = node.Voters.Take(1).Any(Is),
            Contact = row.IsSelf ? "" : peer?.Contact ?? "",
        };
    }

    private static Dictionary<string, NodePeer> Peers(NodeReport? node)
    {
        var peers = new Dictionary<string, NodePeer>();
        foreach (var peer in node?.Peers ?? [])
        {
            if (IPEndPoint.TryParse(peer.Address, out var at)) peers[$"{at.Address}"] = peer;
        }

        return peers;
    }

    private static string AddressOf(string silo) => $"{IPEndPoint.Parse(silo[..silo.LastIndexOf('@')]).Address}";

    private static int Generation(string silo) =>
        int.TryParse(silo[(silo.LastIndexOf('@') + 1)..], out var generation) ? generation : 0;
}
