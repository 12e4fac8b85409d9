using System.Collections.Immutable;
using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Simulation.Scopes;

/// <summary>
/// One process at one moment: the real replica, which is never stepped in place, its clock, and what it has done:
/// the commands it applied, and what its silo was told.
/// </summary>
internal sealed class Actor(MemberId self, Replica replica, long clock)
{
    private const long Wall = 150_000_000;

    private UInt128? _digest;

    public MemberId Self => self;

    public Replica Replica => replica;

    public long Clock => clock;

    public ImmutableList<Command> Log { get; init; } = [];

    public ImmutableList<Effect> Told { get; init; } = [];

    /// <summary>How far the log went that anybody was told of when its silo asked.</summary>
    public int Floor { get; init; }

    /// <summary>How far its own log went when its silo was last told anything.</summary>
    public int ToldAt { get; init; }

    public UInt128 Digest => _digest ??= Scopes.Digest.Of((Replica, Clock, Log, Told, Floor, ToldAt));

    /// <summary>A process of that name, which has not started.</summary>
    public static Actor New(string name, int number, Settings settings, int life = 0, long clock = 0)
    {
        var host = $"10.0.0.{number}";
        var unique = number + (10 * life);
        var self = new MemberId(
            $"{name}.silos.demo.svc.cluster.local", new PeerAddress(host, 11112), new SiloId(host, 11111, unique),
            new Nonce((UInt128)unique << 104));
        var key = new ClusterKey("service", "cluster");
        return new Actor(self, new Replica(settings, key, self, (ulong)unique), clock);
    }

    /// <summary>The process whose silo asks something after the log was told of that far.</summary>
    public Actor Asking(int floor) =>
        new(Self, Replica, Clock) { Log = Log, Told = Told, ToldAt = ToldAt, Floor = floor };

    /// <summary>The process after that input, and what it did.</summary>
    public (Actor After, IReadOnlyList<Effect> Effects) Step(Input input, long after = 0)
    {
        var copy = Copier.Copy(Replica);
        var now = Clock + after;
        var effects = copy.Step(now, Wall + (now / 1000), input);
        var commands = effects.OfType<Committed>().Select(committed => committed.Command).OfType<Command>();
        var told = effects.Where(effect => effect is Answered or ReadAnswered).ToList();
        var log = Log.AddRange(commands);
        var next = new Actor(Self, copy, now)
        {
            Log = log, Told = Told.AddRange(told), Floor = Floor, ToldAt = told.Count > 0 ? log.Count : ToldAt,
        };
        return (next, effects);
    }
}
