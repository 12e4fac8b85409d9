using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Clustering.KubeDns.Membership;
using Orleans.Runtime;

namespace Orleans.Clustering.KubeDns.Hosting;

/// <summary>
/// Asks Orleans to read the table once the node has learned of a version above what Orleans has read, so that nothing
/// waits for its periodic refresh. Versions learned meanwhile are asked for together, by one task at a time.
/// </summary>
internal sealed partial class MembershipRefresher(
    IServiceProvider services, TimeProvider time, ILogger<MembershipRefresher> log) : IDisposable
{
    private static readonly TimeSpan MostJitter = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan RefreshLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stopped = new();
    private int _learned = int.MinValue;
    private int _running;

    /// <summary>Takes note of a version and returns at once; never throws.</summary>
    public void Learned(int version)
    {
        var known = Volatile.Read(ref _learned);
        while (version > known)
        {
            var seen = Interlocked.CompareExchange(ref _learned, version, known);
            if (seen == known) break;
            known = seen;
        }

        StartUnlessRunning();
    }

    public void Dispose() => _stopped.Cancel();

    private void StartUnlessRunning()
    {
        if (_stopped.IsCancellationRequested || Interlocked.Exchange(ref _running, 1) != 0) return;
        _ = Task.Run(RunAsync);
    }

    private async Task RunAsync()
    {
        var done = int.MinValue;
        try
        {
            done = await CatchUpAsync();
        }
        catch (Exception) when (_stopped.IsCancellationRequested)
        {
            return;
        }
        finally
        {
            Volatile.Write(ref _running, 0);
        }

        // A version learned after the last look and before the line above found this task still running.
        if (Volatile.Read(ref _learned) > done) StartUnlessRunning();
    }

    // The jitter keeps all silos from reading at once, and lets Orleans' own write or gossip arrive first.
    private async Task<int> CatchUpAsync()
    {
        await Task.Delay(MostJitter * Random.Shared.NextDouble(), time, _stopped.Token);
        while (true)
        {
            var target = Volatile.Read(ref _learned);
            if (await TryReachAsync(target)) return target;
            await Task.Delay(RetryAfter, time, _stopped.Token);
        }
    }

    private async Task<bool> TryReachAsync(int target)
    {
        try
        {
            // Resolved late: the service depends on the table, which the node stands behind.
            var membership = services.GetRequiredService<IClusterMembershipService>();
            var read = membership.CurrentSnapshot.Version;
            if (read >= new MembershipVersion(target)) return true;

            // Before its first read Orleans has no table to refresh; that read may be under way and miss this version.
            if (read == MembershipVersion.MinValue) return false;
            using var limit = new CancellationTokenSource(RefreshLimit, time);
            using var bound = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _stopped.Token);
            ReadPurpose.BeginRefresh();
            await membership.Refresh(new MembershipVersion(target), bound.Token);
            return true;
        }
        catch (Exception failure) when (!_stopped.IsCancellationRequested)
        {
            LogRefreshFailed(failure, target);
            return false;
        }
    }

    [LoggerMessage(EventId = 7603, Level = LogLevel.Debug,
        Message = "Orleans could not be brought to table version {Version} yet")]
    private partial void LogRefreshFailed(Exception failure, int version);
}
