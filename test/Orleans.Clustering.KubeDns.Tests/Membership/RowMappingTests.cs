using Orleans.Clustering.KubeDns.Membership;
using Orleans.Runtime;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Membership;

public sealed class RowMappingTests
{
    [Theory]
    [InlineData("10.1.2.3")]
    [InlineData("2001:db8::1")]
    public void An_address_survives_the_way_to_plain_values_and_back(string host)
    {
        var address = SiloAddress.New(System.Net.IPAddress.Parse(host), 11111, 42);

        Assert.Equal(address, RowMapping.ToSiloAddress(RowMapping.ToSiloId(address)));
    }

    [Fact]
    public void A_row_is_owned_only_where_it_is_our_own()
    {
        var self = InMemoryTable.NewMember(1);
        var own = new MembershipEntry { SiloAddress = RowMapping.ToSiloAddress(self.Silo) };
        var others = new MembershipEntry { SiloAddress = RowMapping.ToSiloAddress(InMemoryTable.NewMember(2).Silo) };

        Assert.Same(self, RowMapping.ToRow(own, self).Owner);
        Assert.Null(RowMapping.ToRow(others, self).Owner);
    }

    [Fact]
    public void Our_own_row_bears_the_name_that_DNS_gave_us()
    {
        var self = InMemoryTable.NewMember(1) with { IsNamedByDns = true };
        var own = new MembershipEntry { SiloAddress = RowMapping.ToSiloAddress(self.Silo), HostName = "host" };
        var others = new MembershipEntry
        {
            SiloAddress = RowMapping.ToSiloAddress(InMemoryTable.NewMember(2).Silo), HostName = "host",
        };

        Assert.Equal(self.Fqdn, RowMapping.ToRow(own, self).HostName);
        Assert.Equal("host", RowMapping.ToRow(own, self with { IsNamedByDns = false }).HostName);
        Assert.Equal("host", RowMapping.ToRow(others, self).HostName);
    }

    [Theory]
    [InlineData(DateTimeKind.Utc)]
    [InlineData(DateTimeKind.Unspecified)]
    public void Times_keep_their_ticks_and_come_back_as_utc(DateTimeKind kind)
    {
        var time = new DateTime(639_000_000_000_000_123, kind);
        var entry = new MembershipEntry { SiloAddress = SiloAddress.Zero, StartTime = time, IAmAliveTime = time };

        var back = RowMapping.ToEntry(RowMapping.ToRow(entry, InMemoryTable.NewMember(1)), heartbeatTicks: 5);

        Assert.Equal((time.Ticks, DateTimeKind.Utc), (back.StartTime.Ticks, back.StartTime.Kind));
        Assert.Equal(time.Ticks, back.IAmAliveTime.Ticks);
    }

    [Fact]
    public void Every_status_of_orleans_has_the_same_number_here() =>
        Assert.All(Enum.GetValues<SiloStatus>(), status =>
            Assert.Equal(status.ToString(), ((Orleans.Clustering.KubeDns.Table.SiloState)status).ToString()));
}
