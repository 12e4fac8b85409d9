using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Simulation.Scale;

/// <summary>
/// One silo as Orleans runs it by default: looks, inserts its row, becomes Active, then a sign of life every 30 s and a
/// read of the table every 60 s; told to stop, it writes ShuttingDown and Dead, and hands over. Who loses a
/// compare-and-swap pauses for 2 to 4 s.
/// </summary>
internal sealed class ScaleSilo(Fleet fleet, MemberId self, Replica replica)
{
    private const long ReadWithin = 3_000;
    private const long WriteWithin = 5_000;
    private const long HandOverWithin = 5_000;
    private const long BeatEvery = 30_000;
    private const long ReadEvery = 60_000;

    private readonly HashSet<long> _reads = [];
    private readonly HashSet<long> _writes = [];
    private long _tickets;
    private Goal _goal = Goal.Look;

    private enum Goal
    {
        Look,
        Join,
        Activate,
        Refresh,
        ShutDown,
        Die,
    }

    public MemberId Self => self;

    public Replica Replica => replica;

    public Traffic Traffic { get; } = new();

    /// <summary>When its next tick is due.</summary>
    public long TickAt { get; set; } = long.MaxValue;

    public bool IsActive { get; private set; }

    public bool IsLeaving { get; private set; }

    public bool HasEnded { get; set; }

    public bool IsVoter => replica.State?.IsVoter(self.Nonce) == true;

    /// <summary>Compare-and-swaps that it lost.</summary>
    public int Lost { get; private set; }

    public void Start() => Read();

    public void Leave()
    {
        (IsLeaving, IsActive) = (true, false);
        fleet.Step(this, new Leave());
        Pursue(Goal.ShutDown);
    }

    public void OnRead(ReadAnswered read)
    {
        if (!_reads.Remove(read.Ticket)) return;
        var own = read.State.Table.RowOf(self);
        switch (_goal)
        {
            case Goal.Look: Pursue(Goal.Join); break;
            case Goal.Join: Write(new InsertRow(NewRow(), read.State.Tag)); break;
            case Goal.Activate: Write(Update(read.State, own! with { State = SiloState.Active })); break;
            case Goal.Refresh: Later(ReadEvery, Read); break;
            case Goal.ShutDown: Write(Update(read.State, own! with { State = SiloState.ShuttingDown })); break;
            case Goal.Die: Write(Update(read.State, own! with { State = SiloState.Dead })); break;
        }
    }

    public void OnAnswered(Answered answered)
    {
        if (_reads.Remove(answered.Ticket)) Later(1_000, Read);
        else if (_writes.Remove(answered.Ticket)) OnWritten(answered.Answer);
    }

    private void OnWritten(Answer? answer)
    {
        if (answer != Answer.Done)
        {
            Lost++;
            Later(2_000 + fleet.Random(2_000), Read);
            return;
        }

        switch (_goal)
        {
            case Goal.Join: Pursue(Goal.Activate); break;
            case Goal.Activate: BeActive(); break;
            case Goal.ShutDown: Pursue(Goal.Die); break;
            case Goal.Die: AwaitHandOver(fleet.Now + HandOverWithin); break;
        }
    }

    private void BeActive()
    {
        (IsActive, _goal) = (true, Goal.Refresh);
        Later(fleet.Random(BeatEvery), Beat);
        Later(fleet.Random(ReadEvery), Read);
    }

    private void Beat()
    {
        if (IsLeaving) return;
        fleet.Step(this, new AskBeat(++_tickets, new Beat(self.Silo, fleet.Now), fleet.Now + ReadWithin));
        Later(BeatEvery, Beat);
    }

    private void AwaitHandOver(long until)
    {
        if (replica.HasHandedOver || fleet.Now >= until) fleet.End(this);
        else Later(50, () => AwaitHandOver(until));
    }

    private void Pursue(Goal goal)
    {
        _goal = goal;
        Read();
    }

    private void Read()
    {
        _reads.Add(++_tickets);
        var mayWrite = _goal is not (Goal.Look or Goal.Refresh);
        fleet.Step(this, new AskRead(_tickets, fleet.Now + ReadWithin, mayWrite));
    }

    private void Write(TableCommand change)
    {
        _writes.Add(++_tickets);
        fleet.Step(this, new AskWrite(_tickets, change, fleet.Now + WriteWithin));
    }

    private void Later(long after, Action action) => fleet.At(fleet.Now + after, () =>
    {
        if (!HasEnded) action();
    });

    private static UpdateRow Update(ClusterState state, Row row) =>
        new(row, new RowTag(state.Epoch, row.WrittenAt), state.Tag);

    private Row NewRow() => new(
        self.Silo, SiloState.Joining, null, 30_000, self.Fqdn, self.Fqdn.Split('.')[0], null, 0, 0,
        fleet.Now, fleet.Now, self, 0);
}
