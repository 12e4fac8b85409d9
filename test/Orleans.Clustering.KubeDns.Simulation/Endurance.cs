using System.Diagnostics;
using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Simulation;

/// <summary>What one step of the machine costs: time, and memory taken, both of this thread.</summary>
internal sealed record StepCost(long Steps, double Microseconds, double Bytes)
{
    public override string ToString() => $"{Microseconds:F2} us and {Bytes:F0} bytes a step ({Steps} steps)";
}

/// <summary>
/// Three voters and two learners that commit heartbeats' worth of row updates without end, with nothing between them:
/// what a step costs at the start, and after so many commands.
/// </summary>
internal sealed class Endurance
{
    private const int Silos = 5;
    private const int Sample = 20_000;

    private readonly Dictionary<PeerAddress, Replica> _replicas = [];
    private readonly Dictionary<long, PeerAddress> _askers = [];
    private readonly Queue<(PeerAddress To, Input Input)> _inputs = new();
    private readonly List<ListedPeer> _listed = [];
    private long _now = 1_000;
    private long _handles;
    private long _steps;
    private Answered? _answered;
    private ClusterState? _read;

    /// <summary>The cost over the first, and over the last, 20,000 commands of so many.</summary>
    public static (StepCost First, StepCost Last) Measure(long commands)
    {
        var run = new Endurance();
        run.Form();
        run.Commit(Sample);
        var first = run.Measured(Sample);
        run.Commit(Math.Max(0, commands - (3 * Sample)));
        return (first, run.Measured(Sample));
    }

    private void Form()
    {
        for (var i = 0; i < Silos; i++)
        {
            var address = new PeerAddress($"10.0.0.{i + 1}", 11112);
            var fqdn = $"silo-{i}.orleans.demo.svc.cluster.local";
            var self = new MemberId(fqdn, address, new SiloId(address.Host, 11111, 1), new Nonce((UInt128)i + 1));
            _listed.Add(new ListedPeer(fqdn, address));
            _replicas[address] = new Replica(
                new Settings { FirstVersion = 0 }, new ClusterKey("service", "cluster"), self, (ulong)i + 1);
        }

        while (_replicas.Values.Any(replica => replica.State is null)) Pass(50);
        foreach (var replica in _replicas.Values) Write(replica, state => new InsertRow(Row(replica), state.Tag));
        Pass(15_000);
    }

    private StepCost Measured(int commands)
    {
        var (steps, bytes, clock) = (_steps, GC.GetAllocatedBytesForCurrentThread(), Stopwatch.StartNew());
        Commit(commands);
        var (taken, allocated) = (_steps - steps, GC.GetAllocatedBytesForCurrentThread() - bytes);
        return new StepCost(taken, clock.Elapsed.TotalMicroseconds / taken, (double)allocated / taken);
    }

    // One after the other, a millisecond each, by the silos in turn.
    private void Commit(long commands)
    {
        var replicas = _replicas.Values.ToList();
        for (long i = 0; i < commands; i++)
        {
            var replica = replicas[(int)(i % replicas.Count)];
            Write(replica, state =>
            {
                var row = state.Table.RowOf(replica.Self)!;
                return new UpdateRow(
                    row with { ProxyPort = row.ProxyPort ^ 1 }, new RowTag(state.Epoch, row.WrittenAt), state.Tag);
            });
        }
    }

    private void Write(Replica replica, Func<ClusterState, TableCommand> change)
    {
        (_read, _answered) = (null, null);
        Give(replica.Self.Address, new AskRead(1, _now + 3_000));
        while (_read is null) Pass(1);
        Give(replica.Self.Address, new AskWrite(2, change(_read), _now + 5_000));
        while (_answered is null) Pass(1);
        if (_answered.Answer != Answer.Done) throw new SimulationFailedException("I8", $"{_answered} without a fault");
    }

    private void Pass(long ms)
    {
        for (var until = _now + ms; _now < until; _now++)
        {
            while (_inputs.TryDequeue(out var next)) Give(next.To, next.Input);
            foreach (var (address, replica) in _replicas)
            {
                if (replica.NextDue <= _now) Give(address, new Tick());
            }
        }

        while (_inputs.TryDequeue(out var next)) Give(next.To, next.Input);
    }

    private void Give(PeerAddress to, Input input)
    {
        _steps++;
        foreach (var effect in _replicas[to].Step(_now, _now / 1_000, input)) Carry(to, effect);
    }

    private void Carry(PeerAddress from, Effect effect)
    {
        switch (effect)
        {
            case Send { Handle: 0 } ask:
                _askers[++_handles] = from;
                _inputs.Enqueue((ask.To, new Received(_handles, ask.Envelope)));
                break;
            case Send reply when _askers.Remove(reply.Handle, out var asker):
                _inputs.Enqueue((asker, new Received(0, reply.Envelope)));
                break;
            case LookUp:
                _inputs.Enqueue((from, new Viewed(new View(_now, true, _listed.ToSequence(), 100))));
                break;
            case Answered answered: _answered = answered; break;
            case ReadAnswered read: _read = read.State; break;
        }
    }

    private static Row Row(Replica replica) => new(
        replica.Self.Silo, SiloState.Active, null, 30_000, replica.Self.Fqdn, "silo", null, 0, 0, 1, 1, replica.Self,
        0);
}
