using Microsoft.Extensions.Logging;
using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Transport;

namespace Orleans.Clustering.KubeDns.Node;

// What the node tells people: its status.
internal sealed partial class ReplicaNode
{
    private const long AnswersFor = 5_000;

    // The machine's parts read here are immutable values, so a reader on another thread sees one or the next.
    private NodeStatus Describe()
    {
        var state = _replica.State;
        var now = Now();
        var peers = _replica.Contacts.Values.Select(contact => new PeerStatus(
            contact.Address.ToString(), contact.Member?.Fqdn ?? contact.Listed ?? "", Describe(contact, now),
            TimeSpan.FromMilliseconds(LastSign(contact) < 0 ? -1 : now - LastSign(contact)))).ToList();
        var loopAge = _time.GetElapsedTime(_steppedAt);
        var vitals = Measure();
        return new NodeStatus(
            _phase, WaitingFor(state, now), loopAge, Self, state?.Lineage ?? Guid.Empty,
            state?.Epoch.Number ?? 0, state?.Index ?? -1, state?.Table.Version ?? 0, state?.Leader == Self,
            state?.IsVoter(Self.Nonce) == true, [.. (state?.Voters ?? default).Select(voter => voter.Fqdn)], peers,
            [.. (_replica.LastView?.Listed ?? default).Select(listed => $"{listed.Fqdn} {listed.Address}")],
            _diagnosis.Length > 0 ? _diagnosis : _dnsFailure)
        {
            EpochBy = state?.Epoch.By.ToString() ?? "",
            // As of the last step. A process that was paused has not stepped yet, and what it saw then is over.
            HasMajority = _replica.HasMajority && loopAge.TotalMilliseconds < AnswersFor,
            Complaints = _complaints.Texts,
            Standing = [.. _settings.Around.Standing.Select(error => error.Message)],
            Vitals = vitals,
            Findings = Found(vitals, state),
        };
    }

    private string WaitingFor(ClusterState? state, long now)
    {
        if (_phase is NodePhase.Stopped or NodePhase.NotStarted) return "";
        if (state is null)
            return $"waiting for {(_replica.WaitingFor is { Length: > 0 } what ? what : "the cluster to be founded")}";
        if (_replica.LostSince >= 0) return WaitingForMajority();
        var missing = state.Voters
            .Where(voter => voter != Self && !Answers(_replica.Contacts.GetValueOrDefault(voter.Address), now))
            .ToList();
        return state.Voters.Count - missing.Count >= state.Majority || !state.IsVoter(Self.Nonce)
            ? ""
            : $"KDNS305: no majority of the voters answers; missing {string.Join(", ", missing.Select(m => m.Fqdn))}";
    }

    private string WaitingForMajority()
    {
        var missing = string.Join(", ", _replica.MissingVoters.Select(voter => voter.Fqdn));
        var rescue = !_settings.Around.MayRescue ? "; QuorumLoss is Wait: they must come back"
            : _replica.RescueWaitsFor is { Length: > 0 } what ? $"; the rescue waits for {what}" : "; rescuing";
        return $"KDNS305: no majority of the voters answers; missing {missing}{rescue}";
    }

    // Who greets us need not be greeted, so a request of theirs shows life as well as a reply.
    private static bool Answers(Contact? contact, long now) =>
        contact is { Refuses: false } && LastSign(contact) >= 0 && LastSign(contact) >= now - AnswersFor;

    private static long LastSign(Contact contact) => Math.Max(contact.AnsweredAt, contact.HeardAt);

    private static string Describe(Contact contact, long now) =>
        contact.IsForeign ? "foreign" : contact.Refuses ? "refuses" : Answers(contact, now) ? "answers" : "silent";

    [LoggerMessage(5103, LogLevel.Warning, "NoQuorum: joined, but the first read found no majority: {Reason}")]
    private partial void LogNoQuorumYet(string reason);

    [LoggerMessage(5104, LogLevel.Warning, "Stopping without having handed the vote over within {Seconds} s")]
    private partial void LogNotHandedOver(double seconds);

    [LoggerMessage(5105, LogLevel.Error, "Sending to {Address} failed in an unexpected way")]
    private partial void LogUnexpected(Exception error, string address);

    [LoggerMessage(5106, LogLevel.Warning, "DnsFailed: a look-up failed in an unexpected way")]
    private partial void LogLookUpFailed(Exception error);

    [LoggerMessage(5110, LogLevel.Information, "Listening: {Fqdn} at {Address}")]
    private partial void LogListening(string fqdn, string address);

    [LoggerMessage(5107, LogLevel.Critical, "The replica broke a rule of its protocol and ends this process")]
    private partial void LogFailed(Exception error);
}
