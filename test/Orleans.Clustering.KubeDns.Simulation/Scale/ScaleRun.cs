using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Simulation.Scale;

/// <summary>
/// What so many silos cost. Times in seconds of the simulation, microseconds of this machine; a rate is for one silo of
/// its kind and one second, what it sent and took in together.
/// </summary>
internal sealed record ScaleResult(
    int Silos, double AllActive, double AllSee, int Lost, double StartStep, Rate Leader, Rate Voters, Rate Others,
    double LookUps, double SteadyStep, double RolledEach, int LostRolling, double RollStep);

/// <summary>
/// So many silos started at once; five quiet minutes; then all of them replaced, in twenty waves, each begun once all of
/// the one before are Active.
/// </summary>
internal sealed class ScaleRun
{
    private const int Waves = 20;
    private const long Limit = 600_000;
    private const long QuietFor = 300_000;
    private const long SettleFor = 90_000;

    private readonly Fleet _fleet = new(seed: 1);
    private readonly Action<string> _tell;
    private readonly int _size;

    private ScaleRun(int size, Action<string> tell) => (_size, _tell) = (size, tell);

    /// <exception cref="SimulationFailedException">It did not come about.</exception>
    public static ScaleResult Execute(int size, Action<string> tell) => new ScaleRun(size, tell).Execute();

    private ScaleResult Execute()
    {
        for (var i = 0; i < _size; i++) StartLater($"silo-{i}", _fleet.Random(1_000));
        Require(() => _fleet.Silos.Count == _size && _fleet.Silos.All(silo => silo.IsActive), "all Active");
        var active = _fleet.Now / 1_000.0;
        AwaitEqualViews();
        var (seen, lost) = (_fleet.Now / 1_000.0, _fleet.Silos.Sum(silo => silo.Lost));
        var startStep = StepCost((0, default));
        _tell($"{_size} silos: all Active after {active:0.0} s, {lost} compare-and-swaps lost");
        _fleet.RunUntil(() => false, _fleet.Now + SettleFor);
        var quiet = (_fleet.Steps, _fleet.Spent);
        foreach (var silo in _fleet.Silos) silo.Traffic.Clear();
        _fleet.RunUntil(() => false, _fleet.Now + QuietFor);
        var (leader, voters, others) = (RateOf(IsLeader), RateOf(silo => silo.IsVoter && !IsLeader(silo)),
            RateOf(silo => !silo.IsVoter));
        var lookUps = _fleet.Silos.Average(silo => silo.Traffic.LookUps) / (QuietFor / 1_000.0);
        var steadyStep = StepCost(quiet);
        _tell($"{_size} silos: {others.Messages:0.0} messages and {others.Bytes:0} bytes a second at a silo that does "
            + $"not vote; {leader.Messages:0} and {leader.Bytes:0} at the leader");
        var (rolledEach, lostRolling, rollStep) = Roll();
        return new ScaleResult(
            _size, active, seen, lost, startStep, leader, voters, others, lookUps, steadyStep, rolledEach, lostRolling,
            rollStep);
    }

    private (double Each, int Lost, double Step) Roll()
    {
        var (begun, cost, lost) = (_fleet.Now, (_fleet.Steps, _fleet.Spent), 0);
        foreach (var wave in _fleet.Silos.ToList().Chunk((_size + Waves - 1) / Waves))
        {
            foreach (var old in wave) old.Leave();
            Require(() => wave.All(old => old.HasEnded), "a wave ends");
            lost += wave.Sum(old => old.Lost);
            foreach (var old in wave) StartLater(old.Self.Fqdn.Split('.')[0], 1_000 + _fleet.Random(1_000));
            Require(() => _fleet.Silos.Count == _size && _fleet.Silos.All(silo => silo.IsActive), "a wave is Active");
        }

        AwaitEqualViews();
        var waves = Math.Min(Waves, _size);
        _tell($"{_size} silos: rolled in {(_fleet.Now - begun) / 1_000.0:0.0} s");
        return ((_fleet.Now - begun) / 1_000.0 / waves, lost + _fleet.Silos.Sum(silo => silo.Lost), StepCost(cost));
    }

    private void StartLater(string name, long after) => _fleet.At(_fleet.Now + after, () =>
    {
        var silo = _fleet.Start(name);
        void Poll()
        {
            if (silo.IsActive) _fleet.BeReady(silo);
            else if (!silo.HasEnded) _fleet.At(_fleet.Now + 500, Poll);
        }

        Poll();
    });

    // Every silo's own copy has the newest row of every silo.
    private void AwaitEqualViews()
    {
        var newest = _fleet.Silos.Max(silo => silo.Replica.State!.Index);
        Require(() => _fleet.Silos.All(silo => silo.Replica.State!.Index >= newest), "equal views");
        var rows = _fleet.Silos.First().Replica.State!.Table.Rows.Values;
        if (rows.Count(row => row.State == SiloState.Active) != _size)
            throw new SimulationFailedException("I8", "some who are Active have no Active row");
    }

    private void Require(Func<bool> isSo, string what)
    {
        // Looked at ten times a second: to look at every event would cost more than the events.
        var until = _fleet.Now + Limit;
        while (!isSo())
        {
            if (_fleet.Now >= until) throw new SimulationFailedException("I8", $"{what}: not after {Limit} ms");
            _fleet.RunUntil(() => false, _fleet.Now + 100);
        }
    }

    private Rate RateOf(Func<ScaleSilo, bool> isOne) =>
        Rate.Of(_fleet.Silos.Where(isOne).Select(silo => silo.Traffic).ToList(), QuietFor / 1_000.0);

    private static bool IsLeader(ScaleSilo silo) => silo.Replica.State!.Leader == silo.Self;

    private double StepCost((long Steps, TimeSpan Spent) since) =>
        (_fleet.Spent - since.Spent).TotalMicroseconds / (_fleet.Steps - since.Steps);
}
