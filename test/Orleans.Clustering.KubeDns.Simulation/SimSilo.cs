using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Simulation;

/// <summary>An operation under way: what was asked, and what had completed by then.</summary>
internal sealed record Operation(
    TableCommand? Change, long AskedAt, Dictionary<(Guid Lineage, Epoch Epoch), long> Floors);

/// <summary>
/// What Orleans does with the table on one silo: read, insert its row, become Active, then read, write, vote on others,
/// clean up and send heartbeats for as long as it lives; and on leaving, write itself Dead.
/// </summary>
internal sealed class SimSilo(World world, SimProcess process, Checkers checkers, SimRandom random)
{
    private readonly Dictionary<long, Operation> _operations = [];
    private long _tickets;
    private ClusterState? _view;

    public int Writes { get; private set; }

    public int Reads { get; private set; }

    public bool HasEnded { get; private set; }

    /// <summary>The voters it applied last, for the counters.</summary>
    public Sequence<MemberId> LastVoters { get; set; }

    public bool IsActive => OwnRow is { State: SiloState.Active };

    private Row? OwnRow => _view?.Table.RowOf(process.Self);

    /// <summary>Begins with a read, as Orleans does once its table is initialised.</summary>
    public void Start() => Read();

    /// <summary>Its own replica served the read, or another's told it.</summary>
    public void OnRead(ReadAnswered answered, bool isOwn)
    {
        if (!_operations.Remove(answered.Ticket, out var operation)) return;
        world.Calls.OnRead(process, answered.Ticket, answered.State);
        world.Note(process, $"reads {answered.Ticket} at {answered.State.Epoch} {answered.State.Index}");
        if (isOwn) checkers.Reads.OnOwn(process, answered.State, operation.AskedAt);
        checkers.History.OnRead(process, answered.State, operation);
        Reads++;
        _view = answered.State;
        if (Choose(answered.State) is { } change) Write(change);
        else if (!HasEnded) Later(random.Between(100, 1_500));
    }

    public void OnAnswered(Answered answered)
    {
        if (!_operations.Remove(answered.Ticket, out var operation)) return;
        world.Calls.OnAnswered(process, answered.Ticket, answered.Answer);
        world.Note(process, $"is told {answered.Ticket} {answered.Answer?.ToString() ?? "nothing"}");
        if (operation.Change is not null && answered.Answer is { } answer)
        {
            checkers.History.OnWritten(process, answer, operation);
            if (answer == Answer.Done) Writes++;

            // Orleans reads no more once its last row is written: whoever would answer may end as soon as it knows.
            if (answer == Answer.Done && process.IsLeaving && IsOwnLast(operation.Change)) HasEnded = true;
        }

        if (HasEnded) return;

        Later(random.Between(20, answered.Answer == Answer.Done ? 300 : 1_000));
    }

    private TableCommand? Choose(ClusterState state)
    {
        var own = OwnRow;
        if (own is null) return process.IsLeaving ? End() : new InsertRow(NewRow(), state.Tag);
        if (own.State == SiloState.Dead) return process.IsLeaving ? End() : Evicted(own);
        if (process.IsLeaving) return Update(state, own with { State = SiloState.Dead });
        if (own.State != SiloState.Active) return Update(state, own with { State = SiloState.Active });
        var dice = random.Between(0, 99);
        if (dice < 35) Beat();
        return dice switch
        {
            < 35 => null,
            < 60 => Update(state, own with { ProxyPort = own.ProxyPort + 1 }),
            < 70 => Vote(state),
            < 75 => Update(state, own with { ProxyPort = -1 }, stale: true),
            < 78 => new Cleanup(world.Now - random.Between(0, 30_000), false, default),
            _ => null,
        };
    }

    private UpdateRow Update(ClusterState state, Row row, bool stale = false)
    {
        var tag = stale ? state.Tag with { Version = state.Table.Version - 1 } : state.Tag;
        return new UpdateRow(row, new RowTag(state.Epoch, row.WrittenAt), tag);
    }

    // Orleans' own votes. Its probes are not part of this simulation: who is gone, or long silent, is the truth.
    private UpdateRow? Vote(ClusterState state)
    {
        var gone = state.Table.Rows.Values
            .Where(row => row.IsLive && row.Owner is { } owner && !IsHeard(owner)).ToList();
        if (gone.Count == 0) return null;
        var row = random.Pick(gone);
        var votes = (row.Suspicions ?? default).Append(new Suspicion(process.Self.Silo, world.Now)).ToSequence();
        var enough = votes.Count > 1 || random.Chance(0.3);
        return Update(state, row with { Suspicions = votes, State = enough ? SiloState.Dead : row.State });
    }

    private bool IsHeard(MemberId owner) =>
        world.Alive.FirstOrDefault(other => other.Self == owner) is { } other
        && !(world.Plan.VotesOnSilent && world.IsSilent(other));

    private bool IsOwnLast(TableCommand change) =>
        change is UpdateRow { Row.State: SiloState.Dead } update && update.Row.Silo == process.Self.Silo;

    // Orleans ends a silo that finds itself voted out. Only its fellows' votes, or Kubernetes' word, may do that.
    private TableCommand? Evicted(Row own)
    {
        var isVoted = world.Plan.VotesOnSilent && own.Suspicions is { Count: > 0 };
        Checkers.Require(isVoted || checkers.Lives.IsHeldForEnded(process), "I5",
            $"{process} lives and finds itself dead");
        world.OnEvicted(process);
        return End();
    }

    private TableCommand? End()
    {
        HasEnded = true;
        return null;
    }

    private void Read()
    {
        _operations[++_tickets] = new Operation(null, world.Now, Floors());
        world.Calls.OnCalled(process, _tickets, null);
        world.Note(process, $"asks {_tickets} Read");
        world.Step(process, new AskRead(_tickets, process.LocalTime(world.Now) + 3_000, MayWrite: true));
    }

    private void Write(TableCommand change)
    {
        _operations[++_tickets] = new Operation(change, world.Now, Floors());
        world.Calls.OnCalled(process, _tickets, change);
        world.Note(process, $"asks {_tickets} {change.GetType().Name}");
        world.Step(process, new AskWrite(_tickets, change, process.LocalTime(world.Now) + 5_000));
    }

    private void Beat()
    {
        var beat = new Beat(process.Self.Silo, world.Now);
        world.Step(process, new AskBeat(++_tickets, beat, process.LocalTime(world.Now) + 3_000));
    }

    private Dictionary<(Guid Lineage, Epoch Epoch), long> Floors() => checkers.History.Floors();

    private void Later(long after) => world.At(world.Now + (world.Plan.IsBusy ? after / 10 : after), () =>
    {
        if (process.IsAlive) world.WhenRunning(process, Read);
    });

    private Row NewRow() => new(
        process.Self.Silo, SiloState.Joining, null, 30_000, process.Self.Fqdn, process.Pod.Name, null, 0, 0,
        world.Now, world.Now, process.Self, 0);
}
