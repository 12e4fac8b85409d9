using Orleans.Clustering.KubeDns.Simulation.Linearizability;

namespace Orleans.Clustering.KubeDns.Simulation;

/// <summary>How a run ended: what it did, and whether the cluster settled once the faults had stopped.</summary>
internal sealed record RunResult(
    ulong Seed, int Steps, int Commits, int Reads, int Writes, int Lineages, bool NeedsRescue, ulong TraceHash,
    IReadOnlyDictionary<string, int> Happened);

/// <summary>
/// One seed: a phase in which anything may fail and only safety is asked for, then a whole network in which the
/// cluster must settle within a bound, unless the majority of its voters is gone for good.
/// </summary>
internal sealed class Run
{
    private readonly SimRandom _random;
    private readonly World _world;
    private readonly Kubernetes _kubernetes;
    private readonly Faults _faults;
    private readonly Settling _settling;

    private Run(ulong seed, TextWriter? trace)
    {
        _world = new World(seed, trace);
        _random = new SimRandom(seed ^ 0x5DEECE66D);
        _kubernetes = new Kubernetes(_world, _random);
        _faults = new Faults(_world, _kubernetes, _random);
        _settling = new Settling(_world, _kubernetes, _faults, _random);
        _world.OnEnd = _kubernetes.EndAsTold;
        _world.OnEvicted = _kubernetes.EndEvicted;
        _world.Kubelet.Start();
    }

    /// <exception cref="SimulationFailedException">A rule was broken.</exception>
    public static RunResult Execute(ulong seed, TextWriter? trace = null)
    {
        var run = new Run(seed, trace);
        new Upkeep(run._world, run._kubernetes, run._random).Begin();
        run._faults.Schedule();
        run._world.RunUntil(run._world.Plan.FaultsFor);
        run._settling.Settle();
        return run.Result(seed);
    }

    /// <summary>The beginning of that run: what was called and told, and which rule broke, if any.</summary>
    public static (Calls Calls, SimulationFailedException? Error) Begin(ulong seed, long forMs)
    {
        var run = new Run(seed, null);
        new Upkeep(run._world, run._kubernetes, run._random).Begin();
        run._faults.Schedule();
        try
        {
            run._world.RunUntil(Math.Min(forMs, run._world.Plan.FaultsFor));
            return (run._world.Calls, null);
        }
        catch (SimulationFailedException error)
        {
            return (run._world.Calls, error);
        }
    }

    private RunResult Result(ulong seed) => new(
        seed, _world.Steps, _world.Checkers.History.Commits, _world.Silos.Values.Sum(silo => silo.Reads),
        _world.Silos.Values.Sum(silo => silo.Writes), _world.Checkers.History.Lineages, _settling.MustWait(),
        _world.TraceHash, _world.Happened);
}
