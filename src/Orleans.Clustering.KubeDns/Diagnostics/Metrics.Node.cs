using System.Diagnostics.Metrics;
using Orleans.Clustering.KubeDns.Node;

namespace Orleans.Clustering.KubeDns.Diagnostics;

// What the node does, and where it stands.
internal sealed partial class Metrics
{
    public void Watch(Operations operations)
    {
        _meter.CreateObservableCounter(
            "operations",
            () => operations.All.Select(count => new Measurement<long>(
                count.Value, Tag("op", count.Key.Op), Tag("outcome", count.Key.Outcome))),
            "{operation}",
            "This silo's operations on the membership table, by how they ended.");
        var duration = _meter.CreateHistogram<double>(
            "operation.duration", "s", "How long an operation on the membership table took, however it ended.");
        operations.Ended += (op, _, took) => duration.Record(took.TotalSeconds, Tag("op", op));
    }

    public void Watch(NodeCounts counts)
    {
        Count("takeovers", "cause", counts.TakeOvers, "{takeover}", "Leaders that this voter passed over, by cause.");
        Count("voter_changes", "cause", counts.VoterChanges, "{change}",
            "Changes of the voter set that this silo learned of, by what they did.");
        Count("ended", "rule", counts.Ended, "{silo}", "Silos that this one found to have ended, by rule.");
        Count("rescues", "outcome", counts.Rescues, "{rescue}", "Rescues that this silo attempted, by outcome.");
        _meter.CreateObservableCounter("prepare_rounds", () => counts.PrepareRounds, "{round}",
            "First phases of consensus: none while one leader is left alone.");
        _meter.CreateObservableCounter("stalls", () => counts.Stalls, "{stall}",
            "Times that this process stood still for longer than StallFence.");
        _meter.CreateObservableCounter("lineage_conflicts", () => counts.LineageConflicts, "{look}",
            "Looks, one a second, that showed a second working cluster of the same name.");
        var duration = _meter.CreateHistogram<double>(
            "decide.duration", "s", "From this silo's first message about a change to its being decided.");
        counts.Decided += took => duration.Record(took.TotalSeconds);
    }

    /// <param name="status">What is known now; asked whenever somebody collects.</param>
    public void Watch(Func<NodeStatus> status)
    {
        WatchQuorum(status);
        WatchProgress(status);
        WatchDiscovery(status);
    }

    private void WatchQuorum(Func<NodeStatus> status)
    {
        Gauge("quorum", "{quorum}", "1: a majority of the voters works; 0: none does. Nothing before this silo joined.",
            () => status() is { } now && IsMember(now) ? [new(now.Vitals.HasQuorum ? 1 : 0)] : []);
        Gauge("seconds_without_quorum", "s", "For how long none has worked.",
            () => [new(status().Vitals.WithoutQuorum.TotalSeconds)]);
        Gauge("is_leader", "{leader}", "1: this silo leads.", () => [new(status().IsLeader ? 1 : 0)]);
        Gauge("is_voter", "{voter}", "1: this silo votes.", () => [new(status().IsVoter ? 1 : 0)]);
        Gauge("voters", "{voter}", "Silos that vote.", () => [new(status().Voters.Count)]);
        Gauge("voters_reachable", "{voter}", "Voters that answer this silo, itself included.",
            () => [new(status().Vitals.VotersReachable)]);
        Gauge("voter_domains", "{domain}", "Known failure domains in which a voter stands.",
            () => [new(status().Vitals.VoterDomains)]);
        Gauge("learners", "{silo}", "Silos that do not vote.", () => [new(status().Vitals.Learners)]);
    }

    private void WatchProgress(Func<NodeStatus> status)
    {
        Gauge("epoch", "{epoch}", "1 after the founding, one more with each rescue.", () => [new(status().Epoch)]);
        Gauge("log_index", "{command}", "The last decided command that this silo applied.",
            () => [new(status().LogIndex)]);
        Gauge("table_version", "{version}", "The membership table's version here.",
            () => [new(status().TableVersion)]);
        Gauge("founding_wait", "s", "How long this silo has waited, or waited, to found or join a cluster.",
            () => [new(status().Vitals.FoundingWait.TotalSeconds)]);
        Gauge("rescue_blocked", "{rescue}", "1, while a rescue waits; the reason tells for what.",
            () => status().Vitals.RescueBlockedBy is { Length: > 0 } reason ? [new(1, Tag("reason", reason))] : []);
    }

    private void WatchDiscovery(Func<NodeStatus> status)
    {
        Gauge("dns.listed", "{silo}", "Silos in the newest complete answer about a service.",
            () => status().Vitals.Listed.Select(each => new Measurement<double>(each.Value, Tag("service", each.Key))));
        Gauge("dns.answer_age", "s", "How long ago the newest complete answer of the discovery service was asked for.",
            () => status().Vitals.AnswerAge is { } age ? [new(age.TotalSeconds)] : []);
        Gauge("self_listed", "{silo}", "1: the discovery service lists this silo's address.",
            () => [new(status().Vitals.IsSelfListed ? 1 : 0)]);
    }

    private static bool IsMember(NodeStatus status) => status.Lineage != Guid.Empty;

    private void Gauge(string name, string unit, string description, Func<IEnumerable<Measurement<double>>> read) =>
        _meter.CreateObservableGauge(name, read, unit, description);

    private void Count(string name, string tag, Tally tally, string unit, string description) =>
        _meter.CreateObservableCounter(
            name, () => tally.All.Select(count => new Measurement<long>(count.Value, Tag(tag, count.Key))), unit,
            description);
}
