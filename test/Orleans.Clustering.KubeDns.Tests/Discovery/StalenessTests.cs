using Orleans.Clustering.KubeDns.Discovery;
using Orleans.Clustering.KubeDns.Dns;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Discovery;

/// <summary>
/// How old an answer may be, where the option does not say: protocol § 5 lets founding wait that long, so that too
/// little founds a second lineage, and too much only costs time.
/// </summary>
public sealed class StalenessTests
{
    private const string Us = "silo-7:11112=10.1.0.7";

    private readonly ManualTime _time = new();

    [Theory]
    [InlineData(30, 28)]
    [InlineData(30, 0)]
    [InlineData(20, 17)]
    [InlineData(20, 16.7)]
    [InlineData(5, 4)]
    public async Task Behind_a_cache_no_answer_is_ever_trusted_to_be_younger_than_it_may_be(int ttl, double age)
    {
        var cache = new CountingCache(_time, ttl, age);
        var service = Service(cache);
        for (var second = 0; second < 3 * ttl; second++)
        {
            await service.LookUpAsync(default);
            Assert.True(service.Staleness.TotalSeconds >= ttl, $"{service.Staleness} after {second} s");
            _time.Advance(1);
        }

        Assert.InRange(service.Staleness.TotalSeconds, ttl, Math.Min(30, ttl + 1));
    }

    [Fact]
    public async Task A_fresh_TTL_that_was_seen_late_is_trusted_by_so_much_less()
    {
        var service = Service(new CountingCache(_time, ttl: 20, age: 18));
        int[] pauses = [0, 1, 8, 3, .. Enumerable.Repeat(1, 12)];
        foreach (var pause in pauses)
        {
            _time.Advance(pause);
            await service.LookUpAsync(default);
            Assert.True(service.Staleness.TotalSeconds >= 20, $"{service.Staleness}");
        }

        Assert.InRange(service.Staleness.TotalSeconds, 20, 22);
    }

    [Theory]
    [InlineData(30, "")]
    [InlineData(6, "5")]
    [InlineData(6, "5 3")]
    [InlineData(9, "5 8 2")]
    [InlineData(30, "300")]
    [InlineData(1.2, "0.2")]
    [InlineData(30, "5 0 5")]
    public async Task Once_watched_it_is_the_largest_TTL_and_a_poll_or_30_s_after_0(double expected, string ttls)
    {
        var answers = ttls.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(ttl => Given.Records(Us).WithTtl(double.Parse(ttl), double.Parse(ttl)))
            .ToArray();
        var service = Service(new ScriptedResolver(answers is [] ? [Failed] : answers));
        for (var second = 0; second < 12; second++)
        {
            await service.LookUpAsync(default);
            _time.Advance(1);
        }

        Assert.Equal(expected, service.Staleness.TotalSeconds);
    }

    [Fact]
    public async Task Where_no_cache_counts_down_it_matters_not_how_rarely_one_asks()
    {
        var service = Service(new ScriptedResolver(Given.Records(Us).WithTtl(5, 5)));
        await service.LookUpAsync(default);
        Assert.Equal(30, service.Staleness.TotalSeconds);
        _time.Advance(15);
        await service.LookUpAsync(default);

        Assert.Equal(6, service.Staleness.TotalSeconds);
    }

    [Fact]
    public async Task Time_without_answers_is_no_watching()
    {
        var service = Service(new ScriptedResolver(Given.Records(Us).WithTtl(5, 5), Failed));
        for (var second = 0; second < 12; second++)
        {
            await service.LookUpAsync(default);
            _time.Advance(1);
        }

        Assert.Equal(30, service.Staleness.TotalSeconds);
    }

    [Theory]
    [InlineData(0.2)]
    [InlineData(60)]
    public async Task Staleness_that_is_configured_is_not_derived(double seconds)
    {
        var service = Service(
            new ScriptedResolver(Given.Records(Us).WithTtl(0, 0)), staleness: TimeSpan.FromSeconds(seconds));

        await service.LookUpAsync(default);

        Assert.Equal(seconds, service.Staleness.TotalSeconds);
    }

    private static SrvAnswer Failed { get; } = Given.Failed(DnsOutcome.ServFail);

    private DiscoveryService Service(ISrvResolver resolver, TimeSpan? staleness = null) =>
        new(resolver, new DiscoverySettings(Given.Port, Given.Self) { DnsStaleness = staleness }, _time);

    /// <summary>
    /// Serves what it fetched until the TTL is over, with the rest of it rounded up, as CoreDNS does; then fetches at
    /// the next question, ours or (half a second after the end) another's.
    /// </summary>
    private sealed class CountingCache(ManualTime time, int ttl, double age) : ISrvResolver
    {
        private double _fetched = Now(time) - age;

        private double Age => Now(time) - _fetched;

        public Task<SrvAnswer> ResolveAsync(string absoluteName, CancellationToken cancellationToken)
        {
            while (Age >= ttl) _fetched = Math.Min(Now(time), _fetched + ttl + 0.5);
            var rest = Math.Ceiling(ttl - Age);
            return Task.FromResult(Given.Records(Us).WithTtl(rest, rest));
        }

        private static double Now(ManualTime time) => TimeSpan.FromTicks(time.GetTimestamp()).TotalSeconds;
    }
}
