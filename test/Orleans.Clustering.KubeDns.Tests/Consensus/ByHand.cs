using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Tests.Consensus;

/// <summary>One replica whose peers are played by the test: it sees what the test tells, and nobody hears it.</summary>
internal sealed class ByHand
{
    private readonly Replica _replica;
    private long _handles;

    public ByHand(MemberId self, ClusterState? state = null, Settings? settings = null)
    {
        _replica = new Replica(settings ?? new Settings(), Given.Key, self, 42);
        Step(new Tick());
        if (state is not null) Tell(state.Leader, new Fetched(new News(0, default, state), default));
    }

    public long Now { get; set; } = 100_000;

    public Replica Replica => _replica;

    public MemberId Self => _replica.Self;

    public ClusterState State => _replica.State!;

    /// <summary>What the last step made it do.</summary>
    public IReadOnlyList<Effect> Effects { get; private set; } = [];

    /// <summary>Everything it ever sent, oldest first.</summary>
    public List<Send> Sent { get; } = [];

    public List<Trace> Traces { get; } = [];

    public void Step(Input input)
    {
        Effects = _replica.Step(Now, Now / 1000, input);
        Sent.AddRange(Effects.OfType<Send>());
        Traces.AddRange(Effects.OfType<Trace>());
    }

    /// <summary>Lets time pass, with a tick whenever one is due; returns how many were.</summary>
    public int Wait(long ms, Action? eachStep = null)
    {
        var until = Now + ms;
        var ticks = 0;
        while (_replica.NextDue <= until)
        {
            Now = Math.Max(Now + 1, _replica.NextDue);
            Step(new Tick());
            ticks++;
            eachStep?.Invoke();
        }

        Now = until;
        return ticks;
    }

    /// <summary>A request of that member; returns the reply, if one is given at once.</summary>
    public Message? Ask(MemberId from, Message body, Nonce? to = null)
    {
        var handle = ++_handles;
        Step(new Received(handle, Wrap(from, body, to ?? Self.Nonce)));
        return Effects.OfType<Send>().LastOrDefault(send => send.Handle == handle)?.Envelope.Body;
    }

    /// <summary>A reply of that member.</summary>
    public void Tell(MemberId from, Message body, Nonce? to = null) =>
        Step(new Received(0, Wrap(from, body, to ?? Self.Nonce)));

    /// <summary>A reply that it wrote when it had no lineage.</summary>
    public void TellWithoutLineage(MemberId from, Message body) =>
        Step(new Received(0, Wrap(from, body, Self.Nonce) with { Lineage = Guid.Empty, Epoch = default }));

    /// <summary>That member answers a greeting sent now.</summary>
    public void Answers(
        MemberId from, long index = 0, bool leaving = false, long uptime = 60_000, params Refusal[] refusals) =>
        Tell(from, new Greeting(Now, uptime, index, leaving, refusals.ToSequence()));

    /// <summary>A process of another cluster answers there, to a greeting sent then; null: now.</summary>
    public void AnswersAsAnotherCluster(MemberId at, long? sentAt = null) => Step(new Received(0, new Envelope(
        new ClusterKey("another", "cluster"), at with { Nonce = new Nonce(7) }, Self.Nonce, Guid.Empty, default,
        new Foreign(sentAt ?? Now))));

    public void Refuses(MemberId at) => Step(new Undelivered(at.Address, default, WasRefused: true));

    /// <summary>The requests of one kind that went to that member since the last step.</summary>
    public IEnumerable<T> Asked<T>(MemberId to)
        where T : Message =>
        Effects.OfType<Send>().Where(send => send.Handle == 0 && send.To == to.Address)
            .Select(send => send.Envelope.Body).OfType<T>();

    private Envelope Wrap(MemberId from, Message body, Nonce to) =>
        new(Given.Key, from, to, Given.Lineage, Given.Epoch, body);
}
