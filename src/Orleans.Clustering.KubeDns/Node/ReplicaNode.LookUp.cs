using Orleans.Clustering.KubeDns.Consensus;

namespace Orleans.Clustering.KubeDns.Node;

// Asks DNS for the machine: both services, each at most once at a time.
internal sealed partial class ReplicaNode
{
    private int _lookUps;
    private int _readyLookUps;

    private void LookUpNow()
    {
        if (Interlocked.Exchange(ref _lookUps, 1) == 0) _ = LookUpAsync();
        if (_wiring.LookUpReady is { } ready && Interlocked.Exchange(ref _readyLookUps, 1) == 0)
            _ = LookUpReadyAsync(ready);
    }

    private async Task LookUpAsync()
    {
        try
        {
            var seen = await AskAsync(_wiring.LookUp).ConfigureAwait(false);
            ReportSighting(seen);
            Post(new Viewed(ViewOf(seen)));
        }
        catch (Exception error)
        {
            ReportNoSighting(error);
        }
        finally
        {
            Review();
            Volatile.Write(ref _lookUps, 0);
        }
    }

    private async Task LookUpReadyAsync(Func<CancellationToken, Task<DnsSighting>> lookUp)
    {
        try
        {
            var seen = await AskAsync(lookUp).ConfigureAwait(false);
            ReportReadyFailure(seen.Failure);
            Post(new ViewedReady(ViewOf(seen)));
        }
        catch (Exception error)
        {
            ReportNoSighting(error);
        }
        finally
        {
            Volatile.Write(ref _readyLookUps, 0);
        }
    }

    private async Task<DnsSighting> AskAsync(Func<CancellationToken, Task<DnsSighting>> lookUp)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        bound.CancelAfter(_settings.LookUpTimeout);
        return await lookUp(bound.Token).ConfigureAwait(false);
    }

    private View ViewOf(DnsSighting seen) => new(
        Milliseconds(seen.AskedAt), seen.IsComplete, seen.Listed, (long)seen.Staleness.TotalMilliseconds,
        seen.IsMisnamed);

    // Too slow, or the node ends: nothing was learned.
    private void ReportNoSighting(Exception error)
    {
        if (error is not OperationCanceledException) LogLookUpFailed(error);
    }
}
