using System.Collections.Immutable;
using System.Net;
using Orleans.Clustering.KubeDns.Dns;

namespace Orleans.Clustering.KubeDns.Discovery;

/// <summary>
/// Looks gateways up for a client. A list, once known, outlives failures: a gateway that is gone refuses quickly, but
/// a client without any list can do nothing. For that reason also NXDOMAIN, which live pods sometimes get, empties the
/// list only after it has outlasted every negative cache.
/// </summary>
internal sealed class GatewayDiscovery(ISrvResolver resolver, ServicePort service, TimeProvider time)
{
    /// <summary>Negative answers stay in caches for 5 to 30 s.</summary>
    public static readonly TimeSpan EmptyAfter = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan LookUpLimit = TimeSpan.FromSeconds(20);

    private readonly Lock _lock = new();
    private GatewayView? _latest;
    private ImmutableArray<IPEndPoint> _whole = [];
    private ImmutableArray<IPEndPoint> _known = [];
    private long? _emptySince;

    /// <returns>Always a view; throws only if <paramref name="cancellationToken"/> asked for it.</returns>
    public async Task<GatewayView> LookUpAsync(CancellationToken cancellationToken)
    {
        var askedAt = time.GetTimestamp();
        using var limit = new CancellationTokenSource(LookUpLimit, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        SrvAnswer answer;
        try
        {
            answer = await resolver.ResolveAsync(service.SrvName, both.Token).ConfigureAwait(false);

            // Live pods were seen to get a spurious NXDOMAIN: nobody's gateways go by a single one.
            if (answer.Outcome.IsEmpty() && HasAny())
                answer = await resolver.ResolveAsync(service.SrvName, both.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            answer = new SrvAnswer(service.SrvName, DnsOutcome.TimedOut) { Detail = "the look-up took too long" };
        }

        lock (_lock)
        {
            return _latest = ToView(answer, askedAt);
        }
    }

    private GatewayView ToView(SrvAnswer answer, long askedAt)
    {
        var headless = !answer.Targets.Any(t => DnsName.Same(t.Target, service.Service.Fqdn));
        var empty = answer.Outcome.IsEmpty();
        _known = Merge(headless ? answer : answer with { Targets = [] }, empty, askedAt);
        var answered = empty || (headless && answer.Outcome == DnsOutcome.Records);
        return new GatewayView(answer.Outcome)
        {
            EverAnswered = answered || !_known.IsEmpty || _latest is { EverAnswered: true },
            Gateways = _known,
            Detail = answer.Detail,
            Diagnosis = !headless ? ServiceErrors.NotHeadless(service, answer)
                : empty ? ServiceErrors.NoService(service, null, answer)
                : answer.IsCutOff ? AnswerErrors.CutOff(service, answer) : null,
        };
    }

    private ImmutableArray<IPEndPoint> Merge(SrvAnswer answer, bool empty, long askedAt)
    {
        _emptySince = empty ? _emptySince ?? askedAt : null;
        var listed = answer.Targets.SelectMany(t => t.Addresses.Select(a => new IPEndPoint(a, t.Port)));
        _whole = answer.Outcome switch
        {
            DnsOutcome.Records when !answer.Targets.IsEmpty => Sorted(listed),
            _ when empty && time.GetElapsedTime(_emptySince!.Value) >= EmptyAfter => [],
            _ => _whole,
        };
        return answer.Outcome == DnsOutcome.Incomplete ? Sorted(listed.Concat(_whole)) : _whole;
    }

    private bool HasAny()
    {
        lock (_lock)
        {
            return !_known.IsEmpty;
        }
    }

    private static ImmutableArray<IPEndPoint> Sorted(IEnumerable<IPEndPoint> gateways) =>
        [.. gateways.Distinct().OrderBy(g => g.ToString(), StringComparer.Ordinal)];
}
