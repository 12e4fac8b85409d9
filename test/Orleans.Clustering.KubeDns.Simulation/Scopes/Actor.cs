using System.Collections.Immutable;
using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Simulation.Scopes;

/// <summary>
/// One process at one moment: the real replica, which is never stepped in place, its clock, and what it has done:
/// the commands it applied, and what its silo was told.
/// </summary>
internal sealed record Actor(MemberId Self, Replica Replica, long Clock)
{
    private const long Wall = 150_000_000;

    private UInt128? _digest;

    public ImmutableList<Command> Log { get; init; } = [];

    public ImmutableList<Effect> Told { get; init; } = [];

    public UInt128 Digest => _digest ??= Scopes.Digest.Of((Replica, Clock, Log, Told));

    /// <summary>A process of that name, which has not started.</summary>
    public static Actor New(string name, int number, Settings settings)
    {
        var host = $"10.0.0.{number}";
        var self = new MemberId(
            $"{name}.silos.demo.svc.cluster.local", new PeerAddress(host, 11112), new SiloId(host, 11111, number),
            new Nonce((UInt128)number << 100));
        return new Actor(self, new Replica(settings, new ClusterKey("service", "cluster"), self, (ulong)number), 0);
    }

    /// <summary>The process after that input, and what it did.</summary>
    public (Actor After, IReadOnlyList<Effect> Effects) Step(Input input, long after = 0)
    {
        var replica = Copier.Copy(Replica);
        var clock = Clock + after;
        var effects = replica.Step(clock, Wall + (clock / 1000), input);
        var commands = effects.OfType<Committed>().Select(committed => committed.Command).OfType<Command>();
        var told = effects.Where(effect => effect is Answered or ReadAnswered);
        var next = new Actor(Self, replica, clock) { Log = Log.AddRange(commands), Told = Told.AddRange(told) };
        return (next, effects);
    }
}
