using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Tests.Consensus;

/// <summary>How a run is written down, for people: one letter for a silo, a few words for a message.</summary>
internal static class Scenario
{
    public static string Name(PeerAddress address) =>
        ((char)('a' + int.Parse(address.Host.Split('.')[^1]) - 1)).ToString();

    public static string Say(Message message) => message switch
    {
        Prepare prepare => $"Prepare {prepare.Slot} {Say(prepare.Ballot)}",
        Promise promise => $"Promise {promise.Slot} {Say(promise.Ballot)} {Say(promise.Accepted)}".TrimEnd(),
        Accept accept => $"Accept {accept.Slot} {Say(accept.Ballot)} {Say(accept.Command)}",
        Accepted accepted => $"Accepted {accepted.Slot} {Say(accepted.Ballot)}",
        Refused refused => $"Refused {refused.Slot} {Say(refused.Ballot)}, promised {Say(refused.Promised)}",
        Decided decided => $"Decided {Say(decided.News)}",
        Applied applied => $"Applied {applied.Index}",
        Fetch fetch => $"Fetch {fetch.Index}",
        Fetched fetched => $"Fetched {Say(fetched.News)}",
        Probe probe => $"Probe {probe.Round}",
        Mark mark => $"Mark {mark.Round} at {mark.Index}{(mark.HasAccepted ? " and accepted" : "")}",
        Submit submit => $"Submit {submit.Id.Number} {Say(submit.Change)}",
        Submitted submitted => $"Submitted {submitted.Id.Number} {submitted.Answer}",
        FoundPrepare prepare => $"FoundPrepare {Say(prepare.Ballot)}",
        FoundPromise promise => $"FoundPromise {Say(promise.Ballot)}{(promise.Accepted is null ? "" : " accepted")}",
        FoundAccept accept => $"FoundAccept {Say(accept.Ballot)} voters {Say(accept.State.Voters)}",
        FoundAccepted accepted => $"FoundAccepted {Say(accepted.Ballot)}",
        _ => message.GetType().Name,
    };

    public static string Say(Command command) => command switch
    {
        TableChange change => Say(change.Change),
        SetVoters voters => $"SetVoters {Say(voters.Voters)}",
        _ => command.GetType().Name,
    };

    private static string Say(TableCommand command) => command switch
    {
        InsertRow insert => $"InsertRow {Name(insert.Row.Owner!.Address)}",
        UpdateRow update => $"UpdateRow {Name(update.Row.Owner!.Address)} {update.Row.State}",
        MarkEnded ended => $"MarkEnded {(char)(ulong)(ended.Nonce.Value >> 64)}",
        _ => command.GetType().Name,
    };

    private static string Say(News news) =>
        news.Snapshot is { } snapshot ? $"snapshot {snapshot.Index}"
        : news.Commands.Count == 0 ? "nothing"
        : $"{news.First} {string.Join(", ", news.Commands.Select(Say))}";

    private static string Say(Proposal? proposal) =>
        proposal is null ? "" : $"accepted {Say(proposal.Ballot)} {Say(proposal.Command)}";

    private static string Say(Ballot ballot) =>
        ballot.Round < 0 ? "none" : $"{ballot.Round}{(char)(ulong)(ballot.By.Value >> 64)}";

    private static string Say(Sequence<MemberId> members) =>
        string.Concat(members.Select(member => Name(member.Address)));
}
