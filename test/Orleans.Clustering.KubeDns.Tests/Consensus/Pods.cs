using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Tests.Consensus;

/// <summary>
/// The pods of a scenario by their letters: who runs in each, and how Kubernetes lists it. A silo that has joined is
/// ready, until the scenario says otherwise or another process takes its place.
/// </summary>
internal sealed class Pods(HandDelivery cluster)
{
    /// <summary>How long Orleans takes to deactivate what runs in a silo.</summary>
    private const long StopsWithin = 500;

    private readonly Dictionary<string, Silo> _last = [];
    private readonly Dictionary<string, (int Lives, int Addresses)> _used = [];

    /// <summary>The newest process of that pod, running or not.</summary>
    public Silo this[string name] => _last[name];

    public PeerAddress AddressOf(string name) => Scenario.Member(name, 1, AddressesOf(name)).Address;

    public IReadOnlyList<PeerAddress> AddressesOfAll(string names) =>
        [.. names.Select(name => AddressOf(name.ToString()))];

    /// <summary>A process in that pod, in place of the one before if there was one.</summary>
    public void Start(string name)
    {
        if (_last.TryGetValue(name, out var before) && IsUp(before)) cluster.Kill(before);
        Unready(name);
        cluster.Network.Lighten(AddressOf(name));
        var lives = _used.GetValueOrDefault(name).Lives + 1;
        _used[name] = (lives, AddressesOf(name));
        _last[name] = cluster.Start(Scenario.Member(name, lives, AddressesOf(name)));
    }

    /// <summary>Another pod of the same name, with an address of its own.</summary>
    public void Replace(string name)
    {
        Delete(name);
        _used[name] = (_used[name].Lives, AddressesOf(name) + 1);
        Start(name);
    }

    /// <summary>The pod is gone, and whatever ran in it.</summary>
    public void Delete(string name)
    {
        if (_last.TryGetValue(name, out var silo) && IsUp(silo)) cluster.Kill(silo, "Deleted");
        Unready(name);
        Unlist(name);
        cluster.Network.Darken(AddressOf(name));
    }

    /// <summary>The machine is gone; Kubernetes lists its pods for a while.</summary>
    public void Lose(string name)
    {
        cluster.Kill(_last[name], "Lost");
        cluster.Network.Darken(AddressOf(name));
    }

    /// <summary>Told to stop as Kubernetes does it: hands over, writes its last row, stops listening.</summary>
    public void Stop(string name)
    {
        var silo = _last[name];
        Unready(name);
        cluster.Leave(silo);
        cluster.Run(StopsWithin);
        cluster.End(silo);
        cluster.Until(() => silo.Replica.HasHandedOver);
        cluster.Kill(silo, "Stopped");
    }

    /// <summary>Listed and ready, as the kubelet sees it once Orleans' silo is Active.</summary>
    public void Join(string name)
    {
        cluster.Join(_last[name]);
        Ready(name);
    }

    /// <summary>A pod that is listed while nothing listens in it.</summary>
    public void Pending(string name) => cluster.Dns.Listed.Add(Listing(name));

    /// <summary>A process of another cluster listens where that pod did.</summary>
    public void BecomeForeign(string name)
    {
        if (IsUp(_last[name])) cluster.Kill(_last[name]);
        var foreigner = Given.Member(name, life: 9) with { Address = AddressOf(name) };
        cluster.Start(foreigner, new ClusterKey("other", "cluster"));
    }

    public void Ready(string name)
    {
        if (!cluster.Dns.Ready.Contains(Listing(name))) cluster.Dns.Ready.Add(Listing(name));
    }

    public void Unready(string name) => cluster.Dns.Ready.Remove(Listing(name));

    public void Unlist(string name) => cluster.Dns.Listed.Remove(Listing(name));

    private int AddressesOf(string name) => Math.Max(1, _used.GetValueOrDefault(name).Addresses);

    private ListedPeer Listing(string name) => new(Given.Member(name).Fqdn, AddressOf(name));

    private bool IsUp(Silo silo) => cluster.Up.GetValueOrDefault(silo.Self.Address) == silo;
}
