namespace SiloApp.Pages;

/// <summary>What the page reads of a node's <c>/statusz</c>; whatever else stands there is passed over.</summary>
internal sealed record NodeReport(string Phase, string Silo, int Epoch, int TableVersion, bool IsVoter)
{
    public bool Stopping { get; init; }

    public string SelfAddress { get; init; } = "";

    public Guid Lineage { get; init; }

    /// <summary>What holds this silo up, or the whole table: for whom and for which evidence. Empty: nothing.</summary>
    public string WaitingFor { get; init; } = "";

    public string Diagnosis { get; init; } = "";

    public IReadOnlyList<string> Warnings { get; init; } = [];

    public IReadOnlyList<NodeReason> Reasons { get; init; } = [];

    /// <summary>By their names; the first one leads.</summary>
    public IReadOnlyList<string> Voters { get; init; } = [];

    public IReadOnlyList<NodePeer> Peers { get; init; } = [];

    public bool HasJoined => Lineage != Guid.Empty;

    public bool HasQuorum => HasJoined && Reasons.All(reason => reason.Kind != "no_quorum");
}

/// <summary>Something that is not as it should be, and for how long.</summary>
internal sealed record NodeReason(string Kind, string Text, double Seconds);

/// <summary>How this silo gets on with another.</summary>
internal sealed record NodePeer(string Address, string Name, string Contact);
