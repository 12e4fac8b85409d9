namespace Orleans.Clustering.KubeDns.Node;

/// <summary>The numbers of a node's status, for the metrics.</summary>
internal sealed record NodeVitals
{
    /// <summary>
    /// Whether a majority of the voters works: as this voter sees it, or, elsewhere, as nothing speaks against it.
    /// </summary>
    public bool HasQuorum { get; init; }

    /// <summary>For how long it has not, since this silo joined.</summary>
    public TimeSpan WithoutQuorum { get; init; }

    /// <summary>Voters that answer, this silo too if it votes.</summary>
    public int VotersReachable { get; init; }

    /// <summary>Known failure domains in which a voter stands.</summary>
    public int VoterDomains { get; init; }

    /// <summary>Silos with a row that is not on its way out, and no vote.</summary>
    public int Learners { get; init; }

    /// <summary>How many silos each service listed in its newest complete answer.</summary>
    public IReadOnlyDictionary<string, int> Listed { get; init; } = new Dictionary<string, int>();

    public bool IsSelfListed { get; init; }

    /// <summary>How old the discovery service's newest complete answer is; null: there was none.</summary>
    public TimeSpan? AnswerAge { get; init; }

    /// <summary>How long this silo has waited for a cluster, or did.</summary>
    public TimeSpan FoundingWait { get; init; }

    /// <summary>What a rescue waits for, in one word of few; empty: none waits.</summary>
    public string RescueBlockedBy { get; init; } = "";
}
