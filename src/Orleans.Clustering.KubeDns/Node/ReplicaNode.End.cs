using Microsoft.Extensions.Logging;
using Orleans.Clustering.KubeDns.Consensus;

namespace Orleans.Clustering.KubeDns.Node;

// The ways in which the protocol itself ends this process (protocol § 8).
internal sealed partial class ReplicaNode
{
    private static readonly TimeSpan YieldsWithin = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan YieldsForcedAfter = TimeSpan.FromSeconds(30);

    private void End(EndProcess end)
    {
        LogEnding(end.Reason == EndReason.Yields ? "Yielding" : $"{end.Reason}", end.Text);
        if (end.Reason == EndReason.Yields) _ = YieldAsync(end.Text);
        else Fail(new ProcessMustEndException(end.Reason, end.Text));
    }

    // Not all at once: whoever can moves its work first. Who has not stopped by then never will.
    private async Task YieldAsync(string text)
    {
        try
        {
            var jitter = YieldsWithin * Random.Shared.NextDouble();
            await Task.Delay(jitter, _time, _stopping.Token).ConfigureAwait(false);
            _wiring.StopApplication();
            await Task.Delay(YieldsForcedAfter - jitter, _time, _stopping.Token).ConfigureAwait(false);
            _wiring.Fatal(new ProcessMustEndException(EndReason.Yields, text));
        }
        catch (OperationCanceledException)
        {
            // It has stopped.
        }
    }

    [LoggerMessage(5120, LogLevel.Critical, "{Event}: this process ends, so that its pod starts anew: {Text}")]
    private partial void LogEnding(string @event, string text);
}

/// <summary>This process must not go on: its cluster did, without it, or gave way to another.</summary>
internal sealed class ProcessMustEndException(EndReason reason, string text)
    : InvalidOperationException($"{reason}: {text}")
{
    public EndReason Reason => reason;
}
