using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Consensus;

/// <summary>
/// Chooses voters so that they stand in as many failure domains (zones, or nodes) as there are; among equals the eldest
/// (protocol § 6). A member whose domain is not known, the empty one, adds none.
/// </summary>
internal static class Spread
{
    /// <summary>Adds candidates, given in order of age, until there are so many.</summary>
    public static List<MemberId> Grow(
        List<MemberId> voters, List<MemberId> candidates, int size, Func<MemberId, string> domainOf)
    {
        var grown = voters.ToList();
        while (grown.Count < size)
        {
            var left = candidates.Where(candidate => !grown.Contains(candidate)).ToList();
            if (left.Count == 0) break;
            grown.Add(left.Find(candidate => IsNew(candidate, grown, domainOf)) ?? left[0]);
        }

        return grown;
    }

    /// <summary>
    /// Puts the eldest candidate of a domain without a voter in the place of the last voter, never the leader, that
    /// shares its domain with another.
    /// </summary>
    public static List<MemberId> Swap(
        List<MemberId> voters, List<MemberId> candidates, Func<MemberId, string> domainOf)
    {
        if (candidates.Find(candidate => IsNew(candidate, voters, domainOf)) is not { } better) return voters;
        var spare = voters.FindLastIndex(voter => domainOf(voter) is { Length: > 0 } domain
            && voters.Count(other => domainOf(other) == domain) > 1);
        if (spare <= 0) return voters;
        var swapped = voters.ToList();
        swapped[spare] = better;
        return swapped;
    }

    private static bool IsNew(MemberId candidate, List<MemberId> voters, Func<MemberId, string> domainOf) =>
        domainOf(candidate) is { Length: > 0 } domain && !voters.Exists(voter => domainOf(voter) == domain);
}
