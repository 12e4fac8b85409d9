using System.Collections.Concurrent;
using Orleans.Clustering.KubeDns.Consensus;

namespace Orleans.Clustering.KubeDns.Node;

/// <summary>
/// Calls of this silo that wait for the machine. Each ends once: answered, out of time, or with the node.
/// </summary>
/// <param name="operations">Watches each call.</param>
/// <param name="version">The table's version here.</param>
/// <param name="attempts">How often voters have been asked for a call, by its ticket.</param>
internal sealed class Calls(Operations operations, Func<int> version, Func<long, int> attempts)
{
    private readonly ConcurrentDictionary<long, TaskCompletionSource<Effect>> _waiting = new();
    private long _tickets;
    private volatile Exception? _ended;

    /// <summary>Opens a call; <paramref name="post"/> gives its ticket to the machine.</summary>
    public Task<Effect> WaitAsync(
        Func<long, bool> post, TimeSpan timeout, string what, TimeProvider time, CancellationToken cancellationToken)
    {
        var ticket = Interlocked.Increment(ref _tickets);
        return operations.WatchAsync(
            what, timeout, time, version, () => attempts(ticket),
            () => AskAsync(ticket, post, timeout, what, time, cancellationToken));
    }

    private async Task<Effect> AskAsync(
        long ticket, Func<long, bool> post, TimeSpan timeout, string what, TimeProvider time,
        CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var source = new TaskCompletionSource<Effect>(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting[ticket] = source;
        try
        {
            if (_ended is { } ended) throw new InvalidOperationException($"{what}: the node has ended.", ended);
            if (!post(ticket)) throw new TimeoutException($"{what}: the node is overloaded; nothing was done.");
            // The machine ends every call by its deadline; this bound holds even if the machine does not.
            return await source.Task.WaitAsync(timeout + TimeSpan.FromSeconds(1), time, cancellationToken)
                .ConfigureAwait(false);
        }
        finally
        {
            _waiting.TryRemove(ticket, out _);
        }
    }

    public void Complete(long ticket, Effect effect)
    {
        if (_waiting.TryGetValue(ticket, out var source)) source.TrySetResult(effect);
    }

    public void EndAll(Exception reason)
    {
        _ended = reason;
        var unknown = new InvalidOperationException("The node has ended; the outcome is unknown.", reason);
        foreach (var (_, source) in _waiting) source.TrySetException(unknown);
    }
}
