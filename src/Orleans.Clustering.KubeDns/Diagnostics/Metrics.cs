using System.Diagnostics.Metrics;
using Orleans.Clustering.KubeDns.Dns;
using Orleans.Clustering.KubeDns.Node;
using Orleans.Clustering.KubeDns.Transport;

namespace Orleans.Clustering.KubeDns.Diagnostics;

/// <summary>
/// All metrics, and their names, which are part of the public surface. The rooms count for themselves and know nothing
/// of this; here their counts are only looked at, when somebody collects, and what they measure is passed on.
/// </summary>
internal sealed partial class Metrics : IDisposable
{
    public const string MeterName = "Orleans.Clustering.KubeDns";

    private readonly Meter _meter;

    /// <param name="meters">The host's, so that two silos of one process are told apart; null: none is there.</param>
    public Metrics(IMeterFactory? meters) =>
        _meter = meters?.Create(MeterName) ?? new Meter(MeterName);

    public void Dispose() => _meter.Dispose();

    public void Watch(LookUpCounts lookUps)
    {
        _meter.CreateObservableCounter(
            "dns.lookups",
            () => lookUps.All.Select(count => new Measurement<long>(
                count.Value,
                Tag("service", count.Key.Service),
                Tag("outcome", Words.Of(count.Key.Outcome)),
                Tag("transport", count.Key.ViaTcp ? "tcp" : "udp"))),
            "{lookup}",
            "Look-ups of a service, by how they ended and over what the deciding answer came.");
        var duration = _meter.CreateHistogram<double>(
            "dns.duration", "s", "How long a look-up took, all its questions and tries together.");
        lookUps.Ended += (service, took) => duration.Record(took.TotalSeconds, Tag("service", service));
    }

    public void Watch(ContactCounts contacts)
    {
        _meter.CreateObservableCounter(
            "greetings",
            () => contacts.Greetings.Select(
                count => new Measurement<long>(count.Value, Tag("outcome", Words.Of(count.Key)))),
            "{greeting}",
            "Greetings that this silo sent to listed peers, by what became of them.");
        _meter.CreateObservableCounter(
            "foreign_contacts",
            () => contacts.Foreigners,
            "{contact}",
            "Messages from, and answers of, silos of other clusters.");
    }

    public void Watch(TransportCounts transport)
    {
        _meter.CreateObservableCounter(
            "auth_failures",
            () => transport.AuthFailures,
            "{message}",
            "Messages and replies whose authentication failed, here or at the peer (KDNS313).");
        _meter.CreateObservableCounter(
            "version_mismatches",
            () => transport.WrongVersions,
            "{message}",
            "Messages and replies of another protocol version, here or at the peer (KDNS315).");
        _meter.CreateObservableCounter(
            "rejections",
            () => Enum.GetValues<Rejection>().Select(reason => new Measurement<long>(
                transport.Rejected(reason), Tag("reason", Words.Of(reason)))),
            "{rejection}",
            "Connections and requests that the discovery port turned away, by reason.");
    }

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);
}
