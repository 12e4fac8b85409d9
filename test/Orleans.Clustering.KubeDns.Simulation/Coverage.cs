using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Simulation;

/// <summary>What must have happened somewhere in a suite, or it has not tested what it is for.</summary>
internal static class Coverage
{
    /// <summary>
    /// Names of traces, of faults, of committed commands, and of what is derived from commits below.
    /// </summary>
    public static readonly IReadOnlyList<string> MustHappen =
    [
        "Founding", "FoundingAdopted", "FoundingDuel", "Joined", "Snapshot", "TakingOver", "FinishedInFlight",
        "ReadRepeated", "ReadHeld", "InsertRow", "UpdateRow", "MarkEnded", "Cleanup", "SetVoters", "NoOp", "Yield",
        "SoleVoterHandedOver", "VotersGrew", "VotersShrank", "LeaderChanged", "PeerRefuses", "ForeignCluster",
        "EndedSuperseded", "EndedRefused", "EndedRemoved", "NoQuorum", "QuorumBack", "RescueWaiting", "RescueBegun",
        "Vetoed", "RescueAbandoned", "RescueResumed", "RescueAdoptsValue", "Rescued", "LocalStall", "LookedAround",
        "LineageConflict", "Yielding", "LeftBehind", "Fenced", "Killed", "Paused", "CutOff", "Rejected", "Leaving",
        "ApiCut", "ClockJumped", "Forgotten", "Forked", "Suspended", "Split", "NodeDied", "NodeCutOff", "Evicted",
        "DnsDown", "NeverStarts", "PassedOver", "RollOut", "ScaledUp", "ScaledDown", "KilledAll", "RescuerFell",
        "VotedOut", "HeldForSuperseded", "HeldForRemoved", "Unaware",
    ];

    public static IEnumerable<string> Missing(IReadOnlyDictionary<string, int> happened) =>
        MustHappen.Where(name => happened.GetValueOrDefault(name) == 0);

    /// <summary>Counts what a commit shows.</summary>
    public static void Of(Committed committed, SimSilo silo, Action<string> count)
    {
        var (before, now) = (silo.LastVoters, committed.State.Voters);
        silo.LastVoters = now;
        if (committed.Command is null) count("Snapshot");
        else count(committed.Command is TableChange change ? change.Change.GetType().Name : NameOf(committed.Command));
        if (before.Count == 0 || committed.Command is not SetVoters) return;
        if (before.Count == 1 && now.Count == 1 && before[0] != now[0]) count("SoleVoterHandedOver");
        if (now.Count > before.Count) count("VotersGrew");
        if (now.Count < before.Count) count("VotersShrank");
    }

    /// <summary>By which rule a trace declares somebody ended; null: it does not.</summary>
    public static EndRule? RuleOf(Trace trace)
    {
        const string Mark = " by rule ";
        var at = trace.Event == "MemberEnded" ? trace.Text.IndexOf(Mark, StringComparison.Ordinal) : -1;
        return at < 0 ? null : Enum.Parse<EndRule>(trace.Text[(at + Mark.Length)..].Split(':')[0]);
    }

    private static string NameOf(Command command) => command.GetType().Name;
}
