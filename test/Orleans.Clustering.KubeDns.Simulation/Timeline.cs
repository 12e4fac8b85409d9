namespace Orleans.Clustering.KubeDns.Simulation;

/// <summary>
/// Simulated time (ms) and what is to happen in it, in the order of the times, and at one time in the order in which it
/// was planned. Nothing else moves.
/// </summary>
internal sealed class Timeline
{
    private readonly PriorityQueue<Action, (long At, long Order)> _events = new();
    private long _order;

    public long Now { get; private set; }

    /// <summary>At that time, or now if it is past.</summary>
    public void At(long time, Action action) => _events.Enqueue(action, (Math.Max(time, Now), _order++));

    /// <summary>Lets the next event happen if it is due by that time; false: none is.</summary>
    public bool TryNext(long time)
    {
        if (!_events.TryPeek(out _, out var next) || next.At > time) return false;
        Now = next.At;
        _events.Dequeue()();
        return true;
    }

    /// <summary>Nothing happens until then.</summary>
    public void PassTo(long time) => Now = Math.Max(Now, time);
}
