using System.Collections.Immutable;
using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Simulation.Linearizability;

/// <summary>
/// What the silos of a run called and were told, from the founding to the first thing that the sequential table does
/// not know: a clean-up, whose victims depend on heartbeats, a rescue, a second lineage; or until the calls are many.
/// </summary>
internal sealed class Calls
{
    private const int Most = WingGong.MostCalls - 16;

    private readonly Dictionary<(SimProcess, long), int> _open = [];
    private readonly List<Call> _calls = [];
    private readonly HashSet<Nonce> _ended = [];
    private (Guid Lineage, Epoch Epoch) _life;
    private TableModel? _first;
    private long _clock;
    private bool _isOver;

    public int Complete => _calls.Count(call => call.IsComplete);

    public int Unknown => _calls.Count(call => !call.IsComplete && call.Change is not null);

    /// <summary>Why what was told cannot be true; null: it can.</summary>
    public string? Contradiction() =>
        _first is null ? null : WingGong.Contradiction(_first, _calls.Concat(_ended.Select(Ended)));

    public void OnCalled(SimProcess process, long ticket, TableCommand? change)
    {
        _isOver |= change is Cleanup || _calls.Count == Most;
        if (_isOver) return;
        _open[(process, ticket)] = _calls.Count;
        _calls.Add(new Call(process.ToString(), ++_clock, change));
    }

    public void OnRead(SimProcess process, long ticket, ClusterState state)
    {
        if (state.Lineage != _life.Lineage || state.Epoch != _life.Epoch) _isOver = true;
        End(process, ticket, call => call with { Read = new Seen(state.Table.Version, state.Table.Rows) });
    }

    public void OnAnswered(SimProcess process, long ticket, Answer? answer)
    {
        if (answer is Answer.Done or Answer.Lost)
            End(process, ticket, call => call with { Outcome = answer == Answer.Done });
    }

    /// <summary>The machine's own changes have no caller; where a history begins is its only other use.</summary>
    public void OnCommitted(Committed committed)
    {
        var state = committed.State;
        if (_first is null)
        {
            _life = (state.Lineage, state.Epoch);
            _first = new TableModel(state.Table.Version, ImmutableSortedDictionary<SiloId, Row>.Empty);
        }

        _isOver |= _life != (state.Lineage, state.Epoch);
        if (!_isOver && committed.Command is TableChange { Change: MarkEnded ended } && _ended.Count < 16)
            _ended.Add(ended.Nonce);
    }

    private void End(SimProcess process, long ticket, Func<Call, Call> told)
    {
        if (_isOver || !_open.Remove((process, ticket), out var at)) return;
        _calls[at] = told(_calls[at]) with { ReturnedAt = ++_clock };
    }

    private static Call Ended(Nonce nonce) => new("the cluster", 0, new MarkEnded(nonce, EndRule.Superseded));
}
