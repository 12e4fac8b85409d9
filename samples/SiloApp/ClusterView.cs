using Orleans.Runtime;

namespace SiloApp;

/// <summary>
/// The cluster as this silo sees it now. No I/O: the view is what the runtime acts upon, so it may differ from the
/// next silo's for a moment, and the difference is worth seeing.
/// </summary>
internal sealed class ClusterView(ILocalSiloDetails self, IClusterMembershipService membership)
{
    public ClusterReport Read()
    {
        var snapshot = membership.CurrentSnapshot;
        var members = snapshot.Members.Values
            .OrderBy(member => member.Name, StringComparer.Ordinal)
            .ThenBy(member => member.SiloAddress.Generation)
            .Select(member => new Member(
                member.SiloAddress.ToParsableString(), member.Name, member.Status.ToString()))
            .ToList();
        return new ClusterReport(
            new Self(self.SiloAddress.ToParsableString(), self.Name, self.DnsHostName, self.ClusterId),
            snapshot.Version.Value,
            members);
    }

    /// <summary>Finds an Active silo by its address (<c>ip:port@generation</c>) or by its name.</summary>
    public SiloAddress? FindActive(string silo) => membership.CurrentSnapshot.Members.Values
        .Where(member => member.Status == SiloStatus.Active)
        .OrderByDescending(member => member.SiloAddress.Generation)
        .FirstOrDefault(member => member.SiloAddress.ToParsableString() == silo || member.Name == silo)
        ?.SiloAddress;
}

/// <summary>What <c>/cluster</c> answers.</summary>
internal sealed record ClusterReport(Self Self, long Version, IReadOnlyList<Member> Members);

/// <summary>This silo.</summary>
internal sealed record Self(string Silo, string Name, string HostName, string ClusterId);

/// <summary>One silo in this silo's view.</summary>
internal sealed record Member(string Silo, string Name, string Status);
