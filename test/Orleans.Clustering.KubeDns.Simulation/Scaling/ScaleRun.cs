using System.Diagnostics;
using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Simulation.Scaling;

/// <summary>
/// One size: all silos started within a second, until all are Active in every view; a quiet stretch; and all replaced,
/// a quarter at a time, as a Deployment without surge does.
/// </summary>
internal sealed class ScaleRun
{
    private const long StartWithin = 1_000;
    private const long FormWithin = 1_800_000;
    private const long RollWithin = 7_200_000;
    private const long LeaveWithin = 15_000;
    private const long CalmFor = 60_000;
    private const int Share = 4;

    private readonly ScaleWorld _world;
    private readonly Action<string> _progress;
    private readonly int _silos;
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly List<ScaleSilo> _gone = [];
    private int _leaving;
    private int _killed;
    private double _saidAt;

    private ScaleRun(int silos, ulong seed, Action<string> progress)
    {
        (_silos, _progress, _world) = (silos, progress, new ScaleWorld(seed));
    }

    /// <summary>Says after each stretch what there is so far.</summary>
    /// <exception cref="SimulationFailedException">It did not come to its end.</exception>
    public static ScaleResult Execute(
        int silos, long steadyMs, Action<string> progress, Action<ScaleResult>? soFar = null, ulong seed = 1)
    {
        var run = new ScaleRun(silos, seed, progress);
        var result = new ScaleResult(silos, seed) { Form = run.Form() };
        soFar?.Invoke(result);
        result = result with { Steady = run.Rest(steadyMs) };
        soFar?.Invoke(result);
        result = result with { Roll = run.Roll(), WallSeconds = run._clock.Elapsed.TotalSeconds };
        soFar?.Invoke(result);
        return result;
    }

    private FormFigures Form()
    {
        for (var i = 0; i < _silos; i++) _world.At(_world.Random.Between(0, StartWithin), () => _world.Start());
        long foundedAt = -1;
        Until("form", FormWithin, () =>
        {
            if (foundedAt < 0 && _world.Newest is not null) foundedAt = _world.Now;
            return AllActive();
        });
        return new FormFigures(
            foundedAt / 1_000.0, _world.Now / 1_000.0, Losses(), Cost.Of(_world.Total), _world.Total.LookUps);
    }

    // What the start left behind (greetings, a voter's time of proof) has passed before counting begins.
    private SteadyFigures Rest(long ms)
    {
        RunTo("calm", _world.Now + CalmFor);
        _world.Measure();
        RunTo("steady", _world.Now + ms);
        var seconds = ms / 1_000.0;
        var voters = _world.Silos.Where(silo => silo.IsVoter).Select(silo => silo.Traffic).ToList();
        var others = _world.Silos.Where(silo => !silo.IsVoter).Select(silo => silo.Traffic).ToList();
        var leader = _world.Silos.Single(silo => silo.Self == _world.Newest!.Leader).Traffic;
        return new SteadyFigures(
            seconds, PerSilo.Of(others, seconds), PerSilo.Of(voters, seconds), PerSilo.Of([leader], seconds),
            _world.Total.LookUps / seconds);
    }

    private RollFigures Roll()
    {
        _world.Measure();
        var (begun, losses, epoch) = (_world.Now, Losses(), _world.Newest!.Epoch);
        var window = Math.Max(1, _silos / Share);
        var old = new Queue<ScaleSilo>(_world.Silos);
        var under = new List<ScaleSilo>();
        Until("roll", _world.Now + RollWithin, () =>
        {
            under.RemoveAll(silo => silo.State == SiloState.Active);
            while (under.Count + _leaving < window && old.TryDequeue(out var next)) Replace(next, under.Add);
            return old.Count == 0 && _leaving == 0 && under.Count == 0 && AllActive();
        });
        var taken = (_world.Now - begun) / 1_000.0;
        var rows = _world.Newest.Table.Rows.Values;
        return new RollFigures(
            window, taken, taken / _silos, Losses() - losses, _world.Silos.Concat(_gone).Sum(silo => silo.Unanswered),
            rows.Count(row => row.State == SiloState.Active), rows.Count(row => row.State == SiloState.Dead),
            _world.Newest.Epoch == epoch, _killed, Cost.Of(_world.Total), _world.Total.LookUps / taken);
    }

    private void Replace(ScaleSilo silo, Action<ScaleSilo> started)
    {
        _leaving++;
        silo.Leave();
        var deadline = _world.Now + LeaveWithin;
        Poll();

        void Poll()
        {
            if (!silo.HasLeft && _world.Now < deadline)
            {
                _world.At(_world.Now + 100, Poll);
                return;
            }

            if (!silo.HasLeft) _killed++;
            _world.End(silo);
            _gone.Add(silo);
            _world.At(_world.Now + 1_000, () =>
            {
                _leaving--;
                started(_world.Start());
            });
        }
    }

    private int Losses() => _world.Silos.Concat(_gone).Sum(silo => silo.Losses);

    // Every replica, and what every silo's Orleans read last.
    private bool AllActive() => _world.Silos.Count == _silos && _world.Newest is { } newest
        && newest.Table.Rows.Values.Count(row => row.State == SiloState.Active) == _silos
        && _world.Silos.All(silo => silo.Sees(newest.Table.Version));

    private void Until(string what, long limit, Func<bool> done)
    {
        while (!done())
        {
            if (_world.Now >= limit) throw new SimulationFailedException("I8", $"{_silos} silos do not {what} in time");
            RunTo(what, _world.Now + 100);
        }
    }

    private void RunTo(string what, long time)
    {
        while (_world.Now < time)
        {
            _world.RunUntil(Math.Min(time, _world.Now + 100));
            if (_clock.Elapsed.TotalSeconds < _saidAt + 10) continue;
            _saidAt = _clock.Elapsed.TotalSeconds;
            var active = _world.Newest?.Table.Rows.Values.Count(row => row.State == SiloState.Active) ?? 0;
            _progress($"{_silos} silos, {what}: {_world.Now / 1000.0:F1} s simulated in {_saidAt:F0} s, "
                + $"{active} Active, {_gone.Count} replaced, "
                + $"{_world.Total.Steps} steps of {_world.Total.StepMicroseconds:F0} us");
        }
    }
}
