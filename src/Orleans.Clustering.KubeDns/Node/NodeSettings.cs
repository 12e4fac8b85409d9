using System.Collections.Immutable;
using Orleans.Clustering.KubeDns.Discovery;

namespace Orleans.Clustering.KubeDns.Node;

/// <summary>What the node has to know to word what is wrong; it decides nothing.</summary>
internal sealed record Surroundings
{
    public ServicePort Service { get; init; } = new(new("<service>", "<namespace>", "<domain>"), "discovery");

    /// <summary>The pod's name, empty where nobody told it.</summary>
    public string Pod { get; init; } = "";

    public int MinimumSilos { get; init; } = 1;

    public bool HasSecret { get; init; }

    /// <summary>The ready service, empty where there is none.</summary>
    public string ReadyService { get; init; } = "";

    public int MaxVoters { get; init; } = 5;

    /// <summary>Where this silo runs (zone or node); empty: not known.</summary>
    public string FailureDomain { get; init; } = "";

    /// <summary>Whether the policy lets the survivors of a lost majority go on.</summary>
    public bool MayRescue { get; init; } = true;

    /// <summary>What is wrong with the options from the start, and stays so.</summary>
    public ImmutableArray<KdnsError> Standing { get; init; } = [];
}

/// <summary>The shell's own times.</summary>
internal sealed record NodeSettings
{
    public TimeSpan WriteTimeout { get; init; } = TimeSpan.FromSeconds(5);

    public TimeSpan ReadTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>How long a protocol message is waited for; it is sent again long before.</summary>
    public TimeSpan MessageTimeout { get; init; } = TimeSpan.FromSeconds(1);

    public TimeSpan LookUpTimeout { get; init; } = TimeSpan.FromSeconds(15);

    public TimeSpan HandOverTimeout { get; init; } = TimeSpan.FromSeconds(5);

    public Surroundings Around { get; init; } = new();

    /// <summary>Inputs that may wait for the loop; beyond it requests of others are turned away.</summary>
    public int InboxCapacity { get; init; } = 10_000;
}
