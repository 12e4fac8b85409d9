using System.Collections.Immutable;
using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Tests.Consensus;

/// <summary>Values that many tests begin with. A member is known by one letter; its order is the alphabet's.</summary>
internal static class Given
{
    public static readonly ClusterKey Key = new("service", "cluster");
    public static readonly Guid Lineage = Guid.Parse("11111111-2222-3333-4444-555555555555");
    public static readonly MemberId A = Member("a");
    public static readonly MemberId B = Member("b");
    public static readonly MemberId C = Member("c");
    public static readonly MemberId D = Member("d");
    public static readonly MemberId E = Member("e");

    public static Epoch Epoch => new(1, A.Nonce);

    /// <summary>The life-th process of that name; each has another nonce and generation, at the same address.</summary>
    public static MemberId Member(string name, int life = 1)
    {
        var host = $"10.0.0.{name[0] - 'a' + 1}";
        var nonce = new Nonce(((UInt128)(ulong)name[0] << 64) + (ulong)life);
        return new MemberId(
            $"{name}.orleans.demo.svc.cluster.local", new PeerAddress(host, 11112),
            new SiloId(host, 11111, 100 + life), nonce);
    }

    /// <summary>The same, as DNS named it: by its address until the core is told another name.</summary>
    public static MemberId Unnamed(string name, int life = 1)
    {
        var member = Member(name, life);
        return member with { Fqdn = ByAddress(member), IsNamedByDns = true };
    }

    /// <summary>What CoreDNS calls that member's address without the option endpoint_pod_names.</summary>
    public static string ByAddress(MemberId member) =>
        $"{member.Address.Host.Replace('.', '-')}.orleans.demo.svc.cluster.local";

    public static ClusterState State(params MemberId[] voters) => new(
        Key, Lineage, Epoch, 0, 0, voters.ToSequence(), 0, TableState.Empty, Recent.Empty);

    /// <summary>The same, with an Active row for each of them.</summary>
    public static ClusterState With(this ClusterState state, params MemberId[] silos) => state with
    {
        Table = state.Table with
        {
            Rows = state.Table.Rows.AddRange(silos.Select(silo => KeyValuePair.Create(silo.Silo, Row(silo)))),
        },
    };

    public static ClusterState With(this ClusterState state, Row row) => state with
    {
        Table = state.Table with { Rows = state.Table.Rows.SetItem(row.Silo, row) },
    };

    public static Row Row(MemberId owner, SiloState status = SiloState.Active) => new(
        owner.Silo, status, null, 30_000, owner.Fqdn, owner.Fqdn[..1], null, 0, 0, 1, 1, owner, 0);

    public static InsertRow Insert(MemberId owner, TableTag expected) => new(Row(owner), expected);

    public static Proposal Proposal(long round, MemberId by, Command command) =>
        new(new Ballot(round, by.Nonce), command);

    public static TableChange Change(MemberId by, long number, TableCommand change) =>
        new(new RequestId(by.Nonce, number), change);
}
