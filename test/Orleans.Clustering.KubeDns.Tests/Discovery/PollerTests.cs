using System.Threading.Channels;
using Orleans.Clustering.KubeDns.Discovery;
using Orleans.Clustering.KubeDns.Dns;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Discovery;

public sealed class PollerTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ManualTime _time = new();
    private readonly Channel<PeerView> _views = Channel.CreateUnbounded<PeerView>();
    private readonly CancellationTokenSource _stop = new();
    private readonly Poller _poller;
    private Func<Task>? _during;
    private bool _zeroTtl;
    private int _running;
    private int _mostRunning;
    private Task _loop = Task.CompletedTask;

    public PollerTests() => _poller = new Poller(
        LookUpAsync, view => _views.Writer.TryWrite(view), TimeSpan.FromSeconds(10), _time, new Random(7));

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop.WaitAsync(Patience);
        Assert.InRange(_mostRunning, 0, 1);
        _stop.Dispose();
    }

    [Fact]
    public async Task It_looks_up_at_once_and_then_at_jittered_intervals()
    {
        Start();
        List<double> waits = [];
        for (var i = 0; i < 50; i++)
        {
            await NextViewAsync();
            var wait = await NextWaitAsync();
            waits.Add(wait.TotalSeconds);
            _time.Advance(wait);
        }

        Assert.All(waits, wait => Assert.InRange(wait, 8, 12));
        Assert.True(waits.Max() - waits.Min() > 2, "no jitter");
    }

    [Fact]
    public async Task The_time_of_the_look_up_counts_towards_the_interval()
    {
        _during = () =>
        {
            _time.Advance(7);
            return Task.CompletedTask;
        };
        Start();

        await NextViewAsync();

        Assert.InRange((await NextWaitAsync()).TotalSeconds, 1, 5);
    }

    [Fact]
    public async Task A_nudge_ends_the_wait_but_never_the_least_gap()
    {
        Start();
        await NextViewAsync();
        await NextWaitAsync();

        _poller.Nudge();
        Assert.Equal(Poller.LeastGap, await NextWaitAsync());
        _time.Advance(0.1);
        await NextViewAsync();

        Assert.InRange((await NextWaitAsync()).TotalSeconds, 8, 12);
        _time.Advance(3);
        _poller.Nudge();
        await NextViewAsync();
    }

    [Fact]
    public async Task A_nudge_during_a_look_up_brings_one_more()
    {
        var nudged = false;
        _during = () =>
        {
            for (var i = 0; !nudged && i < 5; i++)
            {
                _poller.Nudge();
            }

            nudged = true;
            return Task.CompletedTask;
        };
        Start();
        await NextViewAsync();

        Assert.Equal(Poller.LeastGap, await NextWaitAsync());
        _time.Advance(0.1);
        await NextViewAsync();
        Assert.InRange((await NextWaitAsync()).TotalSeconds, 8, 12);
    }

    [Fact]
    public async Task A_new_interval_counts_during_the_wait()
    {
        Start();
        await NextViewAsync();
        await NextWaitAsync();

        _poller.Interval = TimeSpan.FromSeconds(1);

        var wait = await NextWaitAsync();
        Assert.InRange(wait.TotalSeconds, 0.8, 1.2);
        _time.Advance(wait);
        await NextViewAsync();
    }

    [Fact]
    public async Task A_new_interval_that_is_already_over_looks_up_at_once()
    {
        Start();
        await NextViewAsync();
        await NextWaitAsync();
        _time.Advance(5);

        _poller.Interval = TimeSpan.FromSeconds(2);

        await NextViewAsync();
    }

    [Fact]
    public async Task After_a_TTL_of_0_it_looks_again_a_second_later_once()
    {
        _zeroTtl = true;
        Start();

        await NextViewAsync();
        Assert.Equal(1, (await NextWaitAsync()).TotalSeconds);
        _time.Advance(1);
        await NextViewAsync();
        Assert.InRange((await NextWaitAsync()).TotalSeconds, 8, 12);
    }

    [Fact]
    public async Task It_ends_without_a_word_when_cancelled_in_a_look_up()
    {
        var entered = new TaskCompletionSource();
        _during = () =>
        {
            entered.SetResult();
            return Task.Delay(Timeout.Infinite, _stop.Token);
        };
        Start();
        await entered.Task.WaitAsync(Patience);

        await _stop.CancelAsync();

        await _loop.WaitAsync(Patience);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public void An_interval_must_be_positive(int seconds) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => _poller.Interval = TimeSpan.FromSeconds(seconds));

    private void Start() => _loop = Task.Run(() => _poller.RunAsync(_stop.Token));

    private Task<PeerView> NextViewAsync() => _views.Reader.ReadAsync().AsTask().WaitAsync(Patience);

    private Task<TimeSpan> NextWaitAsync() => _time.Armed.ReadAsync().AsTask().WaitAsync(Patience);

    private async Task<PeerView> LookUpAsync(CancellationToken cancellationToken)
    {
        _mostRunning = Math.Max(_mostRunning, Interlocked.Increment(ref _running));
        try
        {
            await (_during?.Invoke() ?? Task.CompletedTask);
        }
        finally
        {
            Interlocked.Decrement(ref _running);
        }

        return new PeerView(DnsOutcome.Records, _time.GetTimestamp()) { SawZeroTtl = _zeroTtl };
    }
}
