using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Node;

/// <summary>
/// What the machine did, for the metrics: counted from its traces and messages, since it neither counts nor measures.
/// The loop adds, any thread may read.
/// </summary>
internal sealed class NodeCounts
{
    private long _slot = -1;
    private long _begunAt;
    private (long Slot, Ballot Ballot) _prepared;
    private long _stalls;
    private long _lineageConflicts;
    private long _prepareRounds;

    /// <summary>Leaders that this voter passed over, by why.</summary>
    public Tally TakeOvers { get; } = new("ended", "silent", "request");

    /// <summary>Changes of the voter set that this silo learned of, by what they did.</summary>
    public Tally VoterChanges { get; } = new("added", "dropped", "replaced", "takeover");

    /// <summary>Members that this silo found to have ended, by rule.</summary>
    public Tally Ended { get; } = new(Enum.GetValues<EndRule>().Select(rule => Words.Of(rule)));

    /// <summary>Rescues that this silo attempted, by how they ended.</summary>
    public Tally Rescues { get; } = new("rescued", "vetoed", "failed", "abandoned");

    public long Stalls => Interlocked.Read(ref _stalls);

    /// <summary>Looks that showed a working cluster of another lineage.</summary>
    public long LineageConflicts => Interlocked.Read(ref _lineageConflicts);

    /// <summary>First phases, which only those need who pass a leader over or contend.</summary>
    public long PrepareRounds => Interlocked.Read(ref _prepareRounds);

    /// <summary>From a proposal's first message to the decision, here.</summary>
    public event Action<TimeSpan>? Decided;

    public void Saw(Trace trace)
    {
        switch (trace.Event)
        {
            case "TakingOver": TakeOvers.Add(trace.Cause); break;
            case "VotersChanged": VoterChanges.Add(trace.Cause); break;
            case "MemberEnded": Ended.Add(Words.Of(trace.Cause)); break;
            case "Rescued" or "Vetoed": Rescues.Add(Words.Of(trace.Event)); break;
            case "RescueFailed" or "RescueAbandoned": Rescues.Add(Words.Of(trace.Event["Rescue".Length..])); break;
            case "LocalStall": Interlocked.Increment(ref _stalls); break;
            case "LineageConflict": Interlocked.Increment(ref _lineageConflicts); break;
        }
    }

    public void Sent(Message body, TimeProvider time)
    {
        if (body is Prepare prepare)
        {
            if (_prepared != (prepare.Slot, prepare.Ballot)) Interlocked.Increment(ref _prepareRounds);
            _prepared = (prepare.Slot, prepare.Ballot);
        }

        var slot = body switch { Prepare first => first.Slot, Accept second => second.Slot, _ => -1 };
        if (slot > _slot) (_slot, _begunAt) = (slot, time.GetTimestamp());
    }

    /// <summary>A sole voter asks nobody: what it decides began with the step.</summary>
    public void OnCommitted(Committed committed, MemberId self, TimeProvider time, long steppedAt)
    {
        if (committed is not { Command: not null, State: { } state }) return;
        var isAlone = state.Voters.Count == 1 && state.Leader == self;
        if (state.Index == _slot || isAlone)
            Decided?.Invoke(time.GetElapsedTime(state.Index == _slot ? _begunAt : steppedAt));
    }
}
