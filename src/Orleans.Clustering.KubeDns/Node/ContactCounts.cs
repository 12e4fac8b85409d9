using System.Collections.Concurrent;
using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Transport;

namespace Orleans.Clustering.KubeDns.Node;

/// <summary>Whom this silo met, for the metrics. Any thread may add or read.</summary>
internal sealed class ContactCounts
{
    private readonly ConcurrentDictionary<string, long> _greetings = new();
    private long _foreigners;

    /// <summary>Messages from, and answers of, silos of other clusters.</summary>
    public long Foreigners => Interlocked.Read(ref _foreigners);

    /// <summary>Greetings that this silo sent, by what became of them.</summary>
    public IEnumerable<KeyValuePair<string, long>> Greetings => _greetings;

    public void Foreigner() => Interlocked.Increment(ref _foreigners);

    /// <summary>A greeting came back with an answer, or did not.</summary>
    public void Greeted(PeerReply reply) =>
        _greetings.AddOrUpdate(Outcome(reply), 1, (_, count) => count + 1);

    private static string Outcome(PeerReply reply) => reply.Envelope?.Body switch
    {
        null => $"{reply.Outcome}",
        Greeting => "Greeted",
        var other => other.GetType().Name,
    };
}
