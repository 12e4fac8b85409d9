using FormationBench.Fleet;
using FormationBench.Silo;

namespace FormationBench;

/// <summary>One thing that was timed.</summary>
internal sealed record Measure(string What, double Seconds, int Lost, double Cpu);

/// <summary>One cluster's life, from its forming to its end; tells of each thing as it is measured.</summary>
internal sealed class Trial(
    Provider provider, Silos silos, Status status, IReadOnlyList<string> only, Action<Measure> tell)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    public async Task RunAsync(int size, CancellationToken stop)
    {
        var begun = silos.Start(Enumerable.Range(0, size));
        Tell("form", begun, await silos.UntilAllActiveAsync(stop));
        if (provider.IsAlone) return;
        if (size >= 3)
        {
            if (only.Contains("crash")) await CrashAsync(stop);
            if (only.Contains("leader") && provider.IsOurs) await LoseLeaderAsync(stop);
            if (only.Contains("hung")) await HangAsync(stop);
        }

        if (only.Contains("restart")) await RestartAsync(size, stop);
    }

    private async Task CrashAsync(CancellationToken stop)
    {
        var victim = silos.Live[^1];
        var killed = silos.Kill(victim);
        Tell("crash", killed, await silos.UntilGoneAsync(victim, stop));
        Tell("rejoin", Replace(victim), await silos.UntilAllActiveAsync(stop));
    }

    private async Task LoseLeaderAsync(CancellationToken stop)
    {
        var leader = await status.UntilSettledAsync(silos.Live, stop);
        var writer = silos.Live.First(silo => silo != leader);
        var killed = DateTime.MaxValue;
        var isWriting = new TaskCompletionSource();
        var isDone = new TaskCompletionSource<DateTime>();
        void On(Wrote wrote)
        {
            isWriting.TrySetResult();
            if (wrote.Begun >= killed) isDone.TrySetResult(wrote.At);
        }

        silos.Written += On;
        await writer.TellAsync(SiloProgram.Write);
        await isWriting.Task.WaitAsync(Limit, stop);
        killed = silos.Kill(leader);
        Tell("leader", killed, await isDone.Task.WaitAsync(Limit, stop));
        silos.Written -= On;
        await writer.TellAsync(SiloProgram.Quiet);
        await silos.UntilGoneAsync(leader, stop);
        Replace(leader);
        await silos.UntilAllActiveAsync(stop);
        await status.UntilSettledAsync(silos.Live, stop);
    }

    private async Task HangAsync(CancellationToken stop)
    {
        var victim = silos.Live[^1];
        var stopped = await silos.HangAsync(victim);
        Tell("hung", stopped, await silos.UntilGoneAsync(victim, stop));
        victim.Kill();
        silos.RemovePod(victim);
    }

    // As after the loss of all nodes: the pods are deleted, and others come that nobody knows.
    private async Task RestartAsync(int size, CancellationToken stop)
    {
        foreach (var silo in silos.Live.ToList())
        {
            silos.Kill(silo);
            silos.RemovePod(silo);
        }

        var begun = silos.Start(Enumerable.Range(0, size));
        Tell("restart", begun, await silos.UntilAllActiveAsync(stop));
    }

    private DateTime Replace(SiloProcess silo)
    {
        silos.RemovePod(silo);
        return silos.Start([int.Parse(silo.Settings.Name["silo-".Length..])]);
    }

    private void Tell(string what, DateTime begun, DateTime ended) =>
        tell(new Measure(what, (ended - begun).TotalSeconds, silos.Lost, silos.Cpu));
}
