using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using Microsoft.Extensions.Logging;
using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Discovery;
using Orleans.Clustering.KubeDns.Table;
using Orleans.Clustering.KubeDns.Transport;

namespace Orleans.Clustering.KubeDns.Node;

// What is wrong around the node and lasts: told in full, once and then every minute, and shown in the status meanwhile.
internal sealed partial class ReplicaNode
{
    // Longer than the longest pause between two attempts to speak to somebody (15 s), twice.
    private const long StillSeenFor = 40_000;

    // While DNS catches up nearly everything looks wrong for a moment.
    private static readonly TimeSpan TellAfter = TimeSpan.FromSeconds(5);

    // Pods that start together are listed one after the other.
    private static readonly TimeSpan TellAloneAfter = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan TellSilentAfter = TimeSpan.FromSeconds(20);

    private readonly ConcurrentDictionary<PeerAddress, long> _rejections = new();
    private readonly ConcurrentDictionary<PeerAddress, long> _otherVersions = new();

    private void ReportSighting(DnsSighting seen)
    {
        _dnsFailure = seen.Failure;
        if (seen.Failure.Length > 0 && _told.Pass(Kind(seen.Failure), out var leftOut))
            LogDnsFailed(seen.Failure, leftOut);

        // A look-up that failed shows nothing new: what was wrong before still is.
        if (seen is { IsComplete: false, Diagnosis: "" }) return;
        _diagnosis = seen.Diagnosis;
        if (_dns.IsDue("DNS", seen.Diagnosis, seen.DiagnosedFor, TellAfter)) LogMisconfigured(seen.Diagnosis);
    }

    /// <summary>Looks at what no answer of DNS tells by itself; after each look-up, so every 15 s at least.</summary>
    private void Review()
    {
        LookAround();
        if (_complaints.Note("founding", Alone(), TellAloneAfter) is { } alone) LogWarning("WaitingToFound", alone);
        if (_complaints.Note("foreign", Strangers(), TellAfter) is { } foreign) LogWarning("ForeignCluster", foreign);
        if (_complaints.Note("secret", Rejections(), TellAfter) is { } secret) LogAuthenticationFailed(secret);
        if (_complaints.Note("version", OtherVersions(), TellAfter) is { } version) LogProtocolMismatch(version);
        if (_complaints.Note("silent", Silent(), TellSilentAfter) is { } silent) LogWarning("WaitingToFound", silent);
        if (_complaints.Note("quorum", NoMajority(), TellAfter) is { } quorum) LogWarning("NoQuorum", quorum);
    }

    private void ReportReadyFailure(string failure)
    {
        if (failure.Length > 0 && _told.Pass($"ready {Kind(failure)}", out var leftOut))
            LogDnsFailed($"the ready service: {failure}", leftOut);
    }

    // KDNS304. In a cluster the silent are Orleans' business, and the quorum's.
    private KdnsError? Silent()
    {
        if (_replica.State is not null) return null;
        var now = Now();
        ImmutableArray<SilentPeer> silent =
        [
            .. from contact in _replica.Contacts.Values
               where contact is { Listed: not null, IsForeign: false, GreetedAt: >= 0 }
               where contact.Address != Self.Address && !Answers(contact, now)
               select new SilentPeer(
                   Place(contact.Address), contact.Refuses,
                   TimeSpan.FromMilliseconds(now - Math.Max(LastSign(contact), contact.KnownSince))),
        ];
        return silent.IsEmpty ? null : PeerErrors.Silent(_settings.Around.Service, silent);
    }

    // KDNS305.
    private KdnsError? NoMajority()
    {
        if (_replica.State is not { } state || _replica.LostSince < 0) return null;
        var waitsFor = _settings.Around.MayRescue ? _replica.RescueWaitsFor : "";
        return PeerErrors.NoMajority(
            _settings.Around.Service, state.Voters.Count,
            [.. _replica.MissingVoters.Where(voter => voter != Self).Select(voter => PlaceOf(voter))],
            waitsFor, _settings.Around.MayRescue, _replica.LastReady is not null);
    }

    // KDNS315.
    private KdnsError? OtherVersions()
    {
        Forget(_otherVersions);
        ImmutableArray<PeerPlace> peers = [.. _otherVersions.Keys.Order().Select(Place)];
        return peers.IsEmpty ? null : PeerErrors.OtherVersion(_settings.Around.Service, peers);
    }

    private static PeerPlace PlaceOf(MemberId member) =>
        new(member.Fqdn, new IPEndPoint(IPAddress.Parse(member.Address.Host), member.Address.Port));

    private void Forget(ConcurrentDictionary<PeerAddress, long> seen)
    {
        foreach (var (address, at) in seen)
        {
            if (at < Now() - StillSeenFor) seen.TryRemove(address, out _);
        }
    }

    // KDNS308. The first pod of a StatefulSet, alone: the others are made once it is ready, or there are none.
    private KdnsError? Alone()
    {
        if (_replica.State is not null) return null;
        var around = _settings.Around;
        var isAlone = _replica.LastView is { Listed: { Count: 1 } listed } && listed[0].Address == Self.Address;
        return SetupErrors.Alone(around.Service, around.Pod, Self.Address.Host, isAlone, around.MinimumSilos);
    }

    // KDNS311.
    private KdnsError? Strangers()
    {
        var now = Now();
        ImmutableArray<(PeerPlace, ClusterName)> strangers =
        [
            .. from contact in _replica.Contacts.Values
               where contact is { IsForeign: true, Refuses: false, ForeignKey: not null }
               where contact.Counts && contact.ForeignAt >= now - StillSeenFor
               select (Place(contact.Address), Name(contact.ForeignKey!)),
        ];
        return strangers.IsEmpty ? null : PeerErrors.Foreign(_settings.Around.Service, Name(_replica.Key), strangers);
    }

    // KDNS313.
    private KdnsError? Rejections()
    {
        Forget(_rejections);
        ImmutableArray<PeerPlace> peers = [.. _rejections.Keys.Order().Select(Place)];
        return peers.IsEmpty ? null
            : PeerErrors.SecretsDiffer(_settings.Around.Service, _settings.Around.HasSecret, peers);
    }

    private void NoteDelivery(PeerAddress to, PeerReply reply)
    {
        if (reply.Outcome == Delivery.Unauthenticated) _rejections[to] = Now();
        else if (reply.Outcome == Delivery.WrongVersion) _otherVersions[to] = Now();
        else if (reply.Outcome is Delivery.Replied or Delivery.NoReply)
        {
            _rejections.TryRemove(to, out _);
            _otherVersions.TryRemove(to, out _);
        }

        if (reply.Outcome is Delivery.WrongVersion or Delivery.Malformed
            && _told.Pass(reply.Outcome.ToString(), out _))
            LogRefused(to.ToString(), reply.Outcome, reply.Detail);
    }

    private PeerPlace Place(PeerAddress address)
    {
        var contact = _replica.Contacts.GetValueOrDefault(address);
        var name = contact?.Listed ?? contact?.Member?.Fqdn ?? "";
        return new PeerPlace(name, new IPEndPoint(IPAddress.Parse(address.Host), address.Port));
    }

    private static ClusterName Name(ClusterKey key) => new(key.ServiceId, key.ClusterId);

    private static string Kind(string text) => text.Split(':')[0];

    [LoggerMessage(5111, LogLevel.Warning, "{Failure} ({LeftOut} failed before, not logged)")]
    private partial void LogDnsFailed(string failure, int leftOut);

    [LoggerMessage(5108, LogLevel.Error, "Misconfigured: {Diagnosis}")]
    private partial void LogMisconfigured(string diagnosis);

    [LoggerMessage(5109, LogLevel.Error, "{Address} and this silo do not understand each other ({Outcome}): {Detail}")]
    private partial void LogRefused(string address, Delivery outcome, string detail);

    [LoggerMessage(5112, LogLevel.Error, "AuthenticationFailed: {Text}")]
    private partial void LogAuthenticationFailed(string text);

    [LoggerMessage(5114, LogLevel.Error, "ProtocolMismatch: {Text}")]
    private partial void LogProtocolMismatch(string text);

    [LoggerMessage(5113, LogLevel.Warning, "{Text}")]
    private partial void LogStanding(string text);
}
