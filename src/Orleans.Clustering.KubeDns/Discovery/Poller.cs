namespace Orleans.Clustering.KubeDns.Discovery;

/// <summary>
/// Looks up again and again, one look-up at a time, at an interval that the consumer may change at any moment.
/// The jitter keeps silos that started together from asking together.
/// </summary>
internal sealed class Poller
{
    /// <summary>Between two look-ups, however often somebody nudges.</summary>
    public static readonly TimeSpan LeastGap = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan AfterZeroTtl = TimeSpan.FromSeconds(1);
    private const double Jitter = 0.2;

    private readonly Func<CancellationToken, Task<PeerView>> _lookUp;
    private readonly Action<PeerView> _deliver;
    private readonly TimeProvider _time;
    private readonly Random _random;
    private readonly Lock _lock = new();
    private TaskCompletionSource _changed = NewSignal();
    private TimeSpan _interval;
    private bool _nudged;

    /// <param name="lookUp">One look-up, bounded by itself.</param>
    /// <param name="deliver">Gets each view before the next look-up begins; must not block.</param>
    /// <param name="interval">The first interval.</param>
    /// <param name="time">The clock; also the simulation's.</param>
    /// <param name="random">For the jitter; seeded by the owner.</param>
    public Poller(
        Func<CancellationToken, Task<PeerView>> lookUp,
        Action<PeerView> deliver,
        TimeSpan interval,
        TimeProvider time,
        Random random)
    {
        (_lookUp, _deliver, _time, _random) = (lookUp, deliver, time, random);
        _interval = Checked(interval);
    }

    /// <summary>From the start of a look-up to the start of the next, ±20 %; a change counts at once.</summary>
    public TimeSpan Interval
    {
        get { lock (_lock) { return _interval; } }
        set
        {
            lock (_lock)
            {
                if (_interval != Checked(value))
                {
                    _interval = value;
                    _changed.TrySetResult();
                }
            }
        }
    }

    /// <summary>
    /// Look up now. During a look-up it asks for another one, which may see what that one was too early for.
    /// </summary>
    public void Nudge()
    {
        lock (_lock)
        {
            _nudged = true;
            _changed.TrySetResult();
        }
    }

    /// <summary>Runs until cancelled, and then ends without throwing. Run it once at a time.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            var wasFollowUp = false;
            while (!cancellationToken.IsCancellationRequested)
            {
                var started = _time.GetTimestamp();
                Take();
                var view = await _lookUp(cancellationToken).ConfigureAwait(false);
                _deliver(view);

                // After a TTL of 0 the server refreshes what it served; one quick look gets it, no more than one.
                wasFollowUp = view.SawZeroTtl && !wasFollowUp;
                await WaitAsync(started, wasFollowUp, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
        }
    }

    private async Task WaitAsync(long started, bool followUp, CancellationToken cancellationToken)
    {
        var draw = 1 + Jitter * (2 * _random.NextDouble() - 1);
        while (true)
        {
            var (due, changed) = Due(draw, followUp);
            var left = due - _time.GetElapsedTime(started);
            if (left <= TimeSpan.Zero)
            {
                return;
            }

            using var wake = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var delay = Task.Delay(WholeMilliseconds(left), _time, wake.Token);
            await Task.WhenAny(delay, changed).ConfigureAwait(false);
            await wake.CancelAsync().ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    // A signal tells of a change once; the state that it changed is read here, in the same lock.
    private (TimeSpan Due, Task Changed) Due(double draw, bool followUp)
    {
        lock (_lock)
        {
            if (_changed.Task.IsCompleted)
            {
                _changed = NewSignal();
            }

            var due = _interval * draw;
            due = followUp && due > AfterZeroTtl ? AfterZeroTtl : due;
            return (_nudged || due < LeastGap ? LeastGap : due, _changed.Task);
        }
    }

    // Task.Delay cuts fractions off, and would end early again and again for the rest.
    private static TimeSpan WholeMilliseconds(TimeSpan time) =>
        TimeSpan.FromMilliseconds(Math.Ceiling(time.TotalMilliseconds));

    private void Take()
    {
        lock (_lock)
        {
            _nudged = false;
        }
    }

    private static TimeSpan Checked(TimeSpan interval) => interval > TimeSpan.Zero
        ? interval
        : throw new ArgumentOutOfRangeException(nameof(interval), interval, "The interval must be positive.");

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
