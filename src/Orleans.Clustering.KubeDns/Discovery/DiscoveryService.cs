using System.Collections.Immutable;
using Orleans.Clustering.KubeDns.Dns;

namespace Orleans.Clustering.KubeDns.Discovery;

/// <summary>What to look up and how far to trust it.</summary>
internal sealed record DiscoverySettings(ServicePort Service, Identity Self)
{
    public ServiceRole Role { get; init; } = ServiceRole.Discovery;

    /// <summary>The option; null derives it from the TTLs seen.</summary>
    public TimeSpan? DnsStaleness { get; init; }

    /// <summary>Bound on one look-up, also if the resolver breaks its own.</summary>
    public TimeSpan LookUpLimit { get; init; } = TimeSpan.FromSeconds(20);
}

/// <summary>
/// Looks one service up and keeps what later look-ups need: whether it was ever there, how old answers may be, and
/// since when the same thing is wrong. The last good view itself is kept by who acts on it.
/// </summary>
internal sealed class DiscoveryService(ISrvResolver resolver, DiscoverySettings settings, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly SelfCheck _check = new(settings.Self, settings.Service, settings.Role);
    private readonly TtlWatch _ttls = new(time);
    private bool _everComplete;
    private bool _believedEmpty;
    private (string Code, long Since)? _diagnosed;

    /// <summary>How old an answer may be: the option, else as the TTLs tell.</summary>
    public TimeSpan Staleness
    {
        get
        {
            lock (_lock)
            {
                return settings.DnsStaleness ?? _ttls.Staleness;
            }
        }
    }

    /// <summary>One look-up, or two: a service that seems to have become empty is asked about once more.</summary>
    /// <returns>Always a view; throws only if <paramref name="cancellationToken"/> asked for it.</returns>
    public async Task<PeerView> LookUpAsync(CancellationToken cancellationToken)
    {
        var view = await AskAsync(cancellationToken).ConfigureAwait(false);
        if (BecameEmpty(view))
        {
            view = await AskAsync(cancellationToken).ConfigureAwait(false);
        }

        return Keep(view);
    }

    private async Task<PeerView> AskAsync(CancellationToken cancellationToken)
    {
        var askedAt = time.GetTimestamp();
        using var limit = new CancellationTokenSource(settings.LookUpLimit, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            var answer = await resolver.ResolveAsync(settings.Service.SrvName, both.Token).ConfigureAwait(false);
            return ToView(answer, askedAt);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            var detail = $"the look-up took longer than {settings.LookUpLimit.TotalSeconds:0.#} s";
            return new PeerView(DnsOutcome.TimedOut, askedAt) { Detail = detail };
        }
    }

    private PeerView ToView(SrvAnswer answer, long askedAt)
    {
        var self = _check.Judge(answer);
        return new PeerView(answer.Outcome, askedAt)
        {
            // The address of a service that is not headless is nobody's in particular.
            Peers = self.Standing == SelfStanding.NotHeadless ? [] : Peers(answer),
            MaxTtl = answer.MaxTtl,
            SawZeroTtl = answer.SawZeroTtl,
            Detail = answer.Detail,
            Self = self,
        };
    }

    private static ImmutableArray<Peer> Peers(SrvAnswer answer) =>
        [.. answer.Targets
            .SelectMany(t => t.Addresses.Select(a => new Peer(DnsName.Canonical(t.Target), a, t.Port)))
            .Distinct()
            .OrderBy(p => p.Fqdn, StringComparer.Ordinal)
            .ThenBy(p => p.Address.ToString(), StringComparer.Ordinal)
            .ThenBy(p => p.Port)];

    private bool BecameEmpty(PeerView view)
    {
        lock (_lock)
        {
            return view.Outcome.IsEmpty() && _everComplete && !_believedEmpty;
        }
    }

    private PeerView Keep(PeerView view)
    {
        lock (_lock)
        {
            view = WithDuration(view);
            _everComplete |= view.IsComplete;
            _believedEmpty = view.Outcome.IsEmpty() || (_believedEmpty && !view.IsComplete);
            if (!view.Peers.IsEmpty) _ttls.Saw(view);
            return view;
        }
    }

    // A failed look-up neither confirms nor lifts a diagnosis.
    private PeerView WithDuration(PeerView view)
    {
        if (view.Diagnosis is not { } error)
        {
            _diagnosed = view.Self.Standing == SelfStanding.Unknown ? _diagnosed : null;
            return view;
        }

        var since = _diagnosed is { } former && former.Code == error.Code ? former.Since : view.AskedAt;
        _diagnosed = (error.Code, since);
        var lasting = error with { Lasting = time.GetElapsedTime(since) };
        return view with { Self = view.Self with { Error = lasting } };
    }
}
