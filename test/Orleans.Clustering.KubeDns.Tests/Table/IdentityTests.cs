using Orleans.Clustering.KubeDns.Table;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Table;

/// <summary>The orders by which ties are broken, and keys kept apart (protocol § 2).</summary>
public class IdentityTests
{
    private static readonly PeerAddress Address = new("10.0.0.1", 11112);
    private static readonly SiloId Silo = new("10.0.0.1", 11111, 1);
    private static readonly MemberId Member = new("a.demo", Address, Silo, new Nonce(1));

    [Fact]
    public void Addresses_are_ordered_by_host_and_then_by_port()
    {
        Assert.True(Address.CompareTo(Address with { Port = 11113 }) < 0);
        Assert.True((Address with { Port = 11113 }).CompareTo(Address with { Host = "10.0.0.2" }) < 0);
    }

    [Fact]
    public void Silos_are_ordered_by_host_port_and_generation()
    {
        Assert.True(Silo.CompareTo(Silo with { Generation = 2 }) < 0);
        Assert.True((Silo with { Generation = 2 }).CompareTo(Silo with { Port = 11112 }) < 0);
        Assert.True((Silo with { Port = 11112 }).CompareTo(Silo with { Host = "10.0.0.2" }) < 0);
    }

    // "the smallest (FQDN, nonce)"; "equality is the random 128-bit Nonce"
    [Fact]
    public void Members_are_ordered_by_name_and_then_by_nonce_and_equal_if_their_nonces_are()
    {
        Assert.True(Member.CompareTo(Member with { Nonce = new Nonce(2) }) < 0);
        Assert.True((Member with { Nonce = new Nonce(2) }).CompareTo(Member with { Fqdn = "b.demo" }) < 0);
        Assert.Equal(Member, Member with { Fqdn = "b.demo" });
        Assert.NotEqual(Member, Member with { Nonce = new Nonce(2) });
    }

    // "Epoch = (number, nonce of its founder or rescuer)"
    [Fact]
    public void Epochs_are_ordered_by_number_and_then_by_nonce()
    {
        var epoch = new Epoch(2, new Nonce(5));

        Assert.True(epoch.CompareTo(epoch with { By = new Nonce(6) }) < 0);
        Assert.True((epoch with { By = new Nonce(6) }).CompareTo(new Epoch(3, new Nonce(1))) < 0);
    }
}
