using Demo;
using Formation;

namespace Chaos;

/// <summary>What is still missing for silos to agree; null: nothing. Made of what each of them said last.</summary>
internal static class Views
{
    /// <summary>As many voters as a cluster of this size is to have (protocol § 6).</summary>
    public static int VotersOf(int silos) => silos switch { < 3 => 1, < 5 => 3, _ => 5 };

    /// <summary>All are Active, and each sees exactly these as Active.</summary>
    public static string? NotActive(IReadOnlyList<(Pod Pod, Told? Told)> all)
    {
        foreach (var (pod, told) in all)
        {
            if (told is null) return $"{pod.Name} does not answer";
            if (!told.IsActive || !told.HasLineage) return $"{pod.Name} is not Active";
        }

        var silos = all.Select(each => each.Told!.Silo).ToHashSet();
        return all.Where(each => !each.Told!.Active.SetEquals(silos))
            .Select(each => $"{each.Pod.Name} sees as Active {string.Join(' ', each.Told!.Active.Order())}")
            .FirstOrDefault();
    }

    /// <summary>Moreover they are of one lineage, epoch and table, and have the voters that they should.</summary>
    public static string? NotEqual(IReadOnlyList<(Pod Pod, Told? Told)> all)
    {
        if (NotActive(all) is { } reason) return reason;
        var told = all.Select(each => each.Told!).ToList();
        return Differ("lineages", told.Select(each => $"{each.Lineage:N}"))
            ?? Differ("epochs", told.Select(each => $"{each.Epoch}"))
            ?? Differ("voters", told.Select(each => string.Join(' ', each.VoterNames)))
            ?? Differ("versions of the table", told.Select(each => $"{each.TableVersion}"))
            ?? Differ("views", told.Select(each => $"{each.ViewVersion}: {Rows(each)}"))
            ?? (told[0].Voters == VotersOf(all.Count) ? null : $"there are {told[0].Voters} voters")
            ?? all.Where(each => told[0].VoterNames.Contains(each.Pod.Fqdn) && !each.Told!.HasMajority)
                .Select(each => $"{each.Pod.Name} votes and sees no majority").FirstOrDefault()
            ?? (told.Count(each => each.IsLeader) == 1 ? null : "not one leads");
    }

    /// <summary>Everybody sees this silo as Dead, or no longer.</summary>
    public static string? NotDead(IReadOnlyList<(Pod Pod, Told? Told)> all, string silo) => all
        .Where(each => each.Told is not { View.Count: > 0 } told || told.View.GetValueOrDefault(silo, "Dead") != "Dead")
        .Select(each => $"{each.Pod.Name} does not see {silo} as Dead").FirstOrDefault();

    private static string Rows(Told told) =>
        string.Join(' ', told.View.OrderBy(row => row.Key, StringComparer.Ordinal));

    private static string? Differ(string what, IEnumerable<string> told)
    {
        var different = told.Distinct().ToList();
        return different.Count == 1 ? null : $"the {what} differ: {string.Join(" / ", different)}";
    }
}
