namespace KubeDns.Local.Server;

/// <summary>What a name below the zone asks about, read as CoreDNS reads it.</summary>
/// <param name="Namespace">Namespace, if the name is that long.</param>
/// <param name="Service">Service, if the name is that long.</param>
internal sealed record ServiceName(string? Namespace, string? Service)
{
    /// <summary>First label of an endpoint's name.</summary>
    public string? Endpoint { get; init; }

    public string? Port { get; init; }

    public string? Protocol { get; init; }

    /// <summary>Null: no name of this shape can exist.</summary>
    public static ServiceName? Parse(IReadOnlyList<string> labels)
    {
        if (labels.Count == 0 || labels is [var only] && (Is(only, "svc") || Is(only, "pod")))
        {
            return new ServiceName(null, null);
        }

        // Names below "pod" say nothing about services; CoreDNS has them only on demand, so here they do not exist.
        if (!Is(labels[^1], "svc"))
        {
            return null;
        }

        var service = labels.Count > 2 ? labels[^3].ToLowerInvariant() : null;
        var name = new ServiceName(labels[^2].ToLowerInvariant(), service);
        return labels.Count switch
        {
            <= 3 => name,
            4 => name with { Endpoint = labels[0] },
            5 => name with { Port = WithoutUnderscore(labels[0]), Protocol = WithoutUnderscore(labels[1]) },
            _ => null,
        };
    }

    public bool AsksFor(string portName, string protocol) =>
        (string.IsNullOrEmpty(Port) || Is(Port, portName))
        && (string.IsNullOrEmpty(Protocol) || Is(Protocol, protocol));

    public static bool Is(string a, string b) => string.Equals(a, b, StringComparison.OrdinalIgnoreCase);

    private static string WithoutUnderscore(string label) => label[0] == '_' ? label[1..] : label;
}
