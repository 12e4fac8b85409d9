namespace FormationBench;

/// <summary>One way to cluster that is measured.</summary>
internal sealed record Provider(string Name, string Kind)
{
    /// <summary>Each silo is a cluster by itself: what no provider can beat.</summary>
    public bool IsAlone { get; init; }

    public double DnsStaleness { get; init; } = 0.2;

    public bool IsUnordered { get; init; }

    /// <summary>Started by the benchmark; set once it runs.</summary>
    public string ConnectionString { get; set; } = "";

    public bool IsOurs => Kind == "kubedns";

    public bool HasStore => Kind is "adonet" or "redis";

    /// <summary>In the order of the columns; those that are measured only when named come last.</summary>
    public static IReadOnlyList<Provider> All { get; } =
    [
        new("alone", "localhost") { IsAlone = true },
        new("kubedns", "kubedns"),
        new("kubedns-5s", "kubedns") { DnsStaleness = 5 },
        new("localhost", "localhost"),
        new("adonet", "adonet"),
        new("redis", "redis"),
        new("kubedns-unordered", "kubedns") { IsUnordered = true },
    ];
}
