using System.Collections.Concurrent;
using System.Diagnostics;
using Orleans;

namespace TableBench.Load;

/// <summary>
/// So many callers that call one operation again and again. A write is what Orleans makes of it: read the table, then
/// write at the version read; only the write is timed as a call, but the reading counts in how many were done. Rows
/// that an insert leaves are cleaned up untimed before the table has grown by a quarter.
/// </summary>
internal sealed class Callers(IMembershipTable table, IReadOnlyList<int> servers, int rows, int callers)
{
    private readonly ConcurrentBag<List<double>> _calls = [];
    private int _lost;
    private int _failed;
    private int _mayInsert;
    private double _callerCpu;
    private double _serverCpu;

    public async Task<Sample> RunAsync(Operation operation, TimeSpan length, CancellationToken stop)
    {
        var took = TimeSpan.Zero;
        try
        {
            while (took < length && _failed == 0)
            {
                _mayInsert = Math.Max(10, rows / 4);
                took += await TurnAsync(operation, length - took, stop);
                if (operation == Operation.InsertRow) await table.CleanupDefunctSiloEntriesAsync(Rows.DeadBefore, stop);
            }
        }
        catch (Exception) when (!stop.IsCancellationRequested)
        {
            // Between the turns: what was measured before it still holds.
            Interlocked.Increment(ref _failed);
        }

        return new Sample(
            took, [.. _calls.SelectMany(calls => calls)], _lost, _failed, _callerCpu, _serverCpu);
    }

    private async Task<TimeSpan> TurnAsync(Operation operation, TimeSpan length, CancellationToken stop)
    {
        var known = await table.ReadAllAsync(stop);
        var (caller, server) = (Own, CpuTime.Of(servers));
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(async () =>
        {
            var own = known.Members[caller % known.Members.Count].Item1;
            var calls = new List<double>();
            _calls.Add(calls);
            try
            {
                while (clock.Elapsed < length && await CallAsync(operation, own, calls, stop))
                    stop.ThrowIfCancellationRequested();
            }
            catch (Exception) when (!stop.IsCancellationRequested)
            {
                // An answer too: the store did not do it. It ends the turn, and is told.
                Interlocked.Increment(ref _failed);
            }
        }, stop)));
        var took = clock.Elapsed;
        _callerCpu += Own - caller;
        _serverCpu += CpuTime.Of(servers) - server;
        return took;
    }

    private static double Own => Environment.CpuUsage.TotalTime.TotalSeconds;

    /// <summary>False: there is nothing left to do in this turn.</summary>
    private async Task<bool> CallAsync(
        Operation operation, MembershipEntry own, List<double> calls, CancellationToken stop)
    {
        switch (operation)
        {
            case Operation.ReadAll:
                return await TimedAsync(calls, async () => (await table.ReadAllAsync(stop)).Members.Count > 0);
            case Operation.UpdateIAmAlive:
                own.IAmAliveTime = DateTime.UtcNow;
                return await TimedAsync(calls, async () =>
                {
                    await table.UpdateIAmAliveAsync(own, stop);
                    return true;
                });
            case Operation.InsertRow:
                var next = (await table.ReadAllAsync(stop)).Version.Next();
                NoteLoss(await TimedAsync(calls, () => table.InsertRowAsync(Rows.Dead(), next, stop)));
                return Interlocked.Decrement(ref _mayInsert) > 0;
            case Operation.UpdateRow:
                var now = await table.ReadAllAsync(stop);
                var (entry, etag) = now.Members.First(row => row.Item1.SiloAddress.Equals(own.SiloAddress));
                NoteLoss(await TimedAsync(calls, () => table.UpdateRowAsync(entry, etag, now.Version.Next(), stop)));
                return true;
            default:
                throw new ArgumentOutOfRangeException(nameof(operation));
        }
    }

    private void NoteLoss(bool won)
    {
        if (!won) Interlocked.Increment(ref _lost);
    }

    private static async Task<bool> TimedAsync(List<double> calls, Func<Task<bool>> call)
    {
        var begun = Stopwatch.GetTimestamp();
        var answer = await call();
        calls.Add(Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
        return answer;
    }
}
