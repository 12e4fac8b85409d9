using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Simulation.Scaling;

/// <summary>
/// What Orleans does with the table on one silo, at its own pace (its defaults): reads, inserts its row, becomes
/// Active, refreshes once a minute and whenever a new version is learned, sends a heartbeat every 30 s, and on
/// leaving writes itself ShuttingDown and Dead.
/// Probes and gossip between silos go by Orleans' own connections: not counted here.
/// </summary>
internal sealed class ScaleSilo(ScaleWorld world, Replica replica)
{
    private const long RefreshEvery = 60_000;
    private const long BeatEvery = 30_000;
    private const long LearnedJitter = 250;

    private readonly Dictionary<long, TableCommand?> _operations = [];
    private long _tickets;
    private ClusterState? _view;
    private bool _isLeaving;
    private bool _isChanging;
    private bool _isRefreshDue;
    private bool _hasJoined;
    private long _changing;

    public Replica Replica => replica;

    public MemberId Self => replica.Self;

    public Traffic Traffic { get; set; } = new();

    public bool HasEnded { get; set; }

    /// <summary>The tick that is on its way; a later one replaces it.</summary>
    public long TickAt { get; set; } = long.MaxValue;

    /// <summary>Compare-and-swaps that lost, each of which costs Orleans a back-off.</summary>
    public int Losses { get; private set; }

    /// <summary>Operations of which nobody told in time how they ended.</summary>
    public int Unanswered { get; private set; }

    public bool IsVoter => replica.State?.IsVoter(Self.Nonce) == true;

    public SiloState? State => _view?.Table.RowOf(Self)?.State;

    /// <summary>Whether replica and Orleans both know that version.</summary>
    public bool Sees(int version) => replica.State?.Table.Version >= version && _view?.Table.Version >= version;

    /// <summary>Told to stop.</summary>
    public void Leave()
    {
        _isLeaving = true;
        Post(new Leave());
        if (!_isChanging) Change();
    }

    public bool HasLeft => _isLeaving && State == SiloState.Dead && replica.HasHandedOver;

    /// <summary>It begins once it has joined, and refreshes soon, once for all that is learned meanwhile.</summary>
    public void OnLearned(int version)
    {
        if (!_hasJoined)
        {
            _hasJoined = true;
            Change();
        }

        if (_isRefreshDue || _view is null || _view.Table.Version >= version) return;
        _isRefreshDue = true;
        After(world.Random.Between(0, LearnedJitter), () =>
        {
            _isRefreshDue = false;
            if (_view.Table.Version < replica.State!.Table.Version) Read(mayWrite: false);
        });
    }

    public void OnRead(long ticket, ClusterState state)
    {
        if (!_operations.Remove(ticket)) return;
        if (_view is null || state.Index >= _view.Index) _view = state;
        if (_changing == ticket) Write(Next(state));
    }

    public void OnAnswered(Answered answered)
    {
        if (!_operations.Remove(answered.Ticket, out var change)) return;
        if (answered.Answer is not { } answer) Unanswered++;
        else if (answer == Answer.Lost) Losses++;
        if (answered.Ticket != _changing) return;
        var isDone = change is not null && answered.Answer == Answer.Done;
        if (isDone) Continue(_view = replica.State!);
        else After(world.Random.Between(2_000, 4_000), Change);
    }

    // Read, then write; again until its row is as it should be.
    private void Change()
    {
        _isChanging = true;
        _changing = Read(mayWrite: true);
    }

    private void Continue(ClusterState state)
    {
        if (Next(state) is not null)
        {
            Change();
            return;
        }

        _isChanging = false;
        if (!_isLeaving) BeginSteady();
        else if (State != SiloState.Dead) Change();
    }

    private TableCommand? Next(ClusterState state)
    {
        var own = state.Table.RowOf(Self);
        if (own is null) return new InsertRow(NewRow(), state.Tag);
        SiloState? next = own.State switch
        {
            SiloState.Joining => SiloState.Active,
            SiloState.Active when _isLeaving => SiloState.ShuttingDown,
            SiloState.ShuttingDown => SiloState.Dead,
            _ => null,
        };
        return next is { } to
            ? new UpdateRow(own with { State = to }, new RowTag(state.Epoch, own.WrittenAt), state.Tag)
            : null;
    }

    private void Write(TableCommand? change)
    {
        if (change is null)
        {
            Continue(_view!);
            return;
        }

        _operations[_changing = ++_tickets] = change;
        Post(new AskWrite(_tickets, change, world.Now + 10_000));
    }

    private void BeginSteady()
    {
        After(world.Random.Between(0, RefreshEvery), Refresh);
        After(world.Random.Between(0, BeatEvery), Beat);
    }

    private void Refresh()
    {
        Read(mayWrite: false);
        After(RefreshEvery, Refresh);
    }

    private void Beat()
    {
        _operations[++_tickets] = null;
        Post(new AskBeat(_tickets, new Beat(Self.Silo, world.Now), world.Now + 10_000));
        After(BeatEvery, Beat);
    }

    private long Read(bool mayWrite)
    {
        var ticket = ++_tickets;
        _operations[ticket] = null;
        Post(new AskRead(ticket, world.Now + 10_000, mayWrite));
        return ticket;
    }

    // Not within the step that called for it: its effects come first.
    private void Post(Input input) => After(0, () => world.Step(this, input));

    private void After(long ms, Action action) => world.At(world.Now + ms, () =>
    {
        if (!HasEnded) action();
    });

    private Row NewRow() => new(
        Self.Silo, SiloState.Joining, null, 30_000, Self.Fqdn, Self.Fqdn.Split('.')[0], null, 0, 0, world.Now,
        world.Now, Self, 0);
}
