using System.Collections.Immutable;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Clustering.KubeDns.Hosting;
using Orleans.Runtime;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Hosting;

public sealed class MembershipRefresherTests : IDisposable
{
    private readonly Membership _membership = new();
    private readonly MembershipRefresher _refresher;

    public MembershipRefresherTests() => _refresher = New(
        new ServiceCollection().AddSingleton<IClusterMembershipService>(_membership).BuildServiceProvider());

    public void Dispose() => _refresher.Dispose();

    [Fact]
    public async Task Versions_learned_together_are_asked_for_together()
    {
        Parallel.For(1, 101, version => _refresher.Learned(1000 + version));

        await Eventually.HoldsAsync(() => _membership.Read == 1100);
        await Task.Delay(400);

        Assert.Equal(1100, _membership.Asked[^1]);
        Assert.InRange(_membership.Asked.Count, 1, 3);
    }

    [Fact]
    public async Task A_version_that_orleans_has_read_is_not_asked_for()
    {
        _membership.Read = 1005;

        _refresher.Learned(1005);
        await Task.Delay(400);

        Assert.Empty(_membership.Asked);
    }

    [Fact]
    public async Task What_fails_is_asked_for_again_with_what_was_learned_since()
    {
        _membership.Failures = 1;
        _refresher.Learned(1001);
        await Eventually.HoldsAsync(() => _membership.Asked.Count == 1);

        _refresher.Learned(1002);
        await Eventually.HoldsAsync(() => _membership.Read == 1002);

        Assert.Equal([1001, 1002], _membership.Asked);
    }

    [Fact]
    public async Task Before_orleans_first_read_it_is_waited_for()
    {
        _membership.Read = long.MinValue;
        _refresher.Learned(1001);
        await Task.Delay(400);
        Assert.Empty(_membership.Asked);

        _membership.Read = 1000;

        await Eventually.HoldsAsync(() => _membership.Read == 1001);
    }

    [Fact]
    public void Without_the_service_or_after_the_end_the_node_notices_nothing()
    {
        using var alone = New(new ServiceCollection().BuildServiceProvider());
        alone.Learned(1001);
        _refresher.Dispose();
        _refresher.Learned(1001);
    }

    private static MembershipRefresher New(IServiceProvider services) =>
        new(services, TimeProvider.System, NullLogger<MembershipRefresher>.Instance);

    private sealed class Membership : IClusterMembershipService
    {
        private long _read = 1000;

        public long Read
        {
            get => Volatile.Read(ref _read);
            set => Volatile.Write(ref _read, value);
        }

        public int Failures { get; set; }

        public ImmutableList<long> Asked { get; private set; } = [];

        public ClusterMembershipSnapshot CurrentSnapshot =>
            new(ImmutableDictionary<SiloAddress, ClusterMember>.Empty, new MembershipVersion(Read));

        public IAsyncEnumerable<ClusterMembershipSnapshot> MembershipUpdates => throw new NotSupportedException();

        public ValueTask Refresh(MembershipVersion minimumVersion, CancellationToken cancellationToken)
        {
            Asked = Asked.Add(minimumVersion.Value);
            if (Failures-- > 0) throw new TimeoutException();
            Read = minimumVersion.Value;
            return ValueTask.CompletedTask;
        }

        public Task<bool> TryKill(SiloAddress siloAddress) => throw new NotSupportedException();
    }
}
