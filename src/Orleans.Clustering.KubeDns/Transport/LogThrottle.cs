using System.Collections.Concurrent;

namespace Orleans.Clustering.KubeDns.Transport;

/// <summary>Lets one line of a kind pass per minute and counts the others: no stranger can fill the log.</summary>
internal sealed class LogThrottle(TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(60);

    private readonly ConcurrentDictionary<string, State> _kinds = new();

    /// <summary>Whether to log a line of this kind now, and how many were left out before it.</summary>
    public bool Pass(string kind, out int leftOut)
    {
        var state = _kinds.GetOrAdd(kind, _ => new State());
        lock (state)
        {
            leftOut = state.LeftOut;
            if (state.LoggedAt is { } at && time.GetElapsedTime(at) < Interval)
            {
                state.LeftOut++;
                return false;
            }

            (state.LoggedAt, state.LeftOut) = (time.GetTimestamp(), 0);
            return true;
        }
    }

    private sealed class State
    {
        public long? LoggedAt;
        public int LeftOut;
    }
}
