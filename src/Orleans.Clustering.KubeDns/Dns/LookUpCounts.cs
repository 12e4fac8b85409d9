using System.Collections.Concurrent;

namespace Orleans.Clustering.KubeDns.Dns;

/// <summary>How look-ups ended, for the metrics: each is counted once. Any thread may add or read.</summary>
internal sealed class LookUpCounts
{
    private readonly ConcurrentDictionary<LookUpKind, long> _counts = new();

    public IEnumerable<KeyValuePair<LookUpKind, long>> All => _counts;

    /// <summary>One has ended: of which service, and what it took.</summary>
    public event Action<string, TimeSpan>? Ended;

    public void Add(SrvAnswer answer)
    {
        var kind = new LookUpKind(Service(answer.Question), answer.Outcome, answer.ViaTcp);
        _counts.AddOrUpdate(kind, 1, (_, count) => count + 1);
        Ended?.Invoke(kind.Service, answer.Took);
    }

    // Of "_port._protocol.service.namespace…" the service: what is asked comes from the options, so there are few.
    private static string Service(string question) =>
        DnsName.Labels(question) is [_, _, var service, ..] ? DnsName.Canonical(service) : "";
}

/// <summary>What tells one count of look-ups from another.</summary>
internal readonly record struct LookUpKind(string Service, DnsOutcome Outcome, bool ViaTcp);
