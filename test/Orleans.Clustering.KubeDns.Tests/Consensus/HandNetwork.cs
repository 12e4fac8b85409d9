using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Tests.Consensus;

/// <summary>
/// What the test does to the way between two addresses: nothing, silence, or refusal for somebody who lives.
/// </summary>
internal sealed class HandNetwork
{
    private readonly HashSet<(PeerAddress, PeerAddress)> _cut = [];
    private readonly HashSet<(PeerAddress, PeerAddress)> _rejected = [];
    private readonly HashSet<PeerAddress> _dark = [];

    /// <summary>Both ways, between any two that are in different groups.</summary>
    public void Cut(IReadOnlyList<IReadOnlyList<PeerAddress>> groups)
    {
        foreach (var one in groups)
        foreach (var other in groups.Where(group => group != one).SelectMany(group => group))
        {
            _cut.UnionWith(one.Select(address => (address, other)));
        }
    }

    /// <summary>A policy or a proxy refuses on behalf of <paramref name="to"/>, for that one asker.</summary>
    public void Reject(PeerAddress from, PeerAddress to) => _rejected.Add((from, to));

    /// <summary>No pod, or no machine: whoever asks there waits in vain.</summary>
    public void Darken(PeerAddress address) => _dark.Add(address);

    public void Lighten(PeerAddress address) => _dark.Remove(address);

    public void Heal()
    {
        _cut.Clear();
        _rejected.Clear();
    }

    public bool IsLost(PeerAddress from, PeerAddress to) =>
        _dark.Contains(from) || _dark.Contains(to) || _cut.Contains((from, to));

    public bool IsRejected(PeerAddress from, PeerAddress to) => _rejected.Contains((from, to));
}
