using Microsoft.Extensions.Logging;
using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Discovery;

namespace Orleans.Clustering.KubeDns.Node;

// The machine's traces, and what the shell itself does, as log events: "Name: text", the name also as {Event}.
internal sealed partial class ReplicaNode
{
    private readonly Repetitions _repetitions;

    private void OnTrace(Trace trace)
    {
        _wiring.Counts.Saw(trace);
        switch (trace.Event)
        {
            case "Named" or "Founding" or "Joined" or "VotersChanged" or "LeaderChanged":
                LogChange(trace.Event, trace.Text);
                break;
            case "MemberEnded" or "MemberLives" or "PassedOver" or "NoQuorum" or "QuorumBack" or "LocalStall"
                or "RescueBegun":
                LogWarning(trace.Event, trace.Text);
                break;
            case "WaitingToFound":
                LogWarning(trace.Event, $"{trace.Text} ({Headcount()})");
                break;
            case "RescueWaiting":
                if (!IsRepeated(trace)) LogWarning(trace.Event, trace.Text + HowToGoOn());
                break;
            case "Vetoed" or "RescueAbandoned":
                if (!IsRepeated(trace)) LogWarning(trace.Event, trace.Text);
                break;
            case "RescueFailed" or "LineageConflict":
                if (!IsRepeated(trace)) LogError(trace.Event, trace.Text);
                break;
            case "Rescued":
                LogRescued(trace.Text);
                break;
            case "Yielding" or "LeftBehind" or "Fenced":
                // Told with the end of the process.
                break;
            default:
                LogDetail(trace.Event, trace.Text);
                break;
        }
    }

    private bool IsRepeated(Trace trace) => _repetitions.IsOne($"{trace.Event}: {trace.Text}");

    private string Headcount()
    {
        var now = Now();
        var others = _replica.Contacts.Values.Where(contact => contact.Address != Self.Address).ToList();
        var kinds = others.Select(contact => Describe(contact, now)).ToList();
        return $"listed {_replica.LastView?.Listed.Count ?? 0}, answered {kinds.Count(kind => kind == "answers")}, "
            + $"refused {kinds.Count(kind => kind == "refuses")}, silent {kinds.Count(kind => kind == "silent")}, "
            + $"foreign {kinds.Count(kind => kind == "foreign")}";
    }

    // Only a person can know before Kubernetes does that a pod is gone.
    private string HowToGoOn() =>
        _replica.MissingVoters.FirstOrDefault(voter => voter != Self) is { } missing
            ? "; if you know that its pod is gone for good: "
                + PeerErrors.DeletePod(_settings.Around.Service, PlaceOf(missing))
            : "";

    private void OnHandedOver()
    {
        if (_replica.State is not { } state) return;
        LogChange("HandedOver", state.IsVoter(Self.Nonce)
            ? "nobody is left that needs the table"
            : $"this silo votes no more; the voters are {state.Voters}");
    }

    private void OnOperationEnded(string op, string outcome, TimeSpan took)
    {
        if (outcome != "timed_out" || !_told.Pass($"OperationTimedOut {op}", out var leftOut)) return;
        LogOperationTimedOut(op, took.TotalSeconds, leftOut, Describe().WaitingFor);
    }

    [LoggerMessage(5100, LogLevel.Information, "{Event}: {Text}")]
    private partial void LogChange(string @event, string text);

    [LoggerMessage(5101, LogLevel.Warning, "{Event}: {Text}")]
    private partial void LogWarning(string @event, string text);

    [LoggerMessage(5102, LogLevel.Debug, "{Event}: {Text}")]
    private partial void LogDetail(string @event, string text);

    [LoggerMessage(5115, LogLevel.Error, "{Event}: {Text}")]
    private partial void LogError(string @event, string text);

    [LoggerMessage(5116, LogLevel.Warning,
        "OperationTimedOut: {Op} had no answer after {Seconds:0.0} s ({LeftOut} before, not logged). {WaitingFor}")]
    private partial void LogOperationTimedOut(string op, double seconds, int leftOut, string waitingFor);

    [LoggerMessage(5121, LogLevel.Critical, "Rescued: the majority was lost, and the others go on without it: {Text}")]
    private partial void LogRescued(string text);
}
