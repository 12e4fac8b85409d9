using System.Net;

namespace SiloApp.Pages;

/// <summary>One silo, as DNS, Orleans and the consensus see it.</summary>
internal sealed record SiloRow(string Name, string Address)
{
    /// <summary>Orleans' own word; empty: DNS lists the address and Orleans knows no silo there.</summary>
    public string Status { get; init; } = "";

    /// <summary>Orleans' address of it, generation included.</summary>
    public string Silo { get; init; } = "";

    public bool IsSelf { get; init; }

    /// <summary>Null: DNS did not answer.</summary>
    public bool? IsListed { get; init; }

    /// <summary>Null: DNS did not answer, or there is no ready service.</summary>
    public bool? IsReady { get; init; }

    public bool Votes { get; init; }

    public bool Leads { get; init; }

    /// <summary>Between this silo and that one: answers, silent, refuses or foreign; empty: none is kept.</summary>
    public string Contact { get; init; } = "";
}

/// <summary>What DNS listed; null: it did not answer.</summary>
internal sealed record DnsReport(string Service, IReadOnlyDictionary<IPAddress, string>? Listed);

/// <summary>What one silo knows of the cluster: Orleans' view, DNS beside it, and the node's own status.</summary>
internal sealed record Overview(ClusterReport View, NodeReport? Node, DnsReport Discovery, DnsReport? Ready)
{
    /// <summary>Dead silos stay in the table for days, and only the newest are news.</summary>
    private const int MostDead = 20;

    public DateTime Taken { get; init; } = DateTime.UtcNow;

    public IReadOnlyList<SiloRow> Silos { get; } = [.. OverviewRows.Of(View, Node, Discovery, Ready, MostDead)];

    /// <summary>Dead ones that are not among the rows.</summary>
    public int LeftOut => View.Members.Count - Silos.Count(row => row.Silo.Length > 0);

    public int Active => Silos.Count(row => row.Status == "Active");
}
