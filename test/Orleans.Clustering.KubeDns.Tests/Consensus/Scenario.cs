using System.Globalization;
using System.Text.RegularExpressions;
using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Tests.Consensus;

/// <summary>
/// How a run is written down, for people: a letter for a silo (c; its pod's second process is c2), a few words for a
/// message.
/// </summary>
internal static partial class Scenario
{
    public static string Name(MemberId member) => Name(member.Nonce);

    /// <summary>
    /// The life-th process of the pod of that letter (a to f), which has had so many addresses. Its nonce begins with
    /// letter and life, so that what the core says of it can be read.
    /// </summary>
    public static MemberId Member(string name, int life = 1, int addresses = 1)
    {
        var member = Given.Member(name, life);
        var host = addresses == 1 ? member.Address.Host : $"10.0.{addresses - 1}.{name[0] - 'a' + 1}";
        var mark = ((UInt128)Convert.ToUInt32(name, 16) << 20) + (UInt128)life;
        return new MemberId(
            member.Fqdn, new PeerAddress(host, 11112), new SiloId(host, 11111, 100 + life),
            new Nonce(member.Nonce.Value + (mark << 104)));
    }

    /// <summary>What the core says, without what is the same in all of it.</summary>
    public static string Plain(string text)
    {
        text = Longwinded().Replace(text, "");
        text = Guids().Replace(text, guid => guid.Value[..4]);
        text = Members().Replace(text, member => Name(member.Groups[1].Value, member.Groups[2].Value));
        text = Numbered().Replace(
            text, each => each.Groups[1].Value + Name(each.Groups[2].Value, each.Groups[3].Value));
        return Records().Replace(text, "$1");
    }

    public static string Say(Message message) => Words(message).TrimEnd();

    private static string Words(Message message) => message switch
    {
        Prepare prepare => $"Prepare {prepare.Slot} {Say(prepare.Ballot)}",
        Promise promise => $"Promise {promise.Slot} {Say(promise.Ballot)} {Say(promise.Accepted)}",
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
        RescuePrepare prepare => $"RescuePrepare {Say(prepare.Epoch)}",
        RescuePromise promise => $"RescuePromise {Say(promise.Epoch)} at {promise.State.Index} "
            + Say(promise.Accepted),
        RescueRefused refused => $"RescueRefused {Say(refused.Epoch)}: {Plain(refused.Reason)}",
        RescueAccept accept => $"RescueAccept {Say(accept.Epoch)} at {accept.State.Index} voters "
            + Say(accept.State.Voters),
        RescueAccepted accepted => $"RescueAccepted {Say(accepted.Epoch)}",
        Rescued rescued => $"Rescued {Say(rescued.State.Epoch)}",
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
        InsertRow insert => $"InsertRow {Name(insert.Row.Owner!)}",
        UpdateRow update => $"UpdateRow {Name(update.Row.Owner!)} {update.Row.State}",
        MarkEnded ended => $"MarkEnded {Name(ended.Nonce)} {ended.Rule}",
        _ => command.GetType().Name,
    };

    private static string Say(News news) =>
        news.Snapshot is { } snapshot ? $"snapshot {snapshot.Index}"
        : news.Commands.Count == 0 ? "nothing"
        : $"{news.First} {string.Join(", ", news.Commands.Select(Say))}";

    private static string Say(Proposal? proposal) =>
        proposal is null ? "" : $"accepted {Say(proposal.Ballot)} {Say(proposal.Command)}";

    private static string Say(Ballot ballot) =>
        ballot.Round < 0 ? "none" : $"{ballot.Round}{Name(ballot.By)}";

    public static string Say(Epoch epoch) => $"{epoch.Number}-{Name(epoch.By)}";

    public static string Say(Sequence<MemberId> members) => string.Concat(members.Select(Name));

    private static string Name(Nonce nonce) =>
        Name(((char)(ulong)(nonce.Value >> 64)).ToString(), ((ulong)nonce.Value).ToString("x"));

    private static string Name(string letter, string life) =>
        int.Parse(life, NumberStyles.HexNumber) is > 1 and var lives ? $"{letter}{lives}" : letter;

    [GeneratedRegex(@"\.orleans\.demo\.svc\.cluster\.local|:11112\b")]
    private static partial Regex Longwinded();

    [GeneratedRegex(@"\b[0-9a-f]{32}\b")]
    private static partial Regex Guids();

    [GeneratedRegex(@"\b[a-f]/([a-f])([0-9a-f]{5})\b")]
    private static partial Regex Members();

    // Epochs and ballots.
    [GeneratedRegex(@"\b(\d+[-/])([a-f])([0-9a-f]{5})\b")]
    private static partial Regex Numbered();

    [GeneratedRegex(@"\w+ \{.*Change = (\w+) \{.*")]
    private static partial Regex Records();
}
